// evaluate: what its rows are tied to, and what they say of the net.

#include <string>
#include <vector>

#include "backbones/catalog.h"
#include "backbones/weights.h"
#include "bild/initialise.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/record.h"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class EvaluateRowsTest : public testing::Test {
 protected:
  // Random weights of the net, in a file.
  std::string WeightsOf(const std::string& backbone) {
    const auto net = MakeBackbone(backbone, at::kFloat).value();
    InitialiseParameters(net->parameters(), /*seed=*/1, kBackboneNet,
                         Initialisation::kFanIn);
    std::string path = folder_ / "weights.safetensors";
    EXPECT_TRUE(SaveWeights(path, net->layers(), net->parameters().flat(),
                            net->layers().buffers().flat(), {})
                    .ok());
    return path;
  }
  ProgramOutcome Evaluate(const std::string& root,
                          std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--dataset=pair", "--data_root=" + root});
    return RunProgram(TinyEvaluation(arguments));
  }
  // Why the row of a net is INVALID.
  std::string Reasons(const std::string& backbone) {
    const std::string out = folder_ / ("out " + backbone);
    const ProgramOutcome outcome = Evaluate(
        folder_ / "data", {"--backbone=" + backbone, "--threads=1",
                           "--weights=" + WeightsOf(backbone), "--out=" + out});
    EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
    const auto records = ReadRecords(out + "/records.jsonl");
    EXPECT_TRUE(records.ok()) << records.status();
    if (!records.ok()) return "";
    EXPECT_EQ((*records)[0].verdict == "VALID",
              (*records)[0].invalid_reasons.empty());
    return (*records)[0].invalid_reasons;
  }
  const TemporaryFolder folder_;
};

// Names and numbers of pictures agree, the files do not.
TEST_F(EvaluateRowsTest, PicturesOfEqualNamesDoNotOverwriteEachOther) {
  WritePairs(folder_ / "a", 3, 32, 1);
  WritePairs(folder_ / "b", 3, 32, 50);
  WritePicture(folder_ / "b/hazy/s11.png", PatternImage(32, 32, 90));
  const std::string out = folder_ / "out";
  const std::vector<std::string> flags = {"--backbone=none", "--out=" + out};
  const ProgramOutcome first = Evaluate(folder_ / "a", flags);
  ASSERT_EQ(first.exit_code, 0) << Describe(first);
  const std::string records = Content(out + "/records.jsonl");
  const std::string pictures = Content(out + "/per_image.csv");

  const ProgramOutcome other = Evaluate(folder_ / "b", flags);
  EXPECT_EQ(other.exit_code, 1) << Describe(other);
  EXPECT_EQ(other.out, "");
  EXPECT_THAT(other.err,
              AllOf(HasSubstr("belongs to another run"),
                    HasSubstr(" file_sizes="), HasSubstr("another --out")));
  EXPECT_EQ(Content(out + "/records.jsonl"), records);
  EXPECT_EQ(Content(out + "/per_image.csv"), pictures);

  EXPECT_EQ(Evaluate(folder_ / "a", flags).exit_code, 0);
  EXPECT_EQ(Content(out + "/per_image.csv"), pictures);
}

TEST_F(EvaluateRowsTest, ANarrowedNetIsNotThePublishedOne) {
  WritePairs(folder_ / "data", 2, 32, 1);
  const std::string published = Reasons("aodnet");
  EXPECT_THAT(published, Not(HasSubstr("not the published net")));
  EXPECT_THAT(Reasons("ffa[dim=16,blocks=1]"),
              HasSubstr("not the published net: ffa[dim=16,blocks=1]"));
}

// Reading and scoring: a net's own sums are grouped by threads.
TEST_F(EvaluateRowsTest, ThreadsChangeNoBitOfAScore) {
  WritePairs(folder_ / "data", 3, 160, 1);
  for (const std::string threads : {"1", "2"}) {
    const ProgramOutcome outcome =
        Evaluate(folder_ / "data",
                 {"--backbone=none", "--metric_profile=all",
                  "--threads=" + threads, "--out=" + folder_ / threads});
    ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  }
  EXPECT_THAT(Content(folder_ / "1/per_image.csv"),
              HasSubstr("\ninput,,,s12,s12,160,160,grid-bild,"));
  EXPECT_EQ(Content(folder_ / "1/per_image.csv"),
            Content(folder_ / "2/per_image.csv"));
}

// Whole as files, so that only decoding finds it.
TEST_F(EvaluateRowsTest, EveryPictureThatDoesNotDecodeIsListed) {
  WritePairs(folder_ / "data", 14, 32, 1);
  const std::string damaged = PngHeaderOnly(32, 32, 8, 2) +
                              PngChunk("IDAT", "no pixels") +
                              PngChunk("IEND", "");
  for (int scene = 10; scene < 24; ++scene) {
    if (scene == 11 || scene == 15) continue;
    WriteBytes(folder_ / ("data/hazy/s" + std::to_string(scene) + ".png"),
               damaged);
  }
  const ProgramOutcome outcome = Evaluate(
      folder_ / "data", {"--backbone=none", "--out=" + folder_ / "out"});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("hazy/s10.png' is damaged"),
                    HasSubstr("hazy/s21.png' is damaged"),
                    HasSubstr("... 2 more, 12 in all"),
                    Not(HasSubstr("s11.png")), Not(HasSubstr("s22.png"))));
  EXPECT_FALSE(Exists(folder_ / "out/per_image.csv"));
  EXPECT_FALSE(Exists(folder_ / "out/records.jsonl"));
}

}  // namespace
}  // namespace bild
