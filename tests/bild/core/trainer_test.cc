// The one training loop: what a run leaves in its folder, and when it stops of
// itself.

#include "bild/trainer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "backbones/weights.h"
#include "bild/base/atomic_file.h"
#include "bild/base/log.h"
#include "bild/checkpoint.h"
#include "bild/initialise.h"
#include "bild/journal.h"
#include "gtest/gtest.h"
#include "tests/bild/core/run_files.h"
#include "tests/bild/core/small_training.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

// --- What a run leaves -------------------------------------------------------

TEST(Train, LeavesWeightsJournalAndCheckpoint) {
  SmallTraining small;
  const TemporaryFolder folder;
  const auto result = Train(small.Task("bild", folder.path()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->steps, 7);
  EXPECT_EQ(result->reward_engine, "in_backward");
  EXPECT_FALSE(result->is_dead);
  EXPECT_GT(result->step_milliseconds_median, 0.0);
  EXPECT_EQ(
      NamesIn(folder.path()),
      (std::vector<std::string>{"best@val.safetensors", "journal.jsonl",
                                "last.safetensors", "state.safetensors"}));

  // Scores every third step and at the end; the best is the highest of them.
  const auto scores = CurveIn(folder.path(), "validation_psnr_db");
  ASSERT_EQ(scores.size(), 3u);
  double best = 0.0;
  for (const auto& [step, score] : scores) {
    EXPECT_TRUE(step == 3 || step == 6 || step == 7) << step;
    best = std::max(best, score);
  }
  EXPECT_EQ(result->best_validation_psnr_db, best);
  EXPECT_EQ(scores.at(result->best_step), best);
  EXPECT_EQ(result->last_validation_psnr_db, scores.at(7));

  // The files hold the weights that were scored.
  for (const bool is_best : {true, false}) {
    ASSERT_TRUE(LoadWeights(is_best ? result->best_weights_path
                                    : result->last_weights_path,
                            small.backbone().layers())
                    .ok());
    EXPECT_EQ(FormulaPsnrDb(small.backbone()).value(),
              is_best ? best : scores.at(7));
  }

  // Windows of two outer steps, and the short one at the end; of each the
  // weights of one batch.
  std::vector<int64_t> windows;
  for (const auto& [step, value] : CurveIn(folder.path(), "training_loss")) {
    windows.push_back(step);
  }
  EXPECT_EQ(windows, (std::vector<int64_t>{2, 4, 6, 7}));
  EXPECT_EQ(CurveIn(folder.path(), "gain_normalised_t").count(7), 0u);
  EXPECT_EQ(result->last_window.at("training_loss"),
            CurveIn(folder.path(), "training_loss").at(6));
  const JournalRows rows = ReadJournal(folder / "journal.jsonl").value();
  ASSERT_EQ(rows.weights.size(), 4u * 4u);
  double sum = 0.0;
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows.weights[i].step, 2);
    EXPECT_EQ(rows.weights[i].id, "picture_" + std::to_string(4 + i));
    EXPECT_EQ(rows.weights[i].x_px, 1);
    EXPECT_EQ(rows.weights[i].y_px, static_cast<int64_t>(i));
    EXPECT_TRUE(rows.weights[i].reward.has_value());
    sum += rows.weights[i].weight;
  }
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

TEST(Train, PlainHasUniformWeightsAndNoRewards) {
  SmallTraining small;
  const TemporaryFolder folder;
  ASSERT_TRUE(Train(small.Task("plain", folder.path())).ok());
  const JournalRows rows = ReadJournal(folder / "journal.jsonl").value();
  for (const PatchWeight& row : rows.weights) {
    EXPECT_EQ(row.weight, 0.25);
    EXPECT_FALSE(row.reward.has_value());
  }
  EXPECT_TRUE(CurveIn(folder.path(), "gain_mean").empty());
}

TEST(Train, AFinishedRunReturnsItsResultAtOnce) {
  SmallTraining small;
  const TemporaryFolder folder;
  const TrainingTask task = small.Task("bild", folder.path());
  const auto first = Train(task);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto files = FilesIn(folder.path());
  small.training.change = [](int64_t, PatchBatch*) {
    FAIL() << "a finished run asked for a batch";
  };
  const auto again = Train(task);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->best_step, first->best_step);
  EXPECT_EQ(again->last_window, first->last_window);
  EXPECT_EQ(again->step_milliseconds_median, 0.0);
  EXPECT_EQ(DifferencesOfFiles(folder.path(), files), "");
}

// Another seed of the run is another run from the first weight on.
TEST(Train, SeedsDiffer) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("plain", folder / "a");
  ASSERT_TRUE(Train(task).ok());
  task.folder = folder / "b";
  task.seed = 4;
  ASSERT_TRUE(Train(task).ok());
  EXPECT_NE(CurveIn(folder / "a", "training_loss"),
            CurveIn(folder / "b", "training_loss"));
}

// --- Stops of its own --------------------------------------------------------

TEST(Train, AnInvalidConfigurationTouchesNothing) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("bild", folder / "run");
  task.config.batch = 2;
  task.config.alpha = -1.0;
  const auto refused = Train(task);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(refused.status(), "--batch=2"));
  EXPECT_TRUE(Says(refused.status(), "--alpha=-1"));
  EXPECT_TRUE(NamesIn(folder.path()).empty());
}

TEST(Train, ALossThatIsNotFiniteNamesTheLastGoodCheckpoint) {
  for (const std::string method : {"plain", "bild"}) {
    SmallTraining small;
    const TemporaryFolder folder;
    const TrainingTask task = small.Task(method, folder.path());
    const auto spoil_from = [&small](int64_t first) {
      small.training.change = [first](int64_t n, PatchBatch* batch) {
        if (n < first) return;
        batch->clear01[1][0][0][0].fill_(
            std::numeric_limits<float>::quiet_NaN());
      };
    };
    spoil_from(0);
    const auto at_once = Train(task);
    EXPECT_EQ(at_once.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(Says(at_once.status(), method + " seed 3, step 1: "))
        << at_once.status();
    EXPECT_TRUE(Says(at_once.status(), "There is no checkpoint yet."));
    spoil_from(5);
    const auto later = Train(task);
    EXPECT_EQ(later.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(Says(later.status(), "step 6: ")) << later.status();
    EXPECT_TRUE(Says(later.status(), "not finite")) << later.status();
    EXPECT_TRUE(Says(later.status(), "The last good checkpoint is '" +
                                         (folder / "state.safetensors") +
                                         "' (step 4)"))
        << later.status();
    // Good it is: with sound data the run goes on from there.
    small.training.change = nullptr;
    const auto result = Train(task);
    EXPECT_TRUE(result.ok()) << result.status();
  }
}

TEST(Train, AValidationLossThatIsNotFiniteStops) {
  SmallTraining small;
  const TemporaryFolder folder;
  small.validation.change = [](int64_t n, PatchBatch* batch) {
    if (n == 2) batch->hazy01.fill_(std::numeric_limits<float>::infinity());
  };
  const auto refused = Train(small.Task("bild", folder.path()));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(refused.status(), "step 3: "));
  EXPECT_TRUE(Says(refused.status(),
                   "the validation loss or its gradient is not finite"));
  EXPECT_TRUE(Says(refused.status(), "(step 2)"));
}

// A step that throws the weights out of float32's range: they are neither
// scored nor kept.
TEST(Train, WeightsThatAreNotFiniteAreNoCheckpoint) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("plain", folder.path());
  task.config.optimizer = "sgd";
  task.config.learning_rate = 1e37;
  task.config.weight_decay = 1e4;
  task.config.log_every = 1;
  const auto refused = Train(task);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(refused.status(), "step 1: the weights are not finite"))
      << refused.status();
  EXPECT_EQ(NamesIn(folder.path()),
            (std::vector<std::string>{"journal.jsonl"}));
}

// Errors of what the task was given come out as they are.
TEST(Train, ErrorsOfTheDataComeThrough) {
  class FailingBatches final : public PatchBatches {
   public:
    absl::StatusOr<PatchBatch> Batch(int64_t) override {
      return absl::DataLossError("'a.png' is damaged");
    }
    int64_t batch_size() const override { return 4; }
    int64_t crop_px() const override { return 6; }
  };
  SmallTraining small;
  const TemporaryFolder folder;
  FailingBatches failing;
  TrainingTask task = small.Task("bild", folder.path());
  task.validation = &failing;
  EXPECT_EQ(Train(task).status(), absl::DataLossError("'a.png' is damaged"));
  task.validation = &small.validation;
  task.validation_psnr_db = [](const Backbone&) -> absl::StatusOr<double> {
    return absl::NotFoundError("no validation picture");
  };
  EXPECT_EQ(Train(task).status(), absl::NotFoundError("no validation picture"));
  task.validation = nullptr;
  const auto without = Train(task);
  EXPECT_EQ(without.status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(Says(without.status(), "'bild' needs validation patches"));
}

// --- Nothing to learn --------------------------------------------------------

// A seed whose first weights make K = 0 wherever one looks: with weights of
// N(0, 0.02^2) the three biases of K decide, one seed in eight.
uint64_t SeedOfADeadNet(SmallTraining* small) {
  const PatchBatch batch = small->training.Batch(0).value();
  for (uint64_t seed = 1; seed < 1000; ++seed) {
    InitialiseParameters(small->backbone().parameters(), seed, kBackboneNet,
                         Initialisation::kNormal002);
    if (small->backbone().CheckLiveness(batch.hazy01)->share == 0.0) {
      return seed;
    }
  }
  ADD_FAILURE() << "no dead net among 999";
  return 0;
}

TEST(Train, ADeadStartIsNoticedAndSaid) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("plain", folder / "run");
  task.config.initialisation = "normal_0.02";
  task.seed = SeedOfADeadNet(&small);
  DefaultLogger().AppendTo(folder / "log");
  const auto result = Train(task);
  DefaultLogger().AppendTo("");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->is_dead);
  const std::string log = ReadFile(folder / "log").value();
  EXPECT_NE(log.find("dead at step 0: K > 0 holds nowhere"), std::string::npos)
      << log;
  EXPECT_EQ(log.find("dead at step 3"), std::string::npos) << "said twice:\n"
                                                           << log;
  EXPECT_EQ(
      CurveIn(task.folder, "live_share"),
      (std::map<int64_t, double>{{0, 0.0}, {3, 0.0}, {6, 0.0}, {7, 0.0}}));
}

TEST(Train, ALiveNetIsNotCalledDead) {
  SmallTraining small;
  const TemporaryFolder folder;
  const auto result = Train(small.Task("plain", folder.path()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->is_dead);
  const auto shares = CurveIn(folder.path(), "live_share");
  EXPECT_GT(shares.at(0), 0.0);
  EXPECT_LE(shares.at(7), 1.0);
}

TEST(Train, BildOnADeadNetStopsAfterAFullWindow) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("bild", folder.path());
  task.config.initialisation = "normal_0.02";
  task.config.alpha = 0.0;
  task.seed = SeedOfADeadNet(&small);
  int64_t last_step = 0;
  task.after_step = [&last_step](int64_t step) {
    last_step = step;
    return absl::OkStatus();
  };
  const auto stopped = Train(task);
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(stopped.status(),
                   "the gradient of the reweighting network was zero at "
                   "each of the 2 outer steps up to step 2"))
      << stopped.status();
  EXPECT_TRUE(Says(stopped.status(), "The net itself is dead"))
      << stopped.status();
  EXPECT_TRUE(Says(stopped.status(), "There is no checkpoint yet."))
      << stopped.status();
  EXPECT_EQ(last_step, 1);
  // The curves say how it came to that.
  EXPECT_EQ(CurveIn(folder.path(), "phi_gradient_norm"),
            (std::map<int64_t, double>{{2, 0.0}}));

  // Unless the run is wanted all the same: then its curves say it.
  TrainingTask through = small.Task("bild", folder / "through");
  through.config = task.config;
  through.seed = task.seed;
  through.config.stop_on_zero_gradient = false;
  const auto finished = Train(through);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->last_window.at("zero_gradient_share"), 1.0);

  // Methods that teach phi nothing have nothing to miss.
  TrainingTask frozen = small.Task("frozen_random", folder / "frozen");
  frozen.config = task.config;
  frozen.seed = task.seed;
  EXPECT_TRUE(Train(frozen).ok());
}

// The published script's reward teaches nothing, and that is what it is there
// to show.
TEST(Train, ReleasedIsNotStoppedForItsZeroGradient) {
  SmallTraining small;
  const TemporaryFolder folder;
  const auto result = Train(small.Task("released", folder.path()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->last_window.at("zero_gradient_share"), 1.0);
  EXPECT_EQ(CurveIn(folder.path(), "gain_normalised_t").size(), 3u);
}

// The seed's own permutations: another run of the same seed shuffles alike.
TEST(Train, ShuffledIsAFunctionOfTheSeed) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("shuffled", folder / "a");
  ASSERT_TRUE(Train(task).ok());
  task.folder = folder / "b";
  ASSERT_TRUE(Train(task).ok());
  EXPECT_EQ(DifferencesOfFiles(folder / "b", FilesIn(folder / "a")), "");
  EXPECT_EQ(CurveIn(folder / "a", "own_gain_normalised_mean").size(), 4u);
}

// A window that ends every third step, through all of its Hessians.
TEST(Train, AHorizonIsALoopOfWindows) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("bild", folder / "whole");
  task.config.horizon = 3;
  task.config.log_every = 1;
  const auto whole = Train(task);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->reward_engine, "hessian_vector");
  std::vector<int64_t> windows;
  for (const auto& [step, value] : CurveIn(task.folder, "gain_mean")) {
    windows.push_back(step);
  }
  EXPECT_EQ(windows, (std::vector<int64_t>{3, 6}));
  // Truncated to one step it is what outer_every = 3 is.
  task.folder = folder / "truncated";
  task.config.truncate = 1;
  ASSERT_TRUE(Train(task).ok());
  task.folder = folder / "every_third";
  task.config.truncate = 0;
  task.config.horizon = 1;
  task.config.outer_every = 3;
  ASSERT_TRUE(Train(task).ok());
  EXPECT_EQ(CurveIn(folder / "truncated", "gain_mean"),
            CurveIn(folder / "every_third", "gain_mean"));
  EXPECT_NE(CurveIn(folder / "whole", "training_loss"),
            CurveIn(folder / "truncated", "training_loss"));
}

TEST(Train, EveryEngineTrainsAlike) {
  std::map<std::string, double> scores;
  for (const std::string engine : {"in_backward", "layerwise", "forward",
                                   "finite_difference", "per_sample"}) {
    SmallTraining small;
    const TemporaryFolder folder;
    TrainingTask task = small.Task("bild", folder.path());
    task.config.reward_engine = engine;
    const auto result = Train(task);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->reward_engine, engine);
    scores[engine] = result->last_window.at("training_loss");
  }
  for (const auto& [engine, loss] : scores) {
    EXPECT_NEAR(loss, scores.at("per_sample"), 1e-4) << engine;
  }
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("bild", folder.path());
  task.config.reward_engine = "finite_difference";
  task.config.finite_difference_step = 0.001;
  const auto result = Train(task);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NE(result->last_window.at("training_loss"),
            scores.at("finite_difference"));
}

TEST(Train, WhatAMethodCannotDoTouchesNothing) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("l2rw", folder / "run");
  task.config.outer_every = 2;
  const auto refused = Train(task);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(refused.status(), "--methods=l2rw with --outer_every=2"));
}

// White validation patches: K (1 - 1) + 1 = 1 whatever K is, so v = 0.
void MakeWhite(PatchBatch* batch) { batch->hazy01.fill_(1.0); }

TEST(Train, RewardsThatDoNotDifferStopAfterAFullWindow) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("bild", folder.path());
  task.config.alpha = 0.0;
  small.validation.change = [](int64_t n, PatchBatch* batch) {
    if (n >= 3) MakeWhite(batch);
  };
  const auto stopped = Train(task);
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kFailedPrecondition);
  // Outer step 4 alone is half a window; steps 5 and 6 are a whole one.
  EXPECT_TRUE(Says(stopped.status(), "2 outer steps up to step 6"))
      << stopped.status();
  EXPECT_TRUE(
      Says(stopped.status(), "The rewards do not differ between patches"))
      << stopped.status();
  EXPECT_TRUE(Says(stopped.status(), "(step 4)")) << stopped.status();
  // The entropy term alone is a gradient, though none of the validation data.
  TrainingTask with_entropy = small.Task("bild", folder / "entropy");
  const auto result = Train(with_entropy);
  EXPECT_TRUE(result.ok()) << result.status();
}

// A last window that is not full proves nothing.
TEST(Train, AShortLastWindowDoesNotStop) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("bild", folder.path());
  task.config.alpha = 0.0;
  task.config.log_every = 50;
  small.validation.change = [](int64_t, PatchBatch* batch) {
    MakeWhite(batch);
  };
  const auto result = Train(task);
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->last_window.at("phi_gradient_norm"), 0.0);
}

}  // namespace
}  // namespace bild
