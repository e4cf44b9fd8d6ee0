#include "tests/bild/core/run_files.h"

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/journal.h"
#include "tests/testing/temporary_folder.h"

namespace bild {

std::map<std::string, std::string> FilesIn(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const std::string& name : NamesIn(folder)) {
    files[name] = ReadFile(folder + "/" + name).value();
  }
  return files;
}

std::string DifferencesOfFiles(const std::string& folder,
                               const std::map<std::string, std::string>& want) {
  const std::map<std::string, std::string> got = FilesIn(folder);
  std::string differences;
  for (const auto& [name, content] : got) {
    if (want.count(name) == 0) absl::StrAppend(&differences, name, ": extra\n");
  }
  for (const auto& [name, content] : want) {
    const auto found = got.find(name);
    if (found == got.end()) {
      absl::StrAppend(&differences, name, ": missing\n");
    } else if (found->second != content) {
      absl::StrAppend(&differences, name, ": differs\n");
    }
  }
  return differences;
}

std::map<int64_t, double> CurveIn(const std::string& folder,
                                  const std::string& name) {
  std::map<int64_t, double> curve;
  const JournalRows rows = ReadJournal(folder + "/journal.jsonl").value();
  for (const auto& point : rows.curves) {
    if (point.name == name) curve[point.step] = point.value;
  }
  return curve;
}

bool Says(const absl::Status& status, const std::string& part) {
  return std::string(status.message()).find(part) != std::string::npos;
}

}  // namespace bild
