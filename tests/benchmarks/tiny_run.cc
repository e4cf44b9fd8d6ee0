#include "tests/benchmarks/tiny_run.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "bild/base/atomic_file.h"
#include "gtest/gtest.h"
#include "reports/record.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

ProgramCall CallInHome(const char* variable) {
  ProgramCall call;
  call.program = TestedProgram(variable);
  call.folder = TinyHome().path();
  call.environment = {{"XDG_CACHE_HOME", TinyHome() / "cache"},
                      {"HOME", TinyHome().path()}};
  return call;
}

}  // namespace

const TemporaryFolder& TinyHome() {
  static const TemporaryFolder home;
  return home;
}

ProgramCall TinyRun(const std::vector<std::string>& arguments) {
  ProgramCall call = CallInHome("ITS_AODNET");
  call.arguments = {"--profile=ci",
                    "--methods=plain,bild",
                    "--steps=6",
                    "--batch=3",
                    "--crop_px=16",
                    "--log_every=2",
                    "--eval_every=3",
                    "--validation_pictures=2",
                    "--scenes=3",
                    "--test_scenes=1",
                    "--synthetic_size=48x48",
                    "--threads=1"};
  call.arguments.insert(call.arguments.end(), arguments.begin(),
                        arguments.end());
  return call;
}

ProgramCall TinyEvaluation(const std::vector<std::string>& arguments) {
  ProgramCall call = CallInHome("EVALUATE");
  call.arguments = arguments;
  return call;
}

void WritePairs(const std::string& root, int scenes, int64_t side_px,
                int64_t salt) {
  for (int scene = 0; scene < scenes; ++scene) {
    const std::string name = "/s" + std::to_string(10 + scene) + ".png";
    WritePicture(root + "/clear" + name,
                 PatternImage(side_px, side_px, salt + 2 * scene));
    WritePicture(root + "/hazy" + name,
                 PatternImage(side_px, side_px, salt + 2 * scene + 1));
  }
}

std::vector<std::string> RecordsWithoutTimes(const std::string& root) {
  const auto records = ReadRecords(root + "/records.jsonl");
  EXPECT_TRUE(records.ok()) << records.status();
  std::vector<std::string> lines;
  if (!records.ok()) return lines;
  for (const Record& record : *records) {
    lines.push_back(ToJsonLine(RecordWithoutTimes(record)));
  }
  return lines;
}

std::string Content(const std::string& path) {
  const auto text = ReadFile(path);
  return text.ok() ? *text : std::string(text.status().message());
}

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

std::vector<std::string> Tree(const std::string& root) {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root)) {
    paths.push_back(entry.path().lexically_relative(root).string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace bild
