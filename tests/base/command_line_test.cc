#include "bild/base/command_line.h"

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "bild/base/atomic_file.h"
#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

ABSL_FLAG(std::string, word, "start", "any text");
ABSL_FLAG(int, number, 7, "a whole number");
ABSL_FLAG(double, share, 0.5, "a number");
ABSL_FLAG(bool, loud, false, "yes or no");
ABSL_FLAG(std::vector<std::string>, list, {}, "words");

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// "name=value@origin" of each setting.
std::vector<std::string> Written(const std::vector<FlagSetting>& settings) {
  std::vector<std::string> texts;
  for (const FlagSetting& setting : settings) {
    texts.push_back(setting.name + "=" + setting.value + "@" + setting.origin);
  }
  return texts;
}

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

TEST(ReadSettingsTest, EveryFormOfAFlag) {
  const auto settings =
      ReadSettings({"--word=a=b", "-number=3", "--number", "-4", "--loud",
                    "--noloud", "--word", "two words", "--word=", "--loud=1"});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(
      Written(*settings),
      ElementsAre("word=a=b@the command line", "number=3@the command line",
                  "number=-4@the command line", "loud=true@the command line",
                  "loud=false@the command line",
                  "word=two words@the command line", "word=@the command line",
                  "loud=1@the command line"));
}

TEST(ReadSettingsTest, NoArgumentsAreNoSettings) {
  const auto settings = ReadSettings({});
  ASSERT_TRUE(settings.ok());
  EXPECT_TRUE(settings->empty());
}

TEST(ReadSettingsTest, EverythingThatIsNoFlagIsListed) {
  const absl::Status status =
      ReadSettings({"word=1", "--", "--loud", "stray", "-"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* wrong : {"'word=1'", "'--'", "'stray'", "'-'"}) {
    EXPECT_THAT(MessageOf(status),
                HasSubstr(std::string("the command line: ") + wrong +
                          " is no flag; expected --name=value"));
  }
}

// A forgotten value must not become the empty text, nor the next flag.
TEST(ReadSettingsTest, AFlagWithoutItsValueIsAnError) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--loud", "--word"},
        {"--word", "--loud"},
        {"--word", "--number=3"}}) {
    const absl::Status status = ReadSettings(arguments).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(MessageOf(status),
                HasSubstr("the command line: --word has no value; expected "
                          "--word=value"));
  }
  // Written with its flag, anything is a value.
  EXPECT_THAT(Written(*ReadSettings({"--word=--loud"})),
              ElementsAre("word=--loud@the command line"));
}

TEST(ReadSettingsTest, AnUnknownFlagKeepsItsValueToItself) {
  const auto settings = ReadSettings({"--nmber", "3", "--loud"});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(Written(*settings), ElementsAre("nmber=3@the command line",
                                              "loud=true@the command line"));
}

class FlagFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    return path;
  }
  TemporaryFolder folder_;
};

TEST_F(FlagFileTest, CommentsBlankLinesAndSpacesAreNothing) {
  const std::string path = Write("a.flags",
                                 "# A comment.\n"
                                 "\n"
                                 "--word=x # not a comment\n"
                                 "   \t \n"
                                 "  --number=5  \r\n"
                                 "  # indented\n"
                                 "--loud\n"
                                 "-noloud");  // No line feed at the end.
  const auto settings = ReadSettings({"--flagfile=" + path, "--number=6"});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(Written(*settings),
              ElementsAre("word=x # not a comment@a.flags:3",
                          "number=5@a.flags:5", "loud=true@a.flags:7",
                          "loud=false@a.flags:8", "number=6@the command line"));
}

TEST_F(FlagFileTest, ThePathMayFollowTheFlag) {
  const std::string path = Write("a.flags", "--number=5\n");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--flagfile", path, "--loud"},
        {"-flagfile=" + path, "--loud"}}) {
    const auto settings = ReadSettings(arguments);
    ASSERT_TRUE(settings.ok()) << settings.status();
    EXPECT_THAT(Written(*settings), ElementsAre("number=5@a.flags:1",
                                                "loud=true@the command line"));
  }
}

TEST_F(FlagFileTest, AnEmptyFileHasNoSettings) {
  const auto settings = ReadSettings({"--flagfile=" + Write("a.flags", "")});
  ASSERT_TRUE(settings.ok());
  EXPECT_TRUE(settings->empty());
}

TEST_F(FlagFileTest, EveryWrongLineIsListedWithItsNumber) {
  const std::string path = Write("a.flags",
                                 "word=1\n"
                                 "--number=2\n"
                                 "--flagfile=other.flags\n"
                                 "--word\n"
                                 "--flagfile\n");
  const absl::Status status = ReadSettings({"--flagfile=" + path}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      MessageOf(status),
      AllOf(HasSubstr("a.flags:1: 'word=1' is no flag"),
            HasSubstr("a.flags:3: a flag file may not name another flag file"),
            HasSubstr("a.flags:4: --word has no value"),
            HasSubstr("a.flags:5: --flagfile has no value"),
            Not(HasSubstr("a.flags:2"))));
}

TEST_F(FlagFileTest, TwoFilesReportTheirProblemsTogether) {
  const absl::Status status =
      ReadSettings({"--flagfile=" + Write("a.flags", "x\n"),
                    "--flagfile=" + Write("b.flags", "\ny\n"), "z"})
          .status();
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("a.flags:1: 'x'"), HasSubstr("b.flags:2: 'y'"),
                    HasSubstr("the command line: 'z'")));
}

TEST_F(FlagFileTest, AMissingFileIsNamed) {
  const absl::Status status =
      ReadSettings({"--flagfile=" + folder_ / "none.flags"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(MessageOf(status), HasSubstr("none.flags"));
}

TEST_F(FlagFileTest, AFolderOrNothingIsNoFile) {
  EXPECT_THAT(
      MessageOf(ReadSettings({"--flagfile=" + folder_.path()}).status()),
      HasSubstr("it is a folder, expected a file"));
  EXPECT_FALSE(ReadSettings({"--flagfile=", "--loud"}).ok());
  EXPECT_THAT(MessageOf(ReadSettings({"--flagfile"}).status()),
              HasSubstr("--flagfile has no value"));
}

TEST(ApplySettingsTest, TheLastSettingWins) {
  const auto settings = ReadSettings(
      {"--number=1", "--word=a", "--number=2", "--list=x,y", "--share=0.25"});
  ASSERT_TRUE(ApplySettings(*settings).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_number), 2);
  EXPECT_EQ(absl::GetFlag(FLAGS_word), "a");
  EXPECT_EQ(absl::GetFlag(FLAGS_share), 0.25);
  EXPECT_THAT(absl::GetFlag(FLAGS_list), ElementsAre("x", "y"));
  EXPECT_EQ(LastValue(*settings, "number", "9"), "2");
  EXPECT_EQ(LastValue(*settings, "loud", "9"), "9");
}

TEST(ApplySettingsTest, EveryUnknownFlagAndUnreadableValueAtOnce) {
  const absl::Status status = ApplySettings({{"nmber", "3", "a.flags:4"},
                                             {"number", "three", "a.flags:7"},
                                             {"share", "", "the command line"},
                                             {"loud", "perhaps", "b.flags:1"},
                                             {"word", "good", "b.flags:2"},
                                             {"", "x", "the command line"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(MessageOf(status),
              AllOf(StartsWith("These settings do not hold:"),
                    HasSubstr("a.flags:4: unknown flag --nmber"),
                    HasSubstr("a.flags:7: --number='three' cannot be read"),
                    HasSubstr("the command line: --share='' cannot be read"),
                    HasSubstr("b.flags:1: --loud='perhaps' cannot be read"),
                    HasSubstr("the command line: unknown flag --\n"),
                    Not(HasSubstr("b.flags:2"))));
}

TEST(ApplySettingsTest, OfManyProblemsTenAndTheCount) {
  std::vector<FlagSetting> settings;
  for (int i = 1; i <= 12; ++i) {
    settings.push_back({"f" + std::to_string(i), "", "the command line"});
  }
  EXPECT_THAT(MessageOf(ApplySettings(settings)),
              AllOf(HasSubstr("--f10"), Not(HasSubstr("--f11")),
                    HasSubstr("... 2 more, 12 in all")));
}

// The library of flags brings some of its own, which would do nothing here.
TEST(ApplySettingsTest, FlagsOfTheLibraryAreUnknown) {
  for (const char* name : {"fromenv", "tryfromenv", "undefok", "version"}) {
    EXPECT_THAT(MessageOf(ApplySettings({{name, "x", "the command line"}})),
                HasSubstr(std::string("unknown flag --") + name));
    EXPECT_THAT(HelpText("usage"),
                Not(HasSubstr(std::string("--") + name + "=")));
  }
}

TEST(HelpTest, ListsEveryFlagWithItsDefault) {
  EXPECT_TRUE(AsksForHelp({"--loud", "--help"}));
  EXPECT_TRUE(AsksForHelp({"-h"}));
  EXPECT_FALSE(AsksForHelp({"--helpful", "help"}));
  EXPECT_THAT(HelpText("How to use it."),
              AllOf(StartsWith("How to use it.\n"),
                    HasSubstr("--number=7\n      a whole number\n"),
                    HasSubstr("--word=start\n"), HasSubstr("--flagfile=")));
}

// Whatever is typed: an answer, and every setting in it is one that was there.
TEST(ReadSettingsTest, RandomTextIsReadOrRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "random.flags";
  const std::vector<std::string> pieces = {
      "-",  "--", "=",    "no",       "loud", "word", "number",   " ",
      "\t", "#",  "\n",   "\r",       "'",    "\"",   "flagfile", ",",
      "\\", "7",  "\xff", "\xc3\xa4", "%s",   "{}",   "list",     "share"};
  SeedEngine engine(1, SeedStream::kShuffle, 0, 0);
  int read = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (uint64_t n = engine.UniformInt(14); n > 0; --n) {
      text += pieces[engine.UniformInt(pieces.size())];
      if (engine.UniformInt(20) == 0) text += '\0';
    }
    std::vector<std::string> arguments(1 + engine.UniformInt(3), text);
    if (round % 10 == 0) {
      // fsync would take most of the time of this test.
      ASSERT_TRUE(AppendToFile(path, text).ok());
      arguments = {"--flagfile=" + path};
    }
    const auto settings = ReadSettings(arguments);
    if (settings.ok()) {
      ++read;
      for (const FlagSetting& setting : *settings) {
        EXPECT_NE(setting.name, "flagfile");
        EXPECT_EQ(setting.name.find('='), std::string::npos);
        EXPECT_FALSE(setting.origin.empty());
      }
      const absl::Status applied = ApplySettings(*settings);
      EXPECT_TRUE(applied.ok() || !applied.message().empty());
    } else {
      EXPECT_FALSE(settings.status().message().empty());
    }
  }
  EXPECT_GT(read, 100);  // The loop sees both sides.
}

TEST(ChangedFlagsTest, ComparesWithTheRecipeOrTheDefault) {
  const std::vector<FlagSetting> recipe = {{"number", "9", "recipe:1"},
                                           {"share", "1e-4", "recipe:2"}};
  std::vector<FlagSetting> all = recipe;
  all.push_back({"share", "0.0001", "the command line"});
  all.push_back({"list", "a", "the command line"});
  const std::vector<std::string> names = {"number", "share", "word"};
  EXPECT_THAT(ChangedFlags(recipe, all, names), testing::IsEmpty());
  all.push_back({"number", "10", "the command line"});
  all.push_back({"word", "end", "the command line"});
  EXPECT_THAT(ChangedFlags(recipe, all, names),
              testing::ElementsAre("--number=10 instead of 9",
                                   "--word=end instead of start"));
}

TEST(FindRunfileTest, FoundInTheRunfilesAsAnAbsolutePath) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "program.runfiles/bild/some").ok());
  const std::string file = folder / "program.runfiles/bild/some/file.txt";
  ASSERT_TRUE(WriteFileAtomically(file, "x").ok());
  const auto found = FindRunfile(folder / "program", "some/file.txt");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, file);
}

TEST(FindRunfileTest, FoundInTheFolderOfThisProcessAsAnAbsolutePath) {
  // This test runs at the root of its own runfiles.
  const auto found =
      FindRunfile("no_program", "benchmarks/recipes/quick_ffa.flags");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)[0], '/');
  EXPECT_TRUE(std::filesystem::exists(*found));
}

TEST(FindRunfileTest, AMissingOneSaysWhereItLooked) {
  const absl::Status status = FindRunfile("/x/program", "no/file.txt").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("'no/file.txt'"),
                    HasSubstr("/x/program.runfiles/bild/no/file.txt"),
                    HasSubstr("bazel run")));
}

TEST(UserPathTest, IsSeenFromWhereTheUserTyped) {
  ::setenv("BUILD_WORKING_DIRECTORY", "/home/somebody", 1);
  EXPECT_EQ(UserPath("data"), "/home/somebody/data");
  EXPECT_EQ(UserPath("../data"), "/home/data");
  EXPECT_EQ(UserPath("/data"), "/data");
  EXPECT_EQ(UserPath(""), "");
  ::unsetenv("BUILD_WORKING_DIRECTORY");
  EXPECT_EQ(UserPath("data"), "data");
}

}  // namespace
}  // namespace bild
