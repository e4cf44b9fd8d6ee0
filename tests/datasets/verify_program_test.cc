// verify and doctor as a user starts them.

#include <filesystem>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/datasets/pictures.h"
#include "tests/testing/program_runner.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ProgramOutcome Start(const char* program, std::vector<std::string> arguments) {
  ProgramCall call;
  call.program = TestedProgram(program);
  call.arguments = std::move(arguments);
  return RunProgram(call);
}

ProgramOutcome VerifyPair(const std::string& root,
                          std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(),
                   {"--dataset=pair", "--data_root=" + root});
  return Start("VERIFY", arguments);
}

void WritePairs(const std::string& root, int count) {
  for (int i = 10; i < 10 + count; ++i) {
    const std::string name = std::to_string(i);
    WritePicture(root + "/hazy/" + name + ".png", PatternImage(24, 20, i));
    WritePicture(root + "/clear/" + name + ".png", PatternImage(24, 20, i));
  }
}

std::string LastLine(const std::string& text) {
  const size_t end = text.size() - 1;
  return text.substr(text.rfind('\n', end - 1) + 1,
                     end - text.rfind('\n', end - 1) - 1);
}

TEST(VerifyProgram, AGoodSetIsExitCode0) {
  const TemporaryFolder root;
  WritePairs(root.path(), 3);
  const ProgramOutcome outcome = VerifyPair(root.path());
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_EQ(outcome.out,
            "dataset=pair layout=folders pairs=3 scenes=3 files=6 decoded=6 "
            "border=0 errors=0 warnings=0 deep=0 verdict=ok\n");
  EXPECT_THAT(VerifyPair(root.path(), {"--deep"}).out,
              AllOf(StartsWith("dataset=pair "), HasSubstr(" compared=3 "),
                    HasSubstr(" misaligned=0 "), HasSubstr(" psnr_db="),
                    HasSubstr(" manifest_sha256=")));
}

TEST(VerifyProgram, ProblemsAreExitCode1TenAndTheCount) {
  const TemporaryFolder root;
  WritePairs(root.path(), 14);
  for (int i = 10; i < 22; ++i) {
    WriteBytes(root / fmt::format("hazy/{}.png", i), "");
  }
  std::filesystem::remove(root / "clear/23.png");
  const ProgramOutcome outcome =
      VerifyPair(root.path(), {"--json", "--write_manifest=" + root / "m.txt"});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("12 of 26 pictures cannot be used:"),
                    HasSubstr("hazy/10.png' is empty (0 bytes)"),
                    HasSubstr("hazy/19.png"), Not(HasSubstr("hazy/20.png")),
                    HasSubstr("... 2 more, 12 in all"),
                    HasSubstr("1 of 14 hazy pictures have no clear partner")));
  EXPECT_THAT(LastLine(outcome.out),
              AllOf(HasSubstr("errors=13"), HasSubstr("verdict=bad")));
  // Nothing is left behind.
  EXPECT_FALSE(std::filesystem::exists(root / "m.txt"));

  const auto json =
      nlohmann::json::parse(outcome.out.substr(0, outcome.out.find('\n')));
  EXPECT_EQ(json["verdict"], "bad");
  EXPECT_EQ(json["problems"].size(), 2u);
  EXPECT_EQ(json["problems"][0]["kind"], "unpaired");
  EXPECT_EQ(json["problems"][1]["kind"], "unusable");
  EXPECT_EQ(json["problems"][1]["count"], 12);
  EXPECT_EQ(json["problems"][1]["lines"].size(), 12u);
}

TEST(VerifyProgram, AManifestIsWrittenAndCompared) {
  const TemporaryFolder root;
  WritePairs(root / "data", 2);
  const std::string manifest = root / "m.txt";
  const ProgramOutcome written =
      VerifyPair(root / "data", {"--write_manifest=" + manifest});
  EXPECT_EQ(written.exit_code, 0) << Describe(written);
  const auto text = ReadFile(manifest);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, StartsWith("# bild-manifest 1 pair folders\n"
                                "clear/10.png\t"));
  EXPECT_THAT(written.out, HasSubstr("manifest_sha256=" + Sha256Hex(*text)));

  const ProgramOutcome same =
      VerifyPair(root / "data", {"--manifest=" + manifest});
  EXPECT_EQ(same.exit_code, 0) << Describe(same);
  WritePicture(root / "data/hazy/10.png", PatternImage(24, 20, 77));
  const ProgramOutcome changed =
      VerifyPair(root / "data", {"--manifest=" + manifest});
  EXPECT_EQ(changed.exit_code, 1) << Describe(changed);
  EXPECT_THAT(changed.err, AllOf(HasSubstr("1 files hold other pixels"),
                                 HasSubstr("'hazy/10.png'")));
  WriteBytes(manifest, text->substr(0, text->size() - 10));
  EXPECT_THAT(VerifyPair(root / "data", {"--manifest=" + manifest}).err,
              HasSubstr("does not read as a manifest"));
}

TEST(VerifyProgram, NamesWithAnyBytesGoThroughJson) {
  const TemporaryFolder root;
  WritePicture(root / "hazy/\xff\"'.png", PatternImage(8, 6, 1));
  WritePicture(root / "clear/a.png", PatternImage(8, 6, 1));
  const ProgramOutcome outcome = VerifyPair(root.path(), {"--json"});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_NO_THROW({
    const auto json =
        nlohmann::json::parse(outcome.out.substr(0, outcome.out.find('\n')));
    EXPECT_EQ(json["problems"][0]["kind"], "unpaired");
  });
}

TEST(VerifyProgram, AWrongCallIsExitCode2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {},
           {"--dataset=itss", "--data_root=."},
           {"--dataset=its", "--data_root=.", "--depth16"},
           {"--dataset=its", "--data_root=.", "--fast"}}) {
    const ProgramOutcome outcome = Start("VERIFY", arguments);
    EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
    EXPECT_EQ(outcome.out, "");
  }
  const ProgramOutcome nowhere = VerifyPair("/nowhere");
  EXPECT_EQ(nowhere.exit_code, 1) << Describe(nowhere);
  EXPECT_EQ(nowhere.out, "dataset=pair errors=1 verdict=bad\n");
  EXPECT_THAT(nowhere.err, HasSubstr("there is no folder '/nowhere'"));
  EXPECT_EQ(Start("VERIFY", {"--help"}).exit_code, 0);
}

TEST(DoctorProgram, SaysWhatThereIs) {
  const TemporaryFolder root;
  WritePairs(root / "mine", 2);
  const ProgramOutcome outcome =
      Start("DOCTOR", {"--data_root=" + root.path()});
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.out, StartsWith("mine\n  pair: "));
  EXPECT_EQ(LastLine(outcome.out), "usable=1 nearly=0 unknown=0");
  EXPECT_EQ(Start("DOCTOR", {}).exit_code, 2);
  EXPECT_EQ(Start("DOCTOR", {"--data_root=/nowhere"}).exit_code, 1);
}

}  // namespace
}  // namespace bild
