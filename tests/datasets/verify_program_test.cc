// verify and doctor as a user starts them, and pack where they must agree.

#include <filesystem>
#include <string>
#include <utility>
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

// The value of `key` in the last line.
std::string ValueOf(const std::string& key, const ProgramOutcome& outcome) {
  const size_t at = outcome.out.rfind(" " + key + "=");
  EXPECT_NE(at, std::string::npos) << key << ": " << Describe(outcome);
  if (at == std::string::npos) return "";
  const size_t start = at + key.size() + 2;
  return outcome.out.substr(start,
                            outcome.out.find_first_of(" \n", start) - start);
}

// Starts a program in `folder`, as a shell does or as `bazel run` does.
ProgramOutcome StartIn(const std::string& folder, bool is_bazel_run,
                       const char* program,
                       std::vector<std::string> arguments) {
  ProgramCall call;
  call.program = TestedProgram(program);
  call.arguments = std::move(arguments);
  if (is_bazel_run) {
    call.environment["BUILD_WORKING_DIRECTORY"] = folder;
  } else {
    call.folder = folder;
  }
  return RunProgram(call);
}

// Paths in it are relative to the set, whichever way its folder was named, and
// whoever wrote it.
TEST(VerifyProgram, TheManifestDoesNotDependOnHowTheRootIsWritten) {
  const TemporaryFolder root;
  const std::string data = root / "data";
  WritePairs(data, 2);
  const std::string manifest = root / "m.txt";
  const ProgramOutcome plain =
      VerifyPair(data, {"--write_manifest=" + manifest});
  EXPECT_EQ(plain.exit_code, 0) << Describe(plain);
  const std::string hash = ValueOf("manifest_sha256", plain);
  for (const bool is_bazel_run : {false, true}) {
    for (const std::string& spelling :
         {data + "/", data + "//", data + "/.", std::string("."),
          std::string("./"), std::string("../data/")}) {
      const std::string data_root = "--data_root=" + spelling;
      const ProgramOutcome verified =
          StartIn(data, is_bazel_run, "VERIFY",
                  {"--dataset=pair", data_root, "--manifest=" + manifest});
      EXPECT_EQ(verified.exit_code, 0) << spelling << Describe(verified);
      EXPECT_EQ(ValueOf("manifest_sha256", verified), hash) << spelling;
      std::filesystem::remove_all(root / "cache");
      const ProgramOutcome packed =
          StartIn(data, is_bazel_run, "PACK",
                  {"--dataset=pair", data_root, "--output=" + root / "cache"});
      EXPECT_EQ(packed.exit_code, 0) << spelling << Describe(packed);
      EXPECT_EQ(ValueOf("manifest_sha256", packed), hash) << spelling;
    }
  }
}

// What separates the fields of a manifest and of an index, in file names.
TEST(VerifyProgram, ATabInANameIsANameLikeAnyOther) {
  const TemporaryFolder root;
  WritePairs(root / "data", 1);
  for (const std::string side : {"data/hazy/", "data/clear/"}) {
    WritePicture(root / (side + "a\tb\\t.png"), PatternImage(24, 20, 7));
  }
  const std::string manifest = root / "m.txt";
  const ProgramOutcome written =
      VerifyPair(root / "data", {"--deep", "--write_manifest=" + manifest});
  EXPECT_EQ(written.exit_code, 0) << Describe(written);
  EXPECT_THAT(ReadFile(manifest).value(),
              HasSubstr("\nclear/a\\tb\\\\t.png\t"));
  const ProgramOutcome same =
      VerifyPair(root / "data", {"--manifest=" + manifest});
  EXPECT_EQ(same.exit_code, 0) << Describe(same);
  const ProgramOutcome packed =
      Start("PACK", {"--dataset=pair", "--data_root=" + root / "data",
                     "--output=" + root / "cache"});
  EXPECT_EQ(packed.exit_code, 0) << Describe(packed);
  EXPECT_EQ(ValueOf("manifest_sha256", packed),
            ValueOf("manifest_sha256", written));
  const ProgramOutcome checked = Start(
      "PACK",
      {"--dataset=pair", "--output=" + root / "cache", "--check", "--deep"});
  EXPECT_EQ(checked.exit_code, 0) << Describe(checked);

  // And it hides no other problem.
  WriteBytes(root / "data/hazy/10.png", "");
  const ProgramOutcome damaged = VerifyPair(root / "data", {"--deep"});
  EXPECT_EQ(damaged.exit_code, 1) << Describe(damaged);
  EXPECT_THAT(damaged.err, HasSubstr("hazy/10.png' is empty (0 bytes)"));
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

// A program that reads the JSON finds some whatever is wrong.
TEST(VerifyProgram, ASetThatDoesNotOpenIsJsonToo) {
  const TemporaryFolder root;
  WritePairs(root / "data", 2);
  WriteBytes(root / "m.txt", "no manifest");
  const std::string json_flag = "--json";
  for (const ProgramOutcome& outcome :
       {VerifyPair("/nowhere", {json_flag}),
        VerifyPair(root.path(), {json_flag}),
        VerifyPair(root / "data", {json_flag, "--manifest=" + root / "m.txt"}),
        VerifyPair(root / "data",
                   {json_flag, "--write_manifest=" + root / "none/m.txt"})}) {
    EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
    const auto json = nlohmann::json::parse(
        outcome.out.substr(0, outcome.out.find('\n')), nullptr, false);
    ASSERT_TRUE(json.is_object()) << Describe(outcome);
    EXPECT_EQ(json["dataset"], "pair");
    EXPECT_EQ(json["verdict"], "bad");
    ASSERT_EQ(json["problems"].size(), 1u);
    EXPECT_EQ(json["problems"][0]["count"], 1);
    EXPECT_THAT(json["problems"][0]["kind"].get<std::string>(),
                testing::AnyOf("open", "manifest_unwritten"));
    EXPECT_TRUE(json["warnings"].is_array());
    EXPECT_THAT(LastLine(outcome.out), HasSubstr(" verdict=bad"));
  }
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
