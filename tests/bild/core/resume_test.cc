// A run that was stopped anywhere ends with the bits of one that was not, and
// goes on from no checkpoint but its own.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "bild/base/atomic_file.h"
#include "bild/trainer.h"
#include "gtest/gtest.h"
#include "tests/bild/core/run_files.h"
#include "tests/bild/core/small_training.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

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
      {"shuffled", "shuffled", [](TrainConfig*) {}},
      {"uniform_phi_trained", "uniform_phi_trained", [](TrainConfig*) {}},
      {"l2rw", "l2rw", [](TrainConfig*) {}},
      {"released", "released", [](TrainConfig*) {}},
      {"bild_validation_momentum", "bild",
       [](TrainConfig* c) { c->validation_momentum = 0.8; }},
      {"l2rw_validation_momentum", "l2rw",
       [](TrainConfig* c) { c->validation_momentum = 0.8; }},
      // Windows of three in seven steps: the last one has no end.
      {"bild_horizon_adam", "bild",
       [](TrainConfig* c) {
         c->horizon = 3;
         c->log_every = 1;
         c->preconditioner = "exact";
       }},
      {"shuffled_truncated_horizon", "shuffled",
       [](TrainConfig* c) {
         c->horizon = 3;
         c->truncate = 2;
         c->log_every = 1;
         c->optimizer = "sgd";
         c->learning_rate_schedule = "cosine";
       }},
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
  const auto want = FilesIn(unbroken.folder);

  const TrainingTask twin = task_in("twin");
  ASSERT_TRUE(Train(twin).ok());
  EXPECT_EQ(DifferencesOfFiles(twin.folder, want), "");

  for (int64_t stop = 1; stop <= unbroken.config.steps; ++stop) {
    SCOPED_TRACE(testing::Message() << "stopped after step " << stop);
    TrainingTask task = task_in("stopped_" + std::to_string(stop));
    task.after_step = [stop](int64_t step) {
      return step == stop ? absl::CancelledError("stopped") : absl::OkStatus();
    };
    const auto stopped = Train(task);
    ASSERT_EQ(stopped.status().code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(NamesIn(task.folder).size(),
              stop >= unbroken.config.log_every *
                          unbroken.config.effective_outer_every()
                  ? 2u
                  : 1u);
    // Another process starts with other weights in memory.
    small.backbone().parameters().flat().fill_(0.5);
    task.after_step = nullptr;
    const auto result = Train(task);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(DifferencesOfFiles(task.folder, want), "");
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
  const auto files = FilesIn(folder.path());
  const auto again = Train(task);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(again.status(), "holds a checkpoint of an earlier run"));
  EXPECT_TRUE(Says(again.status(), "--resume"));
  EXPECT_EQ(DifferencesOfFiles(folder.path(), files), "");
}

TEST(Train, ACheckpointOfAnotherRunIsRefusedWithBothTexts) {
  SmallTraining small;
  const TemporaryFolder folder;
  const TrainingTask task = small.Task("bild", folder.path());
  ASSERT_TRUE(Train(task).ok());
  const auto files = FilesIn(folder.path());
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
    EXPECT_TRUE(Says(refused.status(), "belongs to another run"))
        << refused.status();
    EXPECT_TRUE(Says(refused.status(), fragment)) << refused.status();
    EXPECT_TRUE(Says(refused.status(), "data=formula method=bild seed=3"))
        << refused.status();
    EXPECT_TRUE(Says(refused.status(), "state.safetensors"))
        << refused.status();
    EXPECT_EQ(DifferencesOfFiles(folder.path(), files), "");
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
    EXPECT_TRUE(Says(refused.status(), path)) << refused.status();
    EXPECT_EQ(ReadFile(path).value().size(), size);
  }
  ASSERT_TRUE(WriteFileAtomically(path, whole).ok());
  ASSERT_TRUE(Train(task).ok());

  // The journal must hold what the checkpoint says that it holds.
  ASSERT_TRUE(WriteFileAtomically(folder / "journal.jsonl", "{").ok());
  const auto refused = Train(task);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Says(refused.status(), "journal.jsonl"));
  EXPECT_TRUE(Says(refused.status(), "found 1"));
}

TEST(Train, WhatAKilledWriterLeftIsRemoved) {
  SmallTraining small;
  const TemporaryFolder folder;
  ASSERT_TRUE(
      // No process has this number: the kernel's largest is 2^22.
      WriteFileAtomically(folder / ".state.safetensors.bild-tmp.4194305",
                          "half")
          .ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "notes.tmp.4194305", "mine").ok());
  ASSERT_TRUE(Train(small.Task("plain", folder.path())).ok());
  EXPECT_EQ(NamesIn(folder.path()),
            (std::vector<std::string>{"best@val.safetensors", "journal.jsonl",
                                      "last.safetensors", "notes.tmp.4194305",
                                      "state.safetensors"}));
}

}  // namespace
}  // namespace bild
