#include "bild/replayed_pass.h"

#include <cstdint>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/zeros_like.h"
#include "bild/flat_gradient.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

class ReplayedPass : public PatchPass {
 public:
  ReplayedPass(Backbone& backbone, const Patches& patches, PatchLoss loss)
      : backbone_(backbone),
        patches_(patches),
        loss_(loss),
        parameters_(backbone.parameters().flat().clone()) {
    const NormScope norm(backbone.layers(), NormStatistics::kBatchAndUpdate);
    graph_ = LossesOf(backbone, patches, loss);
    losses_ = graph_.detach();
  }

  at::Tensor WeightedGradient(const at::Tensor& weights) override {
    const at::Tensor gradient =
        FlatGradient(graph_, backbone_.parameters().leaves(), weights);
    graph_ = at::Tensor();
    return gradient;
  }

  at::Tensor Products(const at::Tensor& v) override {
    TORCH_CHECK(v.sizes() == parameters_.sizes(), "expected a vector of ",
                parameters_.numel(), ", found ", v.sizes());
    const NormScope norm(backbone_.layers(), NormStatistics::kBatch);
    return ProductsAt(v);
  }

 protected:
  virtual at::Tensor ProductsAt(const at::Tensor& v) const = 0;

  // Of the pass.
  const at::Tensor& parameters() const { return parameters_; }
  ParameterSet& set() const { return backbone_.parameters(); }
  // At the values that the parameters have now.
  at::Tensor Losses() const { return LossesOf(backbone_, patches_, loss_); }

 private:
  Backbone& backbone_;
  const Patches patches_;
  const PatchLoss loss_;
  const at::Tensor parameters_;
  at::Tensor graph_;
};

// Dual numbers.
class ForwardModePass final : public ReplayedPass {
 public:
  using ReplayedPass::ReplayedPass;

 protected:
  at::Tensor ProductsAt(const at::Tensor& v) const override {
    const at::NoGradGuard no_grad;
    const ValueScope at_the_pass(set(), parameters());
    const TangentScope tangent(set(), v);
    return tangent.TangentOf(Losses());
  }
};

// Central differences along v.
class FiniteDifferencePass final : public ReplayedPass {
 public:
  FiniteDifferencePass(Backbone& backbone, const Patches& patches,
                       PatchLoss loss, double step)
      : ReplayedPass(backbone, patches, loss), step_(step) {}

 protected:
  at::Tensor ProductsAt(const at::Tensor& v) const override {
    const at::NoGradGuard no_grad;
    const double norm = v.norm().item<double>();
    if (norm == 0.0) return at::zeros_like(losses());
    const double epsilon = step_ / norm;
    const auto losses_at = [&](double distance) {
      const ValueScope moved(set(), parameters() + v * distance);
      return Losses();
    };
    return (losses_at(epsilon) - losses_at(-epsilon)) / (2.0 * epsilon);
  }

 private:
  double step_;
};

// A backward pass for every patch.
class PerSamplePass final : public ReplayedPass {
 public:
  using ReplayedPass::ReplayedPass;

 protected:
  at::Tensor ProductsAt(const at::Tensor& v) const override {
    const ValueScope at_the_pass(set(), parameters());
    const at::Tensor losses = Losses();
    std::vector<at::Tensor> products;
    for (int64_t i = 0; i < losses.size(0); ++i) {
      products.push_back(
          FlatGradient(losses[i], set().leaves(), {}, GraphAfter::kKept)
              .dot(v));
    }
    return at::stack(products);
  }
};

}  // namespace

std::unique_ptr<PatchPass> MakeReplayedPass(Backbone& backbone,
                                            const Patches& patches,
                                            PatchLoss loss,
                                            const RewardPlan& plan) {
  if (plan.engine == RewardEngine::kForward) {
    return std::make_unique<ForwardModePass>(backbone, patches, loss);
  }
  if (plan.engine == RewardEngine::kFiniteDifference) {
    return std::make_unique<FiniteDifferencePass>(backbone, patches, loss,
                                                  plan.finite_difference_step);
  }
  TORCH_CHECK(plan.engine == RewardEngine::kPerSample, "engine ",
              RewardEngineName(plan.engine), " records, it does not replay");
  return std::make_unique<PerSamplePass>(backbone, patches, loss);
}

}  // namespace bild
