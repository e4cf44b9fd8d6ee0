#include "benchmarks/run_records.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"
#include "tests/testing/conv2_net.h"

namespace bild {
namespace {

using testing::HasSubstr;

// A run that a published protocol would take, but for what a test changes.
class RunRecordsTest : public testing::Test {
 protected:
  RunRecordsTest() {
    net_.parameters().Materialise(at::kFloat);
    spec_.target = "its_conv2";
    spec_.profile = "paper";
    spec_.train.steps = 100;
    spec_.train.batch = 4;
    spec_.train.crop_px = 16;
    data_.train = std::make_shared<MemoryDataset>("its", NumberedPairs(5, 2));
    const auto test =
        std::make_shared<MemoryDataset>("sots_indoor", NumberedPairs(3, 4));
    test->folder_layout = "flat-name";
    data_.test = test;
    data_.test_name = "sots_indoor";
    data_.test_list = WholeList(data_.test->pairs());
    data_.split.train.indices = {0, 1, 2, 3, 4, 5, 6, 7};
    data_.split.train.sha256 = "train hash";
    data_.split.validation.indices = {8, 9};
    data_.split.validation.sha256 = "validation hash";
    data_.split_text = "paper seed=1";
    data_.decoder_probe = "match";
    environment_.commit = "0123456";
    environment_.is_dirty = false;
    environment_.device = "cpu";
    environment_.threads = 2;
  }

  RunRecordSource Source() {
    return {&spec_, &data_, &environment_, &net_, "run id"};
  }
  // Why the row is INVALID; empty if it is VALID.
  std::string Reasons() {
    const Record record = CommonRecord(Source());
    EXPECT_EQ(record.verdict,
              record.invalid_reasons.empty() ? "VALID" : "INVALID");
    return record.invalid_reasons;
  }

  Conv2Net net_;
  RunSpec spec_;
  RunData data_;
  Environment environment_;
};

TEST_F(RunRecordsTest, SaysWhatWasRunOnWhat) {
  const Record record = CommonRecord(Source());
  EXPECT_EQ(record.run_id, "run id");
  EXPECT_EQ(record.target, "its_conv2");
  EXPECT_EQ(record.dataset, "sots_indoor");
  EXPECT_EQ(record.train_dataset, "its");
  EXPECT_EQ(record.layout, "memory");
  EXPECT_EQ(record.test_layout, "flat-name");
  EXPECT_EQ(record.n_clear, 3);  // 12 pairs of 3 scenes.
  EXPECT_EQ(record.n_train, 8);
  EXPECT_EQ(record.n_validation, 2);
  EXPECT_EQ(record.train_list_sha256, "train hash");
  EXPECT_EQ(record.validation_list_sha256, "validation hash");
  EXPECT_EQ(record.test_list_sha256, data_.test_list.sha256);
  EXPECT_EQ(record.backbone, "conv2");
  // 3 * 6 * 9 + 6 and 6 * 3 * 9 + 3.
  EXPECT_EQ(record.parameters, 333);
  EXPECT_TRUE(record.published);
  EXPECT_EQ(record.steps, 100);
  EXPECT_EQ(record.batch, 4);
  EXPECT_EQ(record.crop_px, 16);
  EXPECT_THAT(record.config, HasSubstr("--steps=100 --batch=4 --crop_px=16"));
  EXPECT_EQ(record.commit, "0123456");
  EXPECT_FALSE(record.dirty);
  EXPECT_EQ(record.threads, 2);
  EXPECT_GT(record.peak_memory_mib.value_or(0.0), 1.0);
  EXPECT_FALSE(record.seed.has_value());
}

TEST_F(RunRecordsTest, ValidOnlyWhereNothingSpeaksAgainstIt) {
  EXPECT_EQ(Reasons(), "");
}

TEST_F(RunRecordsTest, ASmokeRunIsNeverValid) {
  spec_.profile = "ci";
  EXPECT_EQ(Reasons(), "smoke run; quick recipe");
  EXPECT_FALSE(CommonRecord(Source()).published);
}

TEST_F(RunRecordsTest, EachReasonIsGiven) {
  spec_.profile = "quick";
  EXPECT_EQ(Reasons(), "quick recipe");
  spec_.profile = "paper";
  spec_.recipe_note = "no perceptual loss";
  EXPECT_EQ(Reasons(), "no perceptual loss");
  spec_.recipe_note = "";
  spec_.recipe_changes = {"--steps=10 instead of 6250",
                          "--loss=l1 instead of mse"};
  EXPECT_EQ(Reasons(),
            "changed recipe: --steps=10 instead of 6250, --loss=l1 instead of "
            "mse");
  spec_.recipe_changes.clear();
  spec_.run.is_deterministic = false;
  EXPECT_EQ(Reasons(), "not deterministic");
  spec_.run.is_deterministic = true;
  environment_.is_dirty = true;
  EXPECT_EQ(Reasons(), "uncommitted changes in the tree");
  environment_.commit = "unknown";
  EXPECT_EQ(Reasons(), "commit unknown");
  environment_ = {"0123456", false, "", "", "cpu", 2, ""};
  data_.invalid_reasons = {"synthetic", "partial: 60 of 500 pairs"};
  EXPECT_EQ(Reasons(), "synthetic; partial: 60 of 500 pairs");
}

TEST_F(RunRecordsTest, ATrainedRowHasItsSeedAndItsLastWindow) {
  TrainingResult result;
  result.reward_engine = "in_backward";
  result.last_window = {{"gain_normalised_mean", 0.5},
                        {"gain_normalised_standard_error", 0.125},
                        {"gain_normalised_t", 4.0},
                        {"weight_entropy", 1.25},
                        {"own_gain_normalised_mean", 0.25},
                        {"gradient_cosine", -0.5},
                        {"reward_spread", 2.5},
                        {"zero_gradient_share", 1.0},
                        {"training_loss", 0.75},
                        {"validation_objective", 0.875}};
  Record record = TrainedRecord(Source(), "released", 7, result);
  EXPECT_EQ(record.method, "released");
  EXPECT_EQ(record.seed, 7);
  EXPECT_EQ(record.reward_engine, "in_backward");
  EXPECT_EQ(record.gain_mean, 0.5);
  EXPECT_EQ(record.gain_standard_error, 0.125);
  EXPECT_EQ(record.gain_t, 4.0);
  EXPECT_EQ(record.entropy_mean, 1.25);
  EXPECT_EQ(record.own_gain_mean, 0.25);
  EXPECT_EQ(record.gradient_cosine, -0.5);
  EXPECT_EQ(record.reward_spread, 2.5);
  EXPECT_EQ(record.zero_gradient_share, 1.0);
  EXPECT_EQ(record.training_loss, 0.75);
  EXPECT_EQ(record.validation_loss, 0.875);
  EXPECT_FALSE(record.agreement_mean.has_value());
  // A process that only scored has no time to tell.
  EXPECT_FALSE(record.step_milliseconds_median.has_value());
  EXPECT_EQ(record.verdict, "VALID");

  // Where learning was the point, it is a reason.
  record = TrainedRecord(Source(), "bild", 7, result);
  EXPECT_EQ(record.invalid_reasons,
            "weights not learned: zero gradient at the end");

  result.last_window["zero_gradient_share"] = 0.5;
  result.step_milliseconds_median = 12.5;
  result.is_dead = true;
  record = TrainedRecord(Source(), "bild", 7, result);
  EXPECT_EQ(record.step_milliseconds_median, 12.5);
  EXPECT_EQ(record.verdict, "INVALID");
  EXPECT_EQ(record.invalid_reasons, "dead net: it cannot learn any more");
}

}  // namespace
}  // namespace bild
