#include "bild/optimizer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/equal.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "bild/base/seed.h"
#include "c10/util/Exception.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kTolerance = 1e-12;  // float64, a handful of roundings.

at::Tensor Vector(const std::vector<double>& values) {
  at::Tensor vector =
      at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), vector.mutable_data_ptr<double>());
  return vector;
}

at::Tensor Random(int64_t count, uint64_t index, at::ScalarType type) {
  SeedEngine engine(6, SeedStream::kInit, 0, index);
  std::vector<double> values(static_cast<size_t>(count));
  for (double& value : values) value = engine.Normal();
  return Vector(values).to(type);
}

double At(const at::Tensor& vector, int64_t i) {
  return vector[i].item<double>();
}

std::unique_ptr<Optimizer> Make(const OptimizerOptions& options) {
  auto optimizer = MakeOptimizer(options);
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  return std::move(optimizer).value();
}

OptimizerOptions SgdOptions(double momentum, double weight_decay) {
  OptimizerOptions options;
  options.name = "sgd";
  options.momentum = momentum;
  options.weight_decay = weight_decay;
  return options;
}

TEST(Sgd, PlainStepsAreTheGradientTimesTheRate) {
  const auto sgd = Make(SgdOptions(0, 0));
  at::Tensor p = Vector({1, -2});
  sgd->Step(p, Vector({0.5, 4}), 0.1);
  EXPECT_NEAR(At(p, 0), 0.95, kTolerance);
  EXPECT_NEAR(At(p, 1), -2.4, kTolerance);
  EXPECT_THAT(sgd->State(), IsEmpty());
  EXPECT_EQ(sgd->steps(), 1);
}

TEST(Sgd, MomentumStartsAtTheFirstGradientAndDecayIsCoupled) {
  const auto sgd = Make(SgdOptions(0.9, 0.5));
  at::Tensor p = Vector({2});
  sgd->Step(p, Vector({1}), 0.1);  // g = 1 + 0.5 * 2 = 2 = b
  EXPECT_NEAR(At(p, 0), 1.8, kTolerance);
  sgd->Step(p, Vector({-1}), 0.2);  // g = -1 + 0.9 = -0.1, b = 1.8 - 0.1 = 1.7
  EXPECT_NEAR(At(p, 0), 1.46, kTolerance);
  ASSERT_EQ(sgd->State().size(), 1);
  EXPECT_EQ(sgd->State()[0].name, "momentum_buffer");
  EXPECT_NEAR(At(sgd->State()[0].value, 0), 1.7, kTolerance);
}

TEST(Adam, TwoStepsByHand) {
  OptimizerOptions options;
  options.beta1 = 0.5;
  options.beta2 = 0.75;
  options.epsilon = 0.25;
  Adam adam(options);
  at::Tensor p = Vector({1});
  // m = 0.5 * 2 = 1, u = 0.25 * 4 = 1; corrected 1 / 0.5 = 2, 1 / 0.25 = 4.
  adam.Step(p, Vector({2}), 0.1);
  EXPECT_NEAR(At(p, 0), 1 - 0.1 * 2 / (2 + 0.25), kTolerance);
  EXPECT_NEAR(At(adam.first_moment(), 0), 1, kTolerance);
  EXPECT_NEAR(At(adam.second_moment(), 0), 1, kTolerance);
  // m = 0.5 + 0.5 * -1 = 0, then the parameter stays; u = 0.75 + 0.25 = 1.
  const double before = At(p, 0);
  adam.Step(p, Vector({-1}), 0.1);
  EXPECT_NEAR(At(p, 0), before, kTolerance);
  EXPECT_NEAR(At(adam.second_moment(), 0), 1, kTolerance);
  // m = 0.5 * 3 = 1.5, u = 0.75 + 0.25 * 9 = 3; divisors 0.875 and 0.578125.
  adam.Step(p, Vector({3}), 0.2);
  EXPECT_NEAR(At(p, 0),
              before - 0.2 * (1.5 / 0.875) / (std::sqrt(3 / 0.578125) + 0.25),
              kTolerance);
  EXPECT_EQ(adam.steps(), 3);
}

TEST(Adam, FirstStepWithoutEpsilonIsTheSignOfTheDecayedGradient) {
  OptimizerOptions options;
  options.epsilon = 0;
  options.weight_decay = 1;
  const auto adam = Make(options);
  at::Tensor p = Vector({3, -1, 0.5});
  adam->Step(p, Vector({-1, 0.5, -7}), 0.125);  // Decayed: 2, -0.5, -6.5.
  EXPECT_NEAR(At(p, 0), 2.875, kTolerance);
  EXPECT_NEAR(At(p, 1), -0.875, kTolerance);
  EXPECT_NEAR(At(p, 2), 0.625, kTolerance);
}

TEST(Adam, ParametersWithoutAGradientStay) {
  const auto adam = Make({});
  at::Tensor p = Vector({3, -1});
  for (int i = 0; i < 3; ++i) adam->Step(p, Vector({0, 1}), 0.1);
  EXPECT_EQ(At(p, 0), 3);
  EXPECT_LT(At(p, 1), -1.2);
}

// More numbers than a thread takes at a time, and not a multiple of them: the
// same bits with one thread and with three, and those of each part by itself.
TEST(Adam, ALongVectorHasTheSameBitsWithEveryNumberOfThreads) {
  constexpr int64_t kAtATime = 1 << 18;
  constexpr int64_t kSize = 2 * kAtATime + 75'713;
  const int threads_before = at::get_num_threads();
  const at::Tensor gradient = Random(kSize, 1, at::kFloat);
  const auto stepped = [&](int threads, int64_t start, int64_t count) {
    at::set_num_threads(threads);
    at::Tensor parameters =
        Random(kSize, 2, at::kFloat).narrow(0, start, count).clone();
    const auto adam = Make(OptimizerOptions());
    for (int step = 0; step < 3; ++step) {
      adam->Step(parameters, gradient.narrow(0, start, count), 1e-2);
    }
    at::set_num_threads(threads_before);
    return parameters;
  };
  const at::Tensor whole = stepped(1, 0, kSize);
  EXPECT_FALSE(whole.equal(Random(kSize, 2, at::kFloat)));
  EXPECT_TRUE(whole.equal(stepped(3, 0, kSize)));
  EXPECT_TRUE(whole.narrow(0, kAtATime, kAtATime)
                  .equal(stepped(1, kAtATime, kAtATime)));
}

TEST(Optimizer, StepLeavesTheGradientAndAutogradAlone) {
  for (OptimizerOptions options : {SgdOptions(0.9, 0.1), OptimizerOptions()}) {
    options.weight_decay = 0.1;
    const auto optimizer = Make(options);
    at::Tensor p = Random(5, 0, at::kDouble).requires_grad_();
    const void* const storage = p.const_data_ptr();
    const at::Tensor g = Random(5, 1, at::kDouble);
    const at::Tensor g_before = g.clone();
    optimizer->Step(p, g, 0.1);
    EXPECT_TRUE(at::equal(g, g_before));
    EXPECT_TRUE(p.is_leaf());
    EXPECT_EQ(p.const_data_ptr(), storage);
    EXPECT_FALSE(optimizer->State()[0].value.requires_grad());
  }
}

TEST(Optimizer, CallersBugsThrowWithBothSides) {
  const auto adam = Make({});
  at::Tensor p = at::ones({3}, at::kFloat);
  const auto message = [&](const at::Tensor& g, double rate) -> std::string {
    try {
      adam->Step(p, g, rate);
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "";
  };
  EXPECT_THAT(message(at::ones({2}, at::kFloat), 0.1),
              AllOf(HasSubstr("[3] of Float"), HasSubstr("[2] of Float")));
  EXPECT_THAT(message(at::ones({3}, at::kDouble), 0.1),
              HasSubstr("found [3] of Double"));
  EXPECT_THAT(message(at::Tensor(), 0.1), HasSubstr("found no tensor"));
  EXPECT_THAT(message(at::ones({3}, at::kFloat), -1), HasSubstr("found -1"));
  EXPECT_THAT(message(at::ones({3}, at::kFloat), NAN), HasSubstr("found nan"));
  EXPECT_EQ(adam->steps(), 0);
  EXPECT_EQ(message(at::ones({3}, at::kFloat), 0.1), "");
  p = at::ones({4}, at::kFloat);
  EXPECT_THAT(message(at::ones({4}, at::kFloat), 0.1),
              HasSubstr("expected a first_moment"));
  p = at::ones({4, 1}, at::kFloat);
  EXPECT_THAT(message(p, 0.1), HasSubstr("expected a vector"));
}

class RestoreTest : public testing::TestWithParam<at::ScalarType> {};

TEST_P(RestoreTest, NextStepsHaveTheBitsOfAnUnbrokenRun) {
  for (OptimizerOptions options :
       {SgdOptions(0, 0), SgdOptions(0.9, 0.01), OptimizerOptions()}) {
    const at::ScalarType type = GetParam();
    const auto unbroken = Make(options);
    at::Tensor p = Random(1001, 0, type);
    for (uint64_t t = 1; t <= 7; ++t) {
      unbroken->Step(p, Random(1001, t, type), 0.01);
    }
    std::vector<NamedTensor> saved;
    for (const NamedTensor& tensor : unbroken->State()) {
      saved.push_back({tensor.name, tensor.value.clone()});
    }
    const auto resumed = Make(options);
    at::Tensor q = p.clone();
    const absl::Status status = resumed->Restore(unbroken->steps(), saved, q);
    ASSERT_TRUE(status.ok()) << status;
    for (uint64_t t = 8; t <= 12; ++t) {
      unbroken->Step(p, Random(1001, t, type), 0.01);
      resumed->Step(q, Random(1001, t, type), 0.01);
      ASSERT_TRUE(at::equal(p, q)) << options.name << " step " << t;
    }
    EXPECT_EQ(resumed->steps(), 12);
    // What was given stays the giver's.
    for (size_t i = 0; i < saved.size(); ++i) {
      EXPECT_NE(saved[i].value.const_data_ptr(),
                resumed->State()[i].value.const_data_ptr());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, RestoreTest,
                         testing::Values(at::kFloat, at::kDouble));

TEST(Restore, TheStateBeforeAFirstStepIsEmpty) {
  const auto adam = Make({});
  at::Tensor p = Vector({1});
  EXPECT_THAT(adam->State(), IsEmpty());
  ASSERT_TRUE(adam->Restore(0, {}, p).ok());
  adam->Step(p, Vector({5}), 0.5);
  EXPECT_NEAR(At(p, 0), 0.5, 1e-8);
}

TEST(Restore, ListsEveryDisagreementAndChangesNothing) {
  const auto adam = Make({});
  at::Tensor p = at::ones({3}, at::kFloat);
  adam->Step(p, p.clone(), 0.1);
  const at::Tensor moment = adam->State()[0].value.clone();

  absl::Status status =
      adam->Restore(9,
                    {{"first_moment", at::zeros({4}, at::kFloat)},
                     {"second_moment", at::zeros({3}, at::kDouble)},
                     {"momentum_buffer", at::zeros({3}, at::kFloat)}},
                    p);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("optimiser 'adam' after 9 steps"),
                    HasSubstr("first_moment: expected [3] of Float, found [4] "
                              "of Float"),
                    HasSubstr("second_moment: expected [3] of Float, found [3] "
                              "of Double"),
                    HasSubstr("momentum_buffer: extra")));

  const at::Tensor zeros = at::zeros({3}, at::kFloat);
  status =
      adam->Restore(9, {{"first_moment", zeros}, {"first_moment", zeros}}, p);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("first_moment: there twice"),
                    HasSubstr("second_moment: missing")));
  EXPECT_THAT(std::string(adam->Restore(-1, {}, p).message()),
              HasSubstr("steps >= 0, found -1"));
  EXPECT_FALSE(adam->Restore(0, {{"first_moment", zeros}}, p).ok());
  EXPECT_FALSE(Make(SgdOptions(0.9, 0))->Restore(1, {}, p).ok());
  EXPECT_TRUE(Make(SgdOptions(0, 0))->Restore(1, {}, p).ok());

  EXPECT_EQ(adam->steps(), 1);
  EXPECT_TRUE(at::equal(adam->State()[0].value, moment));
}

TEST(MakeOptimizer, NamesTheKnownOnesAndEveryBadOption) {
  OptimizerOptions options;
  options.name = "adamw";
  options.beta2 = 1;
  options.momentum = -0.5;
  options.weight_decay = NAN;
  options.epsilon = HUGE_VAL;
  const absl::Status status = MakeOptimizer(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("expected adam or sgd, found 'adamw'"),
                    HasSubstr("beta2: expected 0 <= beta2 < 1, found 1"),
                    HasSubstr("momentum: expected 0 <= momentum < 1, found "
                              "-0.5"),
                    HasSubstr("weight_decay: expected 0 <= weight_decay, "
                              "found nan"),
                    HasSubstr("epsilon: expected 0 <= epsilon, found inf")));
  EXPECT_NE(dynamic_cast<Adam*>(Make({}).get()), nullptr);
}

TEST(ClipGradientNorm, ScalesLongGradientsOnly) {
  at::Tensor g = Vector({3, -4});
  EXPECT_NEAR(ClipGradientNorm(g, 10), 5, kTolerance);
  EXPECT_EQ(At(g, 0), 3);
  EXPECT_NEAR(ClipGradientNorm(g, 1), 5, kTolerance);
  EXPECT_NEAR(At(g, 0), 3 / 5.000001, kTolerance);
  EXPECT_NEAR(At(g, 1), -4 / 5.000001, kTolerance);
  // The 1e-6 counts even where the norm is the bound.
  g = Vector({2});
  ClipGradientNorm(g, 2);
  EXPECT_NEAR(At(g, 0), 4 / 2.000001, kTolerance);
  g = at::zeros({2}, at::kDouble);
  EXPECT_EQ(ClipGradientNorm(g, 1e-9), 0);
  EXPECT_EQ(At(g, 0), 0);
  EXPECT_THROW(ClipGradientNorm(g, 0), c10::Error);
}

TEST(ClipGradientNorm, DoesNotHideWhatIsNotFinite) {
  at::Tensor g = Vector({1, HUGE_VAL});
  EXPECT_TRUE(std::isinf(ClipGradientNorm(g, 1)));
  EXPECT_EQ(At(g, 0), 0);
  EXPECT_TRUE(std::isnan(At(g, 1)));
  g = Vector({1, NAN});
  EXPECT_TRUE(std::isnan(ClipGradientNorm(g, 1)));
  EXPECT_TRUE(std::isnan(At(g, 0)));
}

}  // namespace
}  // namespace bild
