#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/ones_like.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/zeros_like.h"
#include "bild/bilevel_step.h"
#include "bild/methods.h"
#include "bild/preconditioner.h"
#include "bild/unroll.h"
#include "gtest/gtest.h"
#include "tests/bild/golden_checks.h"
#include "tests/testing/formula_fill.h"

namespace bild {
namespace {

using nlohmann::json;

// How the inner steps of a window are made.
struct Window {
  std::string tensors;        // "window0/".
  std::vector<double> betas;  // Oldest first.
  // Inner optimiser as it is before the first step.
  std::function<std::unique_ptr<Optimizer>()> optimizer;
  std::string path;     // The tensor with theta_0 to theta_K.
  std::string weights;  // The tensor with every step's weights; may be empty.

  int64_t size() const { return static_cast<int64_t>(betas.size()); }
};

// The window as the trainer runs it, to phi's step; the last step's report.
StepReport RunWindow(GoldenCase& golden, const Window& window, int64_t truncate,
                     const RewardOptions& reward,
                     Preconditioner preconditioner) {
  golden.Reset();
  BilevelOptions options = golden.Options();
  options.reward = reward;
  options.phi_learning_rate = kReadOffStep;
  options.unrolled_steps = truncate;
  options.preconditioner = preconditioner;
  const auto theta = window.optimizer();
  const auto phi = GoldenOptimizer("sgd");
  BilevelStep step(*golden.net(), *theta, &golden.network(), phi.get(),
                   FindMethod("bild").value(), options);
  const Patches validation = golden.Validation();
  StepReport last;
  for (int64_t s = 0; s < window.size(); ++s) {
    const bool is_last = s + 1 == window.size();
    auto report = step.Run(golden.Training(s), is_last ? &validation : nullptr,
                           window.betas[static_cast<size_t>(s)]);
    if (!report.ok()) {
      ADD_FAILURE() << report.status();
      return last;
    }
    EXPECT_EQ(report->outer.has_value(), is_last);
    if (!window.weights.empty()) {
      golden.Expect("weights", report->weights,
                    golden.Want(window.tensors + window.weights)[s]);
    }
    if (window.size() > 1) {
      golden.Expect("path", golden.theta().flat(),
                    golden.Want(window.tensors + window.path)[s + 1]);
    } else {
      golden.Expect(window.tensors + window.path, golden.theta().flat());
    }
    last = std::move(report).value();
  }
  return last;
}

// v_s and a^(s) of every step of the window.
std::vector<UnrolledStep> UnrollWindow(GoldenCase& golden, const Window& window,
                                       Preconditioner preconditioner) {
  golden.Reset();
  const PatchLoss loss = golden.Options().loss;
  const auto optimizer = window.optimizer();
  std::vector<InnerStep> steps;
  at::Tensor theta = golden.theta().flat();
  for (int64_t s = 0; s < window.size(); ++s) {
    InnerStep step;
    step.patches = golden.Training(s);
    step.weights = golden.Weights(s).weights;
    step.parameters = theta.detach().clone();
    const auto pass = RunPatchPass(*golden.net(), step.patches, loss,
                                   RewardEngine::kInBackward);
    step.update = StepAndRecord(*optimizer, preconditioner, theta,
                                pass->WeightedGradient(step.weights),
                                window.betas[static_cast<size_t>(s)],
                                /*owns=*/true);
    steps.push_back(std::move(step));
  }
  const ValidationGradient v =
      DifferentiateValidation(*golden.net(), golden.Validation(), loss);
  const at::Tensor before = golden.theta().flat().clone();
  std::vector<UnrolledStep> unrolled =
      Unroll(*golden.net(), steps, loss, preconditioner, optimizer->options(),
             v.gradient);
  EXPECT_TRUE(golden.theta().flat().equal(before));
  return unrolled;
}

at::Tensor Rows(const std::vector<UnrolledStep>& steps,
                at::Tensor UnrolledStep::*field) {
  std::vector<at::Tensor> rows;
  for (const UnrolledStep& step : steps) rows.push_back(step.*field);
  return at::stack(rows);
}

constexpr RewardOptions kBare = {0.0, EntropyTerm::kMaximize,
                                 RewardScale::kNone};

void CheckSgdWindow(GoldenCase& golden, const Window& window) {
  const auto run = [&](int64_t truncate, const RewardOptions& reward) {
    RunWindow(golden, window, truncate, reward, Preconditioner::kIdentity);
    return PhiGradient(golden);
  };
  const auto name = [&window](const std::string& tensor) {
    return window.tensors + tensor;
  };
  for (int64_t truncate = 1; truncate <= window.size(); ++truncate) {
    golden.Expect(name("grad_phi_truncate" + std::to_string(truncate)),
                  run(truncate, kBare));
  }
  golden.Expect(name("hypergradient"),
                run(window.size(), kBare) * window.betas.back());
  const auto alphas = golden.config().at("alphas").get<std::vector<double>>();
  golden.Expect(name("grad_phi_entropy"),
                run(window.size(),
                    {alphas[1], EntropyTerm::kMaximize, RewardScale::kNone}));
  const RewardOptions scaled = {alphas.back(), EntropyTerm::kMaximize,
                                RewardScale::kUnitRms};
  golden.Expect(name("grad_phi_unit_rms"), run(window.size(), scaled));
  golden.Expect(name("grad_phi_unit_rms_truncate1"), run(1, scaled));

  const auto unrolled = UnrollWindow(golden, window, Preconditioner::kIdentity);
  golden.Expect(name("v"), Rows(unrolled, &UnrolledStep::v));
  golden.Expect(name("a"), Rows(unrolled, &UnrolledStep::products));
  // Plain gradient descent has nothing to precondition.
  for (const Preconditioner same :
       {Preconditioner::kFrozen, Preconditioner::kExact}) {
    golden.Expect(name("a"), Rows(UnrollWindow(golden, window, same),
                                  &UnrolledStep::products));
  }
}

// Moments before the first step, and their formula.
std::vector<NamedTensor> MomentsBefore(GoldenCase& golden,
                                       const std::string& label,
                                       const json& adam) {
  const at::Tensor m = golden.Want(label + "/m_before");
  const at::Tensor u = golden.Want(label + "/u_before");
  at::Tensor want_m = at::zeros_like(m);
  at::Tensor want_u = at::zeros_like(u);
  if (adam.contains("state_scale")) {
    const double scale = adam.at("state_scale").get<double>();
    for (int64_t i = 0; i < m.numel(); ++i) {
      const auto index = static_cast<uint64_t>(i);
      want_m[i] = scale * (2.0 * HashUniform(300000, index) - 1.0);
      want_u[i] = std::pow(scale * (0.5 + HashUniform(300001, index)), 2.0);
    }
  }
  golden.Expect(label + "/m_before", want_m);
  golden.Expect(label + "/u_before", want_u);
  return {{"first_moment", m}, {"second_moment", u}};
}

void CheckAdam(GoldenCase& golden, const std::string& label, const json& adam) {
  const std::vector<NamedTensor> moments = MomentsBefore(golden, label, adam);
  Window window;
  window.tensors = label + "/";
  window.betas.assign(adam.at("steps").get<size_t>(),
                      adam.at("lr").get<double>());
  window.path = window.size() == 1 ? "theta1" : "theta";
  const int64_t steps_before = adam.at("t").get<int64_t>() - 1;
  window.optimizer = [&golden, &adam, &moments, steps_before] {
    OptimizerOptions options;
    options.beta1 = adam.at("beta1").get<double>();
    options.beta2 = adam.at("beta2").get<double>();
    options.epsilon = adam.at("eps").get<double>();
    auto optimizer = MakeOptimizer(options).value();
    const absl::Status restored = optimizer->Restore(
        steps_before, steps_before == 0 ? std::vector<NamedTensor>() : moments,
        golden.theta().flat());
    EXPECT_TRUE(restored.ok()) << restored;
    return optimizer;
  };
  for (const std::string mode : {"identity", "frozen", "exact"}) {
    SCOPED_TRACE(mode);
    const Preconditioner preconditioner = ParsePreconditioner(mode).value();
    const StepReport last =
        RunWindow(golden, window, window.size(), kBare, preconditioner);
    const at::Tensor gradient = PhiGradient(golden);
    golden.Expect(window.tensors + "grad_phi_" + mode, gradient);
    if (mode == "exact") {
      golden.Expect(window.tensors + "hypergradient",
                    gradient * window.betas.back());
    }
    const auto unrolled = UnrollWindow(golden, window, preconditioner);
    golden.Expect(window.tensors + "v", unrolled.back().v);
    const at::Tensor a = golden.Want(window.tensors + "a_" + mode);
    const at::Tensor rows = Rows(unrolled, &UnrolledStep::products);
    golden.Expect("a", window.size() == 1 ? rows[0] : rows, a);
    golden.Expect("a of the step", last.outer->products,
                  window.size() == 1 ? a : a[window.size() - 1]);
  }
  if (window.size() != 1) return;
  // P by itself.
  for (const std::string mode : {"frozen", "exact"}) {
    golden.Reset();
    const auto optimizer = window.optimizer();
    at::Tensor theta = golden.theta().flat();
    const auto pass =
        RunPatchPass(*golden.net(), golden.Training(), golden.Options().loss,
                     RewardEngine::kInBackward);
    const Preconditioner preconditioner = ParsePreconditioner(mode).value();
    const InnerUpdate update = StepAndRecord(
        *optimizer, preconditioner, theta,
        pass->WeightedGradient(golden.Weights().weights), window.betas[0],
        /*owns=*/false);
    UpdateAdjoint adjoint(preconditioner, optimizer->options(),
                          window.betas[0]);
    golden.Expect(window.tensors + "D_" + mode,
                  adjoint.Step(update, at::ones_like(theta)));
  }
}

}  // namespace

void CheckWindows(GoldenCase& golden) {
  const auto windows =
      golden.config().at("windows").get<std::vector<std::vector<double>>>();
  for (size_t n = 0; n < windows.size(); ++n) {
    SCOPED_TRACE("window " + std::to_string(n));
    Window window;
    window.tensors = "window" + std::to_string(n) + "/";
    window.betas = windows[n];
    window.optimizer = [] { return GoldenOptimizer("sgd"); };
    window.path = "theta";
    window.weights = "weights";
    CheckSgdWindow(golden, window);
    golden.Expect(
        "theta_0", golden.Want(window.tensors + "theta")[0],
        golden.file().tensors.at(
            golden.config().at("backbone").get<std::string>() + "/theta0"));
  }
  for (const auto& [label, adam] : golden.config().at("adam").items()) {
    SCOPED_TRACE(label);
    CheckAdam(golden, label, adam);
  }
}

}  // namespace bild
