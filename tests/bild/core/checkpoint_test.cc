#include "bild/checkpoint.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "backbones/safetensors.h"
#include "bild/base/atomic_file.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

constexpr char kRun[] = "data=formula seed=1";

std::unique_ptr<Optimizer> MakeAdam() {
  return MakeOptimizer(OptimizerOptions()).value();
}

// Everything that a checkpoint holds, at values of its own.
struct World {
  explicit World(uint64_t number, int64_t steps = 3)
      : theta_optimizer(MakeAdam()), phi_optimizer(MakeAdam()) {
    Declare(theta);
    Declare(phi);
    buffers.Add("running_mean", {3}, 1);
    buffers.Materialise(at::kFloat, /*requires_grad=*/false);
    SeedEngine engine = TestEngine(number);
    buffers.flat().copy_(NormalTensor(engine, {3}));
    for (int64_t i = 0; i < steps; ++i) {
      Step(theta, *theta_optimizer, engine);
      Step(phi, *phi_optimizer, engine);
    }
    progress.step = steps;
    progress.outer_step = steps - 1;
    progress.best_step = steps > 0 ? 1 : 0;
    progress.best_validation_psnr_db = 17.0 + 1.0 / 3.0;
    if (steps > 0) {
      progress.best_parameters = theta.flat() * 0.5;
      progress.best_buffers = buffers.flat() * 0.25;
    }
    if (steps > 0) {
      outer.reward_baseline = 0.1 + 1.0 / static_cast<double>(number);
      outer.mean_validation_gradient = theta.flat() * 0.125;
    }
    progress.is_dead = true;
    progress.journal_bytes = 1234;
    progress.last_window = {{"gain_mean", 1e-17},
                            {"best", std::numeric_limits<double>::infinity()}};
  }
  static void Declare(ParameterSet& set) {
    set.Add("weight", {2, 3}, 3);
    set.Add("bias", {2}, 3);
    set.Materialise(at::kFloat);
  }
  static void Step(ParameterSet& set, Optimizer& optimizer,
                   SeedEngine& engine) {
    at::Tensor flat = set.flat();
    optimizer.Step(flat, NormalTensor(engine, {set.size()}).to(at::kFloat),
                   0.1);
  }
  TrainingState state(bool has_phi = true) {
    return {&theta,
            &buffers,
            theta_optimizer.get(),
            has_phi ? &phi : nullptr,
            has_phi ? phi_optimizer.get() : nullptr,
            &outer,
            &progress};
  }

  ParameterSet theta, buffers, phi;
  std::unique_ptr<Optimizer> theta_optimizer, phi_optimizer;
  OuterState outer;
  TrainingProgress progress;
};

void ExpectEqual(const World& got, const World& want) {
  EXPECT_TRUE(got.theta.flat().equal(want.theta.flat()));
  EXPECT_TRUE(got.buffers.flat().equal(want.buffers.flat()));
  EXPECT_TRUE(got.phi.flat().equal(want.phi.flat()));
  EXPECT_EQ(got.theta_optimizer->steps(), want.theta_optimizer->steps());
  EXPECT_EQ(got.phi_optimizer->steps(), want.phi_optimizer->steps());
  EXPECT_EQ(got.progress.step, want.progress.step);
  EXPECT_EQ(got.progress.outer_step, want.progress.outer_step);
  EXPECT_EQ(got.progress.best_step, want.progress.best_step);
  EXPECT_EQ(got.progress.best_validation_psnr_db,
            want.progress.best_validation_psnr_db);
  EXPECT_EQ(got.progress.is_dead, want.progress.is_dead);
  EXPECT_EQ(got.progress.journal_bytes, want.progress.journal_bytes);
  EXPECT_EQ(got.progress.last_window, want.progress.last_window);
  EXPECT_EQ(got.outer.reward_baseline, want.outer.reward_baseline);
  ASSERT_EQ(got.outer.mean_validation_gradient.defined(),
            want.outer.mean_validation_gradient.defined());
  if (want.outer.mean_validation_gradient.defined()) {
    EXPECT_TRUE(got.outer.mean_validation_gradient.equal(
        want.outer.mean_validation_gradient));
  }
  ASSERT_EQ(got.progress.best_parameters.defined(),
            want.progress.best_parameters.defined());
  if (want.progress.best_parameters.defined()) {
    EXPECT_TRUE(
        got.progress.best_parameters.equal(want.progress.best_parameters));
    EXPECT_TRUE(got.progress.best_buffers.equal(want.progress.best_buffers));
  }
}

// The next steps of both have the same bits.
void ExpectSameFuture(World& a, World& b) {
  SeedEngine engine_a = TestEngine(99);
  SeedEngine engine_b = TestEngine(99);
  for (int i = 0; i < 2; ++i) {
    World::Step(a.theta, *a.theta_optimizer, engine_a);
    World::Step(a.phi, *a.phi_optimizer, engine_a);
    World::Step(b.theta, *b.theta_optimizer, engine_b);
    World::Step(b.phi, *b.phi_optimizer, engine_b);
  }
  EXPECT_TRUE(a.theta.flat().equal(b.theta.flat()));
  EXPECT_TRUE(a.phi.flat().equal(b.phi.flat()));
}

TEST(Checkpoint, RestoresEverything) {
  const TemporaryFolder folder;
  World saved(1);
  ASSERT_TRUE(SaveCheckpoint(folder / "state", kRun, saved.state()).ok());
  World other(2, /*steps=*/7);
  ASSERT_TRUE(LoadCheckpoint(folder / "state", kRun, other.state()).ok());
  ExpectEqual(other, saved);
  // The leaves still share the vector's memory.
  EXPECT_EQ(other.theta.list()[0]->value.data_ptr<float>(),
            other.theta.flat().data_ptr<float>());
  ExpectSameFuture(other, saved);

  // The same content is the same file.
  World again(1);
  ASSERT_TRUE(SaveCheckpoint(folder / "again", kRun, again.state()).ok());
  EXPECT_EQ(ReadFile(folder / "again").value(),
            ReadFile(folder / "state").value());
}

TEST(Checkpoint, BeforeTheFirstStep) {
  const TemporaryFolder folder;
  World saved(1, /*steps=*/0);
  saved.progress.outer_step = 0;
  ASSERT_TRUE(SaveCheckpoint(folder / "state", kRun, saved.state()).ok());
  World other(2);
  ASSERT_TRUE(LoadCheckpoint(folder / "state", kRun, other.state()).ok());
  ExpectEqual(other, saved);
  ExpectSameFuture(other, saved);
}

TEST(Checkpoint, WithoutANetwork) {
  const TemporaryFolder folder;
  World saved(1);
  ASSERT_TRUE(SaveCheckpoint(folder / "state", kRun, saved.state(false)).ok());
  World other(2);
  const at::Tensor phi = other.phi.flat().clone();
  ASSERT_TRUE(LoadCheckpoint(folder / "state", kRun, other.state(false)).ok());
  EXPECT_TRUE(other.theta.flat().equal(saved.theta.flat()));
  EXPECT_TRUE(other.phi.flat().equal(phi));
  // One with a network wants it.
  const absl::Status missing =
      LoadCheckpoint(folder / "state", kRun, other.state());
  EXPECT_EQ(missing.code(), absl::StatusCode::kDataLoss);
}

TEST(Checkpoint, OfAnotherRunShowsBothTexts) {
  const TemporaryFolder folder;
  World saved(1);
  ASSERT_TRUE(SaveCheckpoint(folder / "state", kRun, saved.state()).ok());
  const absl::Status refused =
      LoadCheckpoint(folder / "state", "data=formula seed=2", saved.state());
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  const std::string message(refused.message());
  EXPECT_NE(message.find("expected: data=formula seed=2"), std::string::npos);
  EXPECT_NE(message.find("found:    data=formula seed=1"), std::string::npos);
}

// Writes the checkpoint with something changed and expects it to be refused,
// with that fragment, and nothing taken over.
void ExpectRefused(const std::function<void(SafetensorsFile*)>& change,
                   const std::string& fragment,
                   absl::StatusCode code = absl::StatusCode::kDataLoss) {
  SCOPED_TRACE(fragment);
  const TemporaryFolder folder;
  const std::string path = folder / "state";
  World saved(1);
  ASSERT_TRUE(SaveCheckpoint(path, kRun, saved.state()).ok());
  SafetensorsFile file = ReadSafetensors(path).value();
  change(&file);
  ASSERT_TRUE(WriteSafetensors(path, file.tensors, file.metadata).ok());
  World other(2, /*steps=*/4);
  World untouched(2, /*steps=*/4);
  const absl::Status refused = LoadCheckpoint(path, kRun, other.state());
  EXPECT_EQ(refused.code(), code) << refused;
  EXPECT_NE(std::string(refused.message()).find(fragment), std::string::npos)
      << refused;
  EXPECT_NE(std::string(refused.message()).find(path), std::string::npos)
      << refused;
  ExpectEqual(other, untouched);
  ExpectSameFuture(other, untouched);
}

void Drop(SafetensorsFile* file, const std::string& name) {
  std::vector<NamedTensor> kept;
  for (const NamedTensor& tensor : file->tensors) {
    if (tensor.name != name) kept.push_back(tensor);
  }
  ASSERT_EQ(kept.size() + 1, file->tensors.size()) << name;
  file->tensors = kept;
}

void Replace(SafetensorsFile* file, const std::string& key,
             const std::string& from, const std::string& to) {
  std::string& text = file->metadata.at(key);
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " in " << text;
  text.replace(at, from.size(), to);
}

TEST(Checkpoint, DamageIsRefusedWhole) {
  for (const std::string name : {"theta", "phi", "best_theta"}) {
    ExpectRefused([&](SafetensorsFile* f) { Drop(f, name); },
                  "no '" + name + "'");
    ExpectRefused(
        [&](SafetensorsFile* f) {
          for (NamedTensor& tensor : f->tensors) {
            if (tensor.name == name)
              tensor.value = tensor.value.narrow(0, 0, 5);
          }
        },
        "'" + name + "' has 5 values, expected 8");
    ExpectRefused(
        [&](SafetensorsFile* f) {
          for (NamedTensor& tensor : f->tensors) {
            if (tensor.name == name)
              tensor.value = tensor.value.to(at::kDouble);
          }
        },
        "'" + name + "' has 8 values, expected 8 of the net's type");
  }
  // The optimiser that is looked at last must not leave the first one changed.
  for (const std::string prefix : {"theta_optimizer/", "phi_optimizer/"}) {
    ExpectRefused(
        [&](SafetensorsFile* f) { Drop(f, prefix + "second_moment"); },
        "second_moment: missing");
    ExpectRefused(
        [&](SafetensorsFile* f) {
          f->tensors.push_back({prefix + "third", f->tensors[0].value});
        },
        "third: extra");
    ExpectRefused(
        [&](SafetensorsFile* f) {
          Replace(f, "progress", prefix + "steps\":3", prefix + "steps\":-3");
        },
        "steps >= 0");
  }
}

TEST(Checkpoint, DamagedProgressIsRefusedWhole) {
  const auto with = [](const std::string& from, const std::string& to) {
    return [from, to](SafetensorsFile* f) { Replace(f, "progress", from, to); };
  };
  ExpectRefused(with("{", ""), "is damaged");
  ExpectRefused(with("\"step\":3", "\"stop\":3"), "step");
  ExpectRefused(with("\"step\":3", "\"step\":-3"), "is negative");
  for (const std::string number : {"3.5", "1e300", "9223372036854775808"}) {
    ExpectRefused(with("\"step\":3", "\"step\":" + number), "is no number");
  }
  ExpectRefused(with("\"journal_bytes\":1234", "\"journal_bytes\":-1"),
                "is negative");
  ExpectRefused(with("\"is_dead\":true", "\"is_dead\":\"yes\""), "is damaged");
  ExpectRefused(with("17.333333333333332", "17 dB"), "is no number");
  ExpectRefused(with("\"1e-17\"", "\"tiny\""), "is no number");
  ExpectRefused([](SafetensorsFile* f) { f->metadata.erase("progress"); },
                "is damaged");
  ExpectRefused(
      [](SafetensorsFile* f) { f->metadata["format"] = "bild-checkpoint/0"; },
      "expected format 'bild-checkpoint/3', found 'bild-checkpoint/0'",
      absl::StatusCode::kFailedPrecondition);
  ExpectRefused([](SafetensorsFile* f) { f->metadata.clear(); },
                "is no checkpoint of this version",
                absl::StatusCode::kFailedPrecondition);
}

TEST(Checkpoint, TruncatedAtAnyLengthIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "state";
  World saved(1);
  ASSERT_TRUE(SaveCheckpoint(path, kRun, saved.state()).ok());
  const std::string whole = ReadFile(path).value();
  World other(2);
  for (size_t size = 0; size < whole.size(); size += 7) {
    ASSERT_TRUE(WriteFileAtomically(path, whole.substr(0, size)).ok());
    const absl::Status refused = LoadCheckpoint(path, kRun, other.state());
    EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_NE(std::string(refused.message()).find(path), std::string::npos);
  }
  World untouched(2);
  ExpectEqual(other, untouched);
}

}  // namespace
}  // namespace bild
