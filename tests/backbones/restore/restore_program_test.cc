// //backbones:restore as a user starts it.

#include <cstdint>
#include <string>
#include <vector>

#include "backbones/catalog.h"
#include "backbones/weights.h"
#include "bild/base/atomic_file.h"
#include "bild/initialise.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/testing/program_runner.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::HasSubstr;

class RestoreProgramTest : public testing::Test {
 protected:
  RestoreProgramTest() {
    const auto net = MakeBackbone("aodnet", at::kFloat).value();
    InitialiseParameters(net->parameters(), /*seed=*/1, kBackboneNet,
                         Initialisation::kFanIn);
    EXPECT_TRUE(SaveWeights(folder_ / "w.safetensors", net->layers(),
                            net->parameters().flat(),
                            net->layers().buffers().flat(), {})
                    .ok());
    EXPECT_TRUE(MakeFolders(folder_ / "in").ok());
    EXPECT_TRUE(
        cv::imwrite(folder_ / "in/deep.png",
                    cv::Mat(70, 90, CV_16UC3, cv::Scalar(9000, 30000, 60000))));
    EXPECT_TRUE(
        cv::imwrite(folder_ / "in/photo.jpg",
                    cv::Mat(60, 50, CV_8UC3, cv::Scalar(90, 120, 200))));
  }
  ProgramOutcome Run(std::vector<std::string> more) {
    ProgramCall call;
    call.folder = folder_.path();
    call.program = TestedProgram("RESTORE");
    call.arguments = {
        "--backbone=aodnet", "--weights=" + (folder_ / "w.safetensors"),
        "--input=" + (folder_ / "in"), "--output=" + (folder_ / "out")};
    for (std::string& argument : more) {
      call.arguments.push_back(std::move(argument));
    }
    return RunProgram(call);
  }
  TemporaryFolder folder_;
};

TEST_F(RestoreProgramTest, AFolder) {
  const ProgramOutcome first = Run({});
  EXPECT_EQ(first.exit_code, 0) << Describe(first);
  EXPECT_EQ(first.out, "backbone=aodnet restored=2 failed=0 tiling=exact\n");
  EXPECT_THAT(first.err, HasSubstr("90x70 px, whole, about "));
  EXPECT_EQ(NamesIn(folder_ / "out"),
            (std::vector<std::string>{"deep.png", "photo.jpg"}));
  const cv::Mat deep =
      cv::imread(folder_ / "out/deep.png", cv::IMREAD_UNCHANGED);
  EXPECT_EQ(deep.type(), CV_16UC3);
  EXPECT_EQ(deep.rows, 70);

  // Nothing is replaced without being asked for.
  const ProgramOutcome again = Run({});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr("out/deep.png' is there already"));
  EXPECT_THAT(again.err, HasSubstr("out/photo.jpg' is there already"));
  EXPECT_EQ(Run({"--overwrite"}).exit_code, 0);
  // An input never.
  const ProgramOutcome onto_itself =
      Run({"--overwrite", "--output=" + (folder_ / "in")});
  EXPECT_EQ(onto_itself.exit_code, 1);
  EXPECT_THAT(onto_itself.err, HasSubstr("is the input itself"));
}

TEST_F(RestoreProgramTest, AFileOfTheFolderThatOneIsIn) {
  const ProgramOutcome outcome =
      Run({"--input=in/photo.jpg", "--output=clear.jpg"});
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_EQ(cv::imread(folder_ / "clear.jpg").rows, 60);
}

TEST_F(RestoreProgramTest, BadFilesAreListedAndGoodOnesWritten) {
  ASSERT_TRUE(
      WriteFileAtomically(folder_ / "in/broken.png", "no picture").ok());
  const std::string jpeg = ReadFile(folder_ / "in/photo.jpg").value();
  ASSERT_TRUE(WriteFileAtomically(folder_ / "in/cut.jpg",
                                  jpeg.substr(0, jpeg.size() / 2))
                  .ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "in/notes.txt", "no matter").ok());
  const ProgramOutcome outcome = Run({});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_THAT(outcome.err,
              HasSubstr("in/broken.png' is neither a PNG nor a JPEG file"));
  EXPECT_THAT(outcome.err, HasSubstr("in/cut.jpg' "));
  EXPECT_EQ(outcome.out, "backbone=aodnet restored=2 failed=2 tiling=exact\n");
  EXPECT_EQ(NamesIn(folder_ / "out"),
            (std::vector<std::string>{"deep.png", "photo.jpg"}));
}

TEST_F(RestoreProgramTest, TilesUnderASmallLimit) {
  ASSERT_EQ(Run({}).exit_code, 0);
  ASSERT_TRUE(
      cv::imwrite(folder_ / "in/deep.png",
                  cv::Mat(2000, 1500, CV_8UC3, cv::Scalar(40, 130, 220))));
  const ProgramOutcome whole = Run({"--overwrite"});
  ASSERT_EQ(whole.exit_code, 0) << Describe(whole);
  const std::string at_once = ReadFile(folder_ / "out/deep.png").value();
  const ProgramOutcome tiled = Run({"--overwrite", "--memory_limit_mib=700"});
  ASSERT_EQ(tiled.exit_code, 0) << Describe(tiled);
  EXPECT_THAT(tiled.err, HasSubstr("tiles, exact (halo 7 px)"));
  EXPECT_EQ(ReadFile(folder_ / "out/deep.png").value(), at_once);
}

TEST_F(RestoreProgramTest, Usage) {
  EXPECT_EQ(Run({"--memory_limit_mib=0", "--jpeg_quality=101"}).exit_code, 2);
  const ProgramOutcome none = Run({"--input=", "--backbone=nothing"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("--input is not given"));
  EXPECT_THAT(none.err, HasSubstr("there is no net 'nothing'"));
  const ProgramOutcome missing = Run({"--input=" + (folder_ / "elsewhere")});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("there is no such file or folder"));
  const ProgramOutcome other = Run({"--backbone=dehazenet"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("conv1.weight"));
}

}  // namespace
}  // namespace bild
