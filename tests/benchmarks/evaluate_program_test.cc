// evaluate: the numbers of the run that trained the weights, and what it says
// of weights and folders that do not fit.

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/record.h"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// A finished run on a pair folder with a test folder, made once.
struct TrainedRun {
  TrainedRun() {
    WritePairs(folder / "train", 4, 48, 1);
    WritePairs(folder / "test", 3, 40, 100);
    const ProgramOutcome outcome =
        RunProgram(TinyRun({"--dataset=pair", "--data_root=" + folder / "train",
                            "--test_root=" + folder / "test", "--methods=plain",
                            "--out=" + folder / "out"}));
    EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  }
  TemporaryFolder folder;
};

const TemporaryFolder& Trained() {
  static const TrainedRun run;
  return run.folder;
}

std::string BestWeights() {
  return Trained() / "out/checkpoints/plain_seed1/best@val.safetensors";
}

// Evaluates the best weights on the test folder, with these flags on top.
ProgramOutcome Evaluate(const std::vector<std::string>& arguments) {
  ProgramCall call =
      TinyEvaluation({"--backbone=aodnet", "--weights=" + BestWeights(),
                      "--dataset=pair", "--data_root=" + Trained() / "test",
                      "--threads=1", "--metric_profile=default,grid-bild"});
  call.arguments.insert(call.arguments.end(), arguments.begin(),
                        arguments.end());
  return RunProgram(call);
}

std::string WorldError(const std::vector<std::string>& arguments) {
  const ProgramOutcome outcome = Evaluate(arguments);
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_EQ(outcome.out, "");
  return outcome.err;
}

std::string MeansOf(const Record& record) {
  Record means;
  means.profile = record.profile;
  means.n = record.n;
  means.n_clear = record.n_clear;
  means.psnr_db = record.psnr_db;
  means.ssim = record.ssim;
  means.ciede2000 = record.ciede2000;
  means.dataset = record.dataset;
  means.test_list_sha256 = record.test_list_sha256;
  means.backbone = record.backbone;
  means.parameters = record.parameters;
  return ToJsonLine(means);
}

TEST(EvaluateTest, TheWeightsOfARunGiveItsNumbers) {
  const TemporaryFolder folder;
  const ProgramOutcome outcome = Evaluate({"--out=" + folder / "out"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(Tree(folder / "out"),
              UnorderedElementsAre(".lock", "identity.txt", "per_image.csv",
                                   "records.jsonl"));
  const auto scored = ReadRecords(folder / "out/records.jsonl");
  const auto trained = ReadRecords(Trained() / "out/records.jsonl");
  ASSERT_TRUE(scored.ok() && trained.ok());
  std::vector<std::string> wanted;
  for (const Record& record : *trained) {
    if (record.checkpoint == "best@val") wanted.push_back(MeansOf(record));
  }
  std::vector<std::string> found;
  for (const Record& record : *scored) {
    EXPECT_EQ(record.method, "weights");
    EXPECT_FALSE(record.seed.has_value());
    found.push_back(MeansOf(record));
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(found.size(), 2);

  // Pictures as well: method and seed are all that differs.
  EXPECT_THAT(Content(folder / "out/per_image.csv"),
              HasSubstr("\nweights,,,s10,s10,40,40,default,"));
  EXPECT_THAT(outcome.out,
              HasSubstr("dataset=pair backbone=aodnet method=weights "
                        "profile=default n=3 psnr_db="));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2);

  // The same again is fine, other weights are another run.
  EXPECT_EQ(Evaluate({"--out=" + folder / "out"}).exit_code, 0);
  const std::string records = Content(folder / "out/records.jsonl");
  EXPECT_THAT(
      WorldError({"--weights=" + Trained() / "out/checkpoints/plain_seed1/"
                                             "last.safetensors",
                  "--backbone=aodnet", "--out=" + Trained() / "out"}),
      HasSubstr("belongs to another run"));
  EXPECT_EQ(Content(folder / "out/records.jsonl"), records);
}

// O-HAZE's own test pictures, at half their size: what was scored stands in the
// row.
TEST(EvaluateTest, OneSideOfASplitAtANamedResolution) {
  const TemporaryFolder folder;
  for (int i = 1; i <= 45; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    WritePicture(folder / ("O-HAZE/hazy/" + number + "_outdoor_hazy.png"),
                 PatternImage(32, 30, i));
    WritePicture(folder / ("O-HAZE/GT/" + number + "_outdoor_GT.png"),
                 PatternImage(32, 30, 100 + i));
  }
  const std::vector<std::string> common = {"--backbone=none", "--dataset=ohaze",
                                           "--data_root=" + folder.path(),
                                           "--threads=1"};
  const auto evaluate = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return RunProgram(TinyEvaluation(arguments));
  };
  const ProgramOutcome test =
      evaluate({"--split=test", "--evaluation_resolution=half",
                "--out=" + folder / "out"});
  ASSERT_EQ(test.exit_code, 0) << Describe(test);
  EXPECT_THAT(test.out, AllOf(HasSubstr("dataset=ohaze "), HasSubstr(" n=5 ")));
  const auto records = ReadRecords(folder / "out/records.jsonl");
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ((*records)[0].evaluation_resolution, "half");
  EXPECT_EQ((*records)[0].test_layout, "flat-name");
  EXPECT_EQ((*records)[0].layout, "");
  const std::string images = Content(folder / "out/per_image.csv");
  for (const std::string id : {"41", "42", "43", "44", "45"}) {
    EXPECT_THAT(images, HasSubstr("input,,," + id + "," + id + ",16,15,"));
  }
  EXPECT_THAT(
      evaluate({"--split=validation"}).out,
      AllOf(HasSubstr("dataset=ohaze[validation] "), HasSubstr(" n=5 ")));
  EXPECT_THAT(evaluate({}).out, HasSubstr(" n=45 "));

  const ProgramOutcome none = Evaluate({"--split=test"});
  EXPECT_EQ(none.exit_code, 1) << Describe(none);
  EXPECT_THAT(none.err, HasSubstr("this set has no test pictures of its own"));
  const ProgramOutcome wrong =
      Evaluate({"--split=some", "--evaluation_resolution=third"});
  EXPECT_EQ(wrong.exit_code, 2) << Describe(wrong);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("--split='some'"),
                               HasSubstr("--evaluation_resolution='third'")));
}

// Each profile has its records, its rows of every picture and its line; the
// shared ones are those of a call with fewer profiles.
TEST(EvaluateTest, AllProfilesAtOnce) {
  const TemporaryFolder folder;
  const ProgramOutcome outcome =
      Evaluate({"--metric_profile=all", "--out=" + folder / "all"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const auto all = ReadRecords(folder / "all/records.jsonl");
  ASSERT_TRUE(all.ok()) << all.status();
  std::vector<std::string> profiles;
  for (const Record& record : *all) {
    profiles.push_back(record.profile);
    EXPECT_EQ(record.n, 3);
    EXPECT_EQ(record.n_clear, 3);
    EXPECT_EQ(record.evaluation_resolution, "full");
    EXPECT_EQ(record.test_list_sha256.size(), 64u);
    EXPECT_EQ(record.ciede2000.has_value(), record.profile == "default");
    EXPECT_THAT(outcome.out, HasSubstr(" profile=" + record.profile + " n=3 "));
  }
  EXPECT_THAT(profiles,
              ElementsAre("default", "ffa", "grid-bild", "dehazeformer",
                          "basicsr-rgb", "basicsr-y", "matlab-gray"));
  const std::string images = Content(folder / "all/per_image.csv");
  EXPECT_EQ(std::count(images.begin(), images.end(), '\n'), 1 + 7 * 3);

  ASSERT_EQ(
      Evaluate({"--metric_profile=ffa", "--out=" + folder / "one"}).exit_code,
      0);
  const auto one = ReadRecords(folder / "one/records.jsonl");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(MeansOf(one->front()), MeansOf((*all)[1]));
}

TEST(EvaluateTest, ATableOfTheProfiles) {
  const ProgramOutcome outcome = Evaluate({"--profile_table"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.out,
              HasSubstr("`aodnet` on `pair`: 3 hazy images, 3 clear images"));
  EXPECT_THAT(outcome.out, HasSubstr("\n| `grid-bild` |"));
  // The lines still come last.
  EXPECT_THAT(outcome.out.substr(outcome.out.rfind("\n\n")),
              HasSubstr("profile=default n=3 psnr_db="));
}

TEST(EvaluateTest, TheHazyInputItself) {
  const TemporaryFolder folder;
  const ProgramOutcome outcome =
      Evaluate({"--backbone=none", "--weights=", "--out=" + folder / "out"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const auto scored = ReadRecords(folder / "out/records.jsonl");
  const auto trained = ReadRecords(Trained() / "out/records.jsonl");
  ASSERT_TRUE(scored.ok() && trained.ok());
  for (const Record& record : *scored) {
    EXPECT_EQ(record.method, "input");
    const auto same = std::find_if(
        trained->begin(), trained->end(), [&record](const Record& r) {
          return r.method == "input" && r.profile == record.profile;
        });
    ASSERT_NE(same, trained->end());
    EXPECT_EQ(record.psnr_db, same->psnr_db);
    EXPECT_EQ(record.ssim, same->ssim);
  }
  EXPECT_EQ(scored->size(), 2u);
  const ProgramOutcome both = Evaluate({"--backbone=none"});
  EXPECT_EQ(both.exit_code, 2) << Describe(both);
  EXPECT_THAT(both.err, HasSubstr("leave out --weights"));
}

// Nothing to compare with: a mistake in the call, before a file is opened.
// Pixels of another decoder: an error, or a stamp that makes every row INVALID.
TEST(EvaluateTest, AnotherDecoderIsRefusedOrStamped) {
  const TemporaryFolder folder;
  ProgramCall call =
      TinyEvaluation({"--backbone=aodnet", "--weights=" + BestWeights(),
                      "--dataset=pair", "--data_root=" + Trained() / "test",
                      "--threads=1", "--out=" + folder / "out"});
  call.environment["LD_PRELOAD"] = TestedProgram("OTHER_DECODER");
  const ProgramOutcome refused = RunProgram(call);
  EXPECT_EQ(refused.exit_code, 1) << Describe(refused);
  EXPECT_THAT(refused.err, HasSubstr("gives other pixels than the one"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  call.arguments.emplace_back("--allow_decoder_mismatch");
  const ProgramOutcome allowed = RunProgram(call);
  EXPECT_EQ(allowed.exit_code, 0) << Describe(allowed);
  const auto records = ReadRecords(folder / "out/records.jsonl");
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_FALSE(records->empty());
  for (const Record& record : *records) {
    EXPECT_EQ(record.decoder_probe, "mismatch");
    EXPECT_EQ(record.verdict, "INVALID");
    EXPECT_THAT(record.invalid_reasons,
                HasSubstr("image decoder differs from the probe"));
  }
}

TEST(EvaluateTest, ASetWithoutClearPicturesIsAUsageError) {
  for (const char* dataset : {"rtts", "hsts_real"}) {
    const ProgramOutcome outcome =
        Evaluate({std::string("--dataset=") + dataset});
    EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
    EXPECT_THAT(outcome.err, HasSubstr("has no clear pictures"));
  }
}

TEST(EvaluateTest, WithoutOutItWritesNothing) {
  const auto before = Tree(Trained().path());
  ASSERT_EQ(Evaluate({}).exit_code, 0);
  EXPECT_EQ(Tree(Trained().path()), before);
}

TEST(EvaluateTest, ABenchmarksFolderIsNotOverwritten) {
  const std::string records = Content(Trained() / "out/records.jsonl");
  EXPECT_THAT(WorldError({"--out=" + Trained() / "out"}),
              HasSubstr("belongs to another run"));
  EXPECT_EQ(Content(Trained() / "out/records.jsonl"), records);
}

TEST(EvaluateTest, WeightsOfAnotherShapeAreListed) {
  const TemporaryFolder folder;
  const std::string message =
      WorldError({"--backbone=ffa[dim=16,blocks=1]", "--out=" + folder / "o"});
  EXPECT_THAT(message, AllOf(HasSubstr("best@val.safetensors"),
                             HasSubstr("Missing ("), HasSubstr("Extra ("),
                             HasSubstr("Choose the net and the options")));
  EXPECT_FALSE(Exists(folder / "o"));
}

// One tensor of another shape in an otherwise good file: the header says
// [3, 3, 1, 1] for nine numbers, so [1, 9, 1, 1] fits the bytes as well.
TEST(EvaluateTest, ATensorOfAnotherShapeIsNamed) {
  const TemporaryFolder folder;
  std::string bytes = Content(BestWeights());
  const size_t at = bytes.find("[3,3,1,1]");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 9, "[1,9,1,1]");
  WriteBytes(folder / "w.safetensors", bytes);
  EXPECT_THAT(WorldError({"--weights=" + folder / "w.safetensors"}),
              AllOf(HasSubstr("Misshapen (1):"),
                    HasSubstr("expected [3, 3, 1, 1], found [1, 9, 1, 1]")));
}

TEST(EvaluateTest, WeightsThatAreNone) {
  const TemporaryFolder folder;
  EXPECT_THAT(WorldError({"--weights=" + folder / "none.safetensors"}),
              HasSubstr("none.safetensors"));
  WriteBytes(folder / "text.safetensors", "no weights");
  EXPECT_THAT(WorldError({"--weights=" + folder / "text.safetensors"}),
              HasSubstr("text.safetensors"));
  const std::string good = Content(BestWeights());
  WriteBytes(folder / "cut.safetensors", good.substr(0, good.size() - 1));
  EXPECT_THAT(WorldError({"--weights=" + folder / "cut.safetensors"}),
              HasSubstr("cut.safetensors"));
  EXPECT_THAT(WorldError({"--weights=" + folder.path()}),
              HasSubstr(folder.path()));
}

TEST(EvaluateTest, DataThatDoesNotFit) {
  EXPECT_THAT(
      WorldError({"--data_root=/nowhere"}),
      HasSubstr("there is no folder '/nowhere' (--data_root=/nowhere)"));
  // Smaller than the window of SSIM.
  const TemporaryFolder folder;
  WritePairs(folder.path(), 2, 5, 1);
  EXPECT_THAT(WorldError({"--data_root=" + folder.path()}),
              AllOf(HasSubstr("too small to be scored"), HasSubstr("5x5")));
}

TEST(EvaluateTest, PairWithoutATestFolderIsScoredOnItsValidationPictures) {
  const TemporaryFolder folder;
  const ProgramOutcome outcome = RunProgram(
      TinyRun({"--dataset=pair", "--data_root=" + Trained() / "train",
               "--methods=plain", "--out=" + folder / "out"}));
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const auto records = ReadRecords(folder / "out/records.jsonl");
  ASSERT_TRUE(records.ok());
  for (const Record& record : *records) {
    EXPECT_EQ(record.dataset, "pair[validation]");
    EXPECT_EQ(record.n, 1);
    EXPECT_EQ(record.test_list_sha256, record.validation_list_sha256);
    EXPECT_THAT(record.invalid_reasons, HasSubstr("no test set"));
  }
}

}  // namespace
}  // namespace bild
