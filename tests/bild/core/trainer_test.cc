// The one training loop: what it leaves on disk, when it refuses, and that a
// run which was stopped anywhere ends with the bits of one that was not.

#include "bild/trainer.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "bild/base/atomic_file.h"
#include "bild/base/log.h"
#include "bild/checkpoint.h"
#include "bild/initialise.h"
#include "bild/journal.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_training.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using Files = std::map<std::string, std::string>;

Files FilesOf(const std::string& folder) {
  Files files;
  for (const std::string& name : NamesIn(folder)) {
    files[name] = ReadFile(folder + "/" + name).value();
  }
  return files;
}

// Names first: the content of a differing file is no use in a message.
void ExpectSameFiles(const Files& got, const Files& want) {
  std::vector<std::string> got_names, want_names;
  for (const auto& [name, content] : got) got_names.push_back(name);
  for (const auto& [name, content] : want) want_names.push_back(name);
  ASSERT_EQ(got_names, want_names);
  for (const auto& [name, content] : want) {
    EXPECT_TRUE(got.at(name) == content) << name << " differs";
  }
}

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The journal's values of one curve, by step.
std::map<int64_t, double> Curve(const std::string& folder,
                                const std::string& name) {
  std::map<int64_t, double> curve;
  const auto rows = ReadJournal(folder + "/journal.jsonl");
  EXPECT_TRUE(rows.ok()) << rows.status();
  if (!rows.ok()) return curve;
  for (const auto& point : rows->curves) {
    if (point.name == name) curve[point.step] = point.value;
  }
  return curve;
}

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
  const auto scores = Curve(folder.path(), "validation_psnr_db");
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
                            small.backbone().parameters())
                    .ok());
    EXPECT_EQ(FormulaPsnrDb(small.backbone()).value(),
              is_best ? best : scores.at(7));
  }

  // Windows of two outer steps, and the short one at the end; of each the
  // weights of one batch.
  std::vector<int64_t> windows;
  for (const auto& [step, value] : Curve(folder.path(), "training_loss")) {
    windows.push_back(step);
  }
  EXPECT_EQ(windows, (std::vector<int64_t>{2, 4, 6, 7}));
  EXPECT_EQ(Curve(folder.path(), "gain_normalised_t").count(7), 0u);
  EXPECT_EQ(result->last_window.at("training_loss"),
            Curve(folder.path(), "training_loss").at(6));
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
  EXPECT_TRUE(Curve(folder.path(), "gain_mean").empty());
}

TEST(Train, AFinishedRunReturnsItsResultAtOnce) {
  SmallTraining small;
  const TemporaryFolder folder;
  const TrainingTask task = small.Task("bild", folder.path());
  const auto first = Train(task);
  ASSERT_TRUE(first.ok()) << first.status();
  const Files files = FilesOf(folder.path());
  small.training.change = [](int64_t, PatchBatch*) {
    FAIL() << "a finished run asked for a batch";
  };
  const auto again = Train(task);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->best_step, first->best_step);
  EXPECT_EQ(again->last_window, first->last_window);
  EXPECT_EQ(again->step_milliseconds_median, 0.0);
  ExpectSameFiles(FilesOf(folder.path()), files);
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
  EXPECT_NE(Curve(folder / "a", "training_loss"),
            Curve(folder / "b", "training_loss"));
}

// --- Stopped and started again ----------------------------------------------

struct Variant {
  std::string name;
  std::string method;
  std::function<void(TrainConfig*)> change;
};

const std::vector<Variant>& Variants() {
  const auto momentum = [](TrainConfig* config) {
    config->optimizer = "sgd";
    config->momentum = 0.9;
    config->learning_rate = 0.01;
    config->weight_decay = 1e-4;
    config->clip_gradient_norm = 0.1;
    config->learning_rate_schedule = "cosine";
  };
  static const auto* variants = new std::vector<Variant>{
      {"plain_adam", "plain", [](TrainConfig*) {}},
      {"plain_sgd", "plain", [](TrainConfig* c) { c->optimizer = "sgd"; }},
      {"bild_adam", "bild", [](TrainConfig*) {}},
      {"bild_momentum", "bild", momentum},
      {"bild_every_second", "bild",
       [](TrainConfig* c) {
         c->outer_every = 2;
         c->log_every = 1;
         c->loss = "mse";
       }},
      {"frozen_random_momentum", "frozen_random", momentum},
  };
  return *variants;
}

class ResumeTest : public testing::TestWithParam<Variant> {};

TEST_P(ResumeTest, StoppedAfterAnyStepEndsWithTheSameBits) {
  SmallTraining small;
  const TemporaryFolder folder;
  const auto task_in = [&](const std::string& name) {
    TrainingTask task = small.Task(GetParam().method, folder / name);
    GetParam().change(&task.config);
    return task;
  };
  const TrainingTask unbroken = task_in("unbroken");
  ASSERT_TRUE(Train(unbroken).ok());
  const Files want = FilesOf(unbroken.folder);

  const TrainingTask twin = task_in("twin");
  ASSERT_TRUE(Train(twin).ok());
  ExpectSameFiles(FilesOf(twin.folder), want);

  for (int64_t stop = 1; stop <= unbroken.config.steps; ++stop) {
    SCOPED_TRACE(testing::Message() << "stopped after step " << stop);
    TrainingTask task = task_in("stopped_" + std::to_string(stop));
    task.after_step = [stop](int64_t step) {
      return step == stop ? absl::CancelledError("stopped") : absl::OkStatus();
    };
    const auto stopped = Train(task);
    ASSERT_EQ(stopped.status().code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(NamesIn(task.folder).size(),
              stop >= unbroken.config.log_every * unbroken.config.outer_every
                  ? 2u
                  : 1u);
    // Another process starts with other weights in memory.
    small.backbone().parameters().flat().fill_(0.5);
    task.after_step = nullptr;
    const auto result = Train(task);
    ASSERT_TRUE(result.ok()) << result.status();
    ExpectSameFiles(FilesOf(task.folder), want);
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, ResumeTest, testing::ValuesIn(Variants()),
                         [](const auto& row) { return row.param.name; });

TEST(Train, AFolderWithACheckpointNeedsResume) {
  SmallTraining small;
  const TemporaryFolder folder;
  TrainingTask task = small.Task("plain", folder.path());
  task.resume = false;
  ASSERT_TRUE(Train(task).ok());
  const Files files = FilesOf(folder.path());
  const auto again = Train(task);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Contains(MessageOf(again.status()),
                       "holds a checkpoint of an earlier run"));
  EXPECT_TRUE(Contains(MessageOf(again.status()), "--resume"));
  ExpectSameFiles(FilesOf(folder.path()), files);
}

TEST(Train, ACheckpointOfAnotherRunIsRefusedWithBothTexts) {
  SmallTraining small;
  const TemporaryFolder folder;
  const TrainingTask task = small.Task("bild", folder.path());
  ASSERT_TRUE(Train(task).ok());
  const Files files = FilesOf(folder.path());
  TrainingTask data = task;
  data.run = "data=another";
  TrainingTask seed = task;
  seed.seed = 17;
  TrainingTask alpha = task;
  alpha.config.alpha = 0.5;
  TrainingTask method = task;
  method.method = FindMethod("frozen_random").value();
  const std::map<std::string, TrainingTask> others = {
      {"data=another", data},
      {"seed=17", seed},
      {"--alpha=0.5", alpha},
      {"method=frozen_random", method}};
  for (const auto& [fragment, other] : others) {
    const auto refused = Train(other);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
    const std::string message = MessageOf(refused.status());
    EXPECT_TRUE(Contains(message, "belongs to another run")) << message;
    EXPECT_TRUE(Contains(message, fragment)) << message;
    EXPECT_TRUE(Contains(message, "data=formula method=bild seed=3"))
        << message;
    EXPECT_TRUE(Contains(message, "state.safetensors")) << message;
    ExpectSameFiles(FilesOf(folder.path()), files);
  }
}

TEST(Train, ADamagedCheckpointIsNamed) {
  SmallTraining small;
  const TemporaryFolder folder;
  const TrainingTask task = small.Task("plain", folder.path());
  ASSERT_TRUE(Train(task).ok());
  const std::string path = folder / "state.safetensors";
  const std::string whole = ReadFile(path).value();
  for (const size_t size :
       {size_t{0}, size_t{5}, size_t{8}, whole.size() / 2, whole.size() - 1}) {
    ASSERT_TRUE(WriteFileAtomically(path, whole.substr(0, size)).ok());
    const auto refused = Train(task);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_TRUE(Contains(MessageOf(refused.status()), path))
        << refused.status();
    EXPECT_EQ(ReadFile(path).value().size(), size);
  }
  ASSERT_TRUE(WriteFileAtomically(path, whole).ok());
  ASSERT_TRUE(Train(task).ok());

  // The journal must hold what the checkpoint says that it holds.
  ASSERT_TRUE(WriteFileAtomically(folder / "journal.jsonl", "{").ok());
  const auto refused = Train(task);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(MessageOf(refused.status()), "journal.jsonl"));
  EXPECT_TRUE(Contains(MessageOf(refused.status()), "found 1"));
}

TEST(Train, WhatAKilledWriterLeftIsRemoved) {
  SmallTraining small;
  const TemporaryFolder folder;
  ASSERT_TRUE(
      WriteFileAtomically(folder / "state.safetensors.tmp.4711", "half").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "notes.tmp.txt", "mine").ok());
  ASSERT_TRUE(Train(small.Task("plain", folder.path())).ok());
  EXPECT_EQ(NamesIn(folder.path()),
            (std::vector<std::string>{"best@val.safetensors", "journal.jsonl",
                                      "last.safetensors", "notes.tmp.txt",
                                      "state.safetensors"}));
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
  EXPECT_TRUE(Contains(MessageOf(refused.status()), "--batch=2"));
  EXPECT_TRUE(Contains(MessageOf(refused.status()), "--alpha=-1"));
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
    EXPECT_TRUE(
        Contains(MessageOf(at_once.status()), method + " seed 3, step 1: "))
        << at_once.status();
    EXPECT_TRUE(
        Contains(MessageOf(at_once.status()), "There is no checkpoint yet."));
    spoil_from(5);
    const auto later = Train(task);
    EXPECT_EQ(later.status().code(), absl::StatusCode::kFailedPrecondition);
    const std::string message = MessageOf(later.status());
    EXPECT_TRUE(Contains(message, "step 6: ")) << message;
    EXPECT_TRUE(Contains(message, "not finite")) << message;
    EXPECT_TRUE(Contains(message, "The last good checkpoint is '" +
                                      (folder / "state.safetensors") +
                                      "' (step 4)"))
        << message;
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
  EXPECT_TRUE(Contains(MessageOf(refused.status()), "step 3: "));
  EXPECT_TRUE(Contains(MessageOf(refused.status()),
                       "the validation loss or its gradient is not finite"));
  EXPECT_TRUE(Contains(MessageOf(refused.status()), "(step 2)"));
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
  EXPECT_TRUE(Contains(MessageOf(refused.status()),
                       "step 1: the weights are not finite"))
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
  EXPECT_TRUE(
      Contains(MessageOf(without.status()), "'bild' needs validation patches"));
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
  EXPECT_TRUE(Contains(log, "dead at step 0: K > 0 holds nowhere")) << log;
  EXPECT_FALSE(Contains(log, "dead at step 3")) << "said twice:\n" << log;
  EXPECT_EQ(
      Curve(task.folder, "live_share"),
      (std::map<int64_t, double>{{0, 0.0}, {3, 0.0}, {6, 0.0}, {7, 0.0}}));
}

TEST(Train, ALiveNetIsNotCalledDead) {
  SmallTraining small;
  const TemporaryFolder folder;
  const auto result = Train(small.Task("plain", folder.path()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->is_dead);
  const auto shares = Curve(folder.path(), "live_share");
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
  const std::string message = MessageOf(stopped.status());
  EXPECT_TRUE(Contains(message,
                       "the gradient of the reweighting network was zero at "
                       "each of the 2 outer steps up to step 2"))
      << message;
  EXPECT_TRUE(Contains(message, "The net itself is dead")) << message;
  EXPECT_TRUE(Contains(message, "There is no checkpoint yet.")) << message;
  EXPECT_EQ(last_step, 1);
  // The curves say how it came to that.
  EXPECT_EQ(Curve(folder.path(), "phi_gradient_norm"),
            (std::map<int64_t, double>{{2, 0.0}}));

  // Methods that teach phi nothing have nothing to miss.
  TrainingTask frozen = small.Task("frozen_random", folder / "frozen");
  frozen.config = task.config;
  frozen.seed = task.seed;
  EXPECT_TRUE(Train(frozen).ok());
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
  const std::string message = MessageOf(stopped.status());
  // Outer step 4 alone is half a window; steps 5 and 6 are a whole one.
  EXPECT_TRUE(Contains(message, "2 outer steps up to step 6")) << message;
  EXPECT_TRUE(Contains(message, "The rewards do not differ between patches"))
      << message;
  EXPECT_TRUE(Contains(message, "(step 4)")) << message;
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
