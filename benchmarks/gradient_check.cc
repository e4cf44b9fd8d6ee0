#include "benchmarks/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/zeros_like.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "backbones/catalog.h"
#include "bild/base/seed.h"
#include "bild/base/status.h"
#include "bild/bilevel_step.h"
#include "bild/flat_gradient.h"
#include "bild/initialise.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/patch_pass.h"
#include "bild/reweighting_network.h"
#include "c10/core/GradMode.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Small enough for the steepest net at random weights; a wrong factor or a
// missing Hessian still stands far above the tolerance.
constexpr double kSgdStep = 1e-3;
constexpr double kAdamStep = 1e-3;
constexpr double kAdamEpsilon = 1e-3;
constexpr double kAlpha = 0.05;
// phi's gradient is read off a step of phi: a large one, so that what phi
// itself rounds away does not matter.
constexpr double kReadOffStep = 1024.0;
constexpr int64_t kSmallCrop_px = 16;
// A step that crosses few kinks; float64 has room for it.
constexpr double kShortStep = 1e-5;

// A window of inner steps and how its outer gradient is had.
struct Window {
  int64_t steps = 1;
  std::string optimizer = "sgd";
  RewardPlan engine;

  double beta() const { return optimizer == "adam" ? kAdamStep : kSgdStep; }
};

class Problem {
 public:
  static absl::StatusOr<std::unique_ptr<Problem>> Make(
      const GradientCheckSpec& spec) {
    auto problem = std::make_unique<Problem>();
    problem->loss_ = spec.loss;
    BILD_ASSIGN_OR_RETURN(problem->net_,
                          MakeBackbone(spec.backbone, at::kDouble));
    Backbone& net = *problem->net_;
    const int64_t multiple = net.SizeMultiple();
    const int64_t least = std::max(net.SmallestSide(), kSmallCrop_px);
    problem->crop_px_ = spec.crop_px > 0
                            ? spec.crop_px
                            : (least + multiple - 1) / multiple * multiple;
    if (problem->crop_px_ % multiple != 0 ||
        problem->crop_px_ < net.SmallestSide()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--crop_px=", spec.crop_px, ": ", net.name(), " takes at least ",
          net.SmallestSide(), " px and multiples of ", multiple, "."));
    }
    InitialiseParameters(net.parameters(), spec.seed, kBackboneNet,
                         Initialisation::kFanIn);
    ReweightingNetworkOptions widths;
    widths.channels = {4, 5, 6};
    widths.hidden = 4;
    problem->network_ =
        std::make_unique<ReweightingNetwork>(widths, at::kDouble);
    InitialiseParameters(problem->network_->parameters(), spec.seed,
                         kReweightingNet, Initialisation::kFanIn);
    problem->theta0_ = net.parameters().flat().clone();
    problem->phi0_ = problem->network_->parameters().flat().clone();
    uint64_t place = 0;
    const auto patches = [&](int64_t count) {
      SeedEngine engine(spec.seed, SeedStream::kCrop, place++, 0);
      return problem->HazyPatches(engine, count);
    };
    while (problem->training_.size() < kMostSteps) {
      problem->training_.push_back(patches(spec.batch));
    }
    problem->validation_ = patches(spec.validation_batch);
    return problem;
  }

  const Backbone& net() const { return *net_; }
  int64_t crop_px() const { return crop_px_; }

  // The gradient of J_v(theta_K(phi)) - alpha beta_K sum_s H(w^(s)), per
  // beta_K, by automatic differentiation through the updates.
  at::Tensor Truth(const Window& window) {
    Reset();
    const NormScope norm(net_->layers(), NormStatistics::kBatch);
    std::vector<at::Tensor> theta = net_->parameters().leaves();
    std::vector<at::Tensor> m, u;
    for (const at::Tensor& leaf : theta) {
      m.push_back(at::zeros_like(leaf));
      u.push_back(at::zeros_like(leaf));
    }
    at::Tensor outer;
    for (int64_t s = 0; s < window.steps; ++s) {
      const Patches& patches = training_[static_cast<size_t>(s)];
      const at::Tensor log_w = LogWeights(patches);
      const at::Tensor entropy =
          (log_w.exp() * log_w).sum() * (kAlpha * window.beta());
      outer = outer.defined() ? outer + entropy : entropy;
      const at::Tensor inner = (log_w.exp() * LossesAt(theta, patches)).sum();
      const std::vector<at::Tensor> gradients = torch::autograd::grad(
          {inner}, theta, {}, /*retain_graph=*/true, /*create_graph=*/true,
          /*allow_unused=*/true);
      for (size_t i = 0; i < theta.size(); ++i) {
        if (!gradients[i].defined()) continue;
        theta[i] =
            theta[i] -
            Direction(window, s + 1, gradients[i], m[i], u[i]) * window.beta();
      }
    }
    outer = outer + LossesAt(theta, validation_).mean();
    return FlatGradient(outer, network_->parameters().leaves()) / window.beta();
  }

  // The same as the method has it.
  absl::StatusOr<at::Tensor> Own(const Window& window) {
    Reset();
    OptimizerOptions inner;
    inner.name = window.optimizer;
    inner.epsilon = kAdamEpsilon;
    BILD_ASSIGN_OR_RETURN(const auto theta, MakeOptimizer(inner));
    OptimizerOptions sgd;
    sgd.name = "sgd";
    BILD_ASSIGN_OR_RETURN(const auto phi, MakeOptimizer(sgd));
    BILD_ASSIGN_OR_RETURN(const Method method, FindMethod("bild"));
    BilevelOptions options;
    options.loss = loss_;
    options.reward = {kAlpha, EntropyTerm::kMaximize, RewardScale::kNone};
    options.engine = window.engine;
    options.phi_learning_rate = kReadOffStep;
    options.preconditioner = Preconditioner::kExact;
    options.unrolled_steps = window.steps;
    BilevelStep step(*net_, *theta, network_.get(), phi.get(), method, options);
    for (int64_t s = 0; s < window.steps; ++s) {
      const bool is_last = s + 1 == window.steps;
      BILD_RETURN_IF_ERROR(step.Run(training_[static_cast<size_t>(s)],
                                    is_last ? &validation_ : nullptr,
                                    window.beta())
                               .status());
    }
    return (phi0_ - network_->parameters().flat()) / kReadOffStep;
  }

 private:
  static constexpr size_t kMostSteps = 2;

  // Noise around a colour of its own for every patch, as bright as pictures
  // are, under haze of a strength of its own.
  Patches HazyPatches(SeedEngine& engine, int64_t count) const {
    const at::Tensor clear01 =
        at::empty({count, 3, crop_px_, crop_px_}, at::kDouble);
    const at::Tensor hazy01 = at::empty_like(clear01);
    for (int64_t i = 0; i < count; ++i) {
      const double transmission = 0.2 + 0.7 * engine.Uniform();
      const double airlight = 0.7 + 0.3 * engine.Uniform();
      for (int64_t channel = 0; channel < 3; ++channel) {
        const double colour = 0.2 + 0.5 * engine.Uniform();
        const at::Tensor clear = clear01[i][channel];
        double* const numbers = clear.data_ptr<double>();
        for (int64_t k = 0; k < clear.numel(); ++k) {
          numbers[k] = colour + 0.3 * engine.Uniform();
        }
        hazy01[i][channel].copy_(clear * transmission +
                                 airlight * (1.0 - transmission));
      }
    }
    return {net_->NormaliseInput(hazy01), clear01};
  }

  void Reset() {
    const at::NoGradGuard no_grad;
    at::Tensor theta = net_->parameters().flat();
    theta.copy_(theta0_);
    at::Tensor phi = network_->parameters().flat();
    phi.copy_(phi0_);
    net_->layers().ResetBuffers();
  }

  at::Tensor LossesAt(const std::vector<at::Tensor>& theta,
                      const Patches& patches) {
    const ValueScope now(net_->parameters(), theta);
    return LossesOf(*net_, patches, loss_);
  }

  at::Tensor LogWeights(const Patches& patches) const {
    const at::Tensor s = network_->Logits(patches.hazy_input, patches.clear01);
    const at::Tensor centred = s - s.mean();
    const double divisor = static_cast<double>(s.size(0) - 1);
    return at::log_softmax(centred / (centred.square().sum() / divisor).sqrt(),
                           0);
  }

  // Of an update, per step size; the moments move.
  static at::Tensor Direction(const Window& window, int64_t step,
                              const at::Tensor& g, at::Tensor& m,
                              at::Tensor& u) {
    if (window.optimizer == "sgd") return g;
    const OptimizerOptions defaults;
    const double t = static_cast<double>(step);
    m = m * defaults.beta1 + g * (1.0 - defaults.beta1);
    u = u * defaults.beta2 + g * g * (1.0 - defaults.beta2);
    // An element that has had no gradient has no root to differentiate.
    const at::Tensor is_zero = u.eq(0).to(u.scalar_type());
    const at::Tensor root =
        (u / (1.0 - std::pow(defaults.beta2, t)) + is_zero).sqrt() - is_zero;
    return m / (1.0 - std::pow(defaults.beta1, t)) / (root + kAdamEpsilon);
  }

  std::unique_ptr<Backbone> net_;
  std::unique_ptr<ReweightingNetwork> network_;
  PatchLoss loss_ = PatchLoss::kL1;
  int64_t crop_px_ = 0;
  at::Tensor theta0_, phi0_;
  std::vector<Patches> training_;  // One batch for every step.
  Patches validation_;
};

double LargestElement(const at::Tensor& values) {
  return values.abs().max().item<double>();
}

}  // namespace

absl::StatusOr<GradientCheck> CheckGradients(const GradientCheckSpec& spec) {
  BILD_RETURN_IF_ERROR(CheckBatchForLogitNorm(spec.batch, LogitNorm::kZscore));
  if (spec.validation_batch < 1 || spec.crop_px < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--validation_batch=", spec.validation_batch, " --crop_px=",
        spec.crop_px, ": expected at least one patch, and 0 or more pixels."));
  }
  BILD_ASSIGN_OR_RETURN(const std::unique_ptr<Problem> problem,
                        Problem::Make(spec));
  BILD_ASSIGN_OR_RETURN(const RewardEngine chosen,
                        ChooseRewardEngine("auto", problem->net()));
  GradientCheck check;
  check.backbone = problem->net().name();
  check.crop_px = problem->crop_px();

  const auto add = [&](GradientCheckRow row, const Window& window,
                       const at::Tensor& truth) -> absl::Status {
    BILD_ASSIGN_OR_RETURN(const at::Tensor own, problem->Own(window));
    row.relative_error = LargestElement(own - truth) / LargestElement(truth);
    check.rows.push_back(std::move(row));
    return absl::OkStatus();
  };
  Window window;
  const at::Tensor truth = problem->Truth(window);
  if (!(LargestElement(truth) > 0)) {
    return absl::FailedPreconditionError(absl::StrCat(
        check.backbone, " has no outer gradient at --seed=", spec.seed,
        ": its weights are dead or its gradient is not finite. Use another "
        "--seed."));
  }
  for (const RewardEngine engine :
       {RewardEngine::kInBackward, RewardEngine::kLayerwise,
        RewardEngine::kForward, RewardEngine::kPerSample,
        RewardEngine::kFiniteDifference}) {
    GradientCheckRow row;
    row.name = RewardEngineName(engine);
    if (engine == RewardEngine::kFiniteDifference) row.tolerance = {};
    if (!ChooseRewardEngine(row.name, problem->net()).ok()) {
      row.not_valid = "the net mixes the patches of a batch";
      check.rows.push_back(row);
      continue;
    }
    window.engine = engine;
    BILD_RETURN_IF_ERROR(add(row, window, truth));
  }
  {
    GradientCheckRow row;
    row.name = "finite_difference, a step of 1e-5";
    row.tolerance = GradientCheckRow::kNearTolerance;
    window.engine = RewardEngine::kFiniteDifference;
    window.engine.finite_difference_step = kShortStep;
    BILD_RETURN_IF_ERROR(add(row, window, truth));
  }
  window.engine = chosen;
  for (const int64_t steps : {1, 2}) {
    for (const std::string optimizer : {"sgd", "adam"}) {
      if (steps == 1 && optimizer == "sgd") continue;  // The engines above.
      window.steps = steps;
      window.optimizer = optimizer;
      GradientCheckRow row;
      row.name = steps == 1
                     ? absl::StrCat(window.engine.Name(), ", ", optimizer)
                     : absl::StrCat("hessian_vector, ", steps, " steps of ",
                                    optimizer);
      BILD_RETURN_IF_ERROR(add(row, window, problem->Truth(window)));
    }
  }
  return check;
}

}  // namespace bild
