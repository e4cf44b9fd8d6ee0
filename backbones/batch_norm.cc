#include "backbones/batch_norm.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/rsqrt.h"
#include "backbones/layers.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr double kMomentum = 0.1;

}  // namespace

at::Tensor BatchNorm2d::Apply(const at::Tensor& input, const at::Tensor& weight,
                              const at::Tensor& bias) const {
  const NormStatistics statistics = set().norm_statistics();
  if (statistics == NormStatistics::kBatch) {
    return at::batch_norm(input, weight, bias, {}, {}, /*training=*/true,
                          kMomentum, kEpsilon, /*cudnn_enabled=*/true);
  }
  return at::batch_norm(
      input, weight, bias, running_mean_->value, running_variance_->value,
      /*training=*/statistics == NormStatistics::kBatchAndUpdate, kMomentum,
      kEpsilon, /*cudnn_enabled=*/true);
}

at::Tensor BatchNorm2d::InverseDeviation() const {
  TORCH_CHECK(set().norm_statistics() == NormStatistics::kRunning,
              "batch norm '", weight().name,
              "' uses the statistics of the batch, which mix its patches: no "
              "patch has a gradient of its own");
  return at::rsqrt(running_variance_->value + kEpsilon).view({1, -1, 1, 1});
}

at::Tensor BatchNorm2d::Normalised(const at::Tensor& input) const {
  return (input - running_mean_->value.view({1, -1, 1, 1})) *
         InverseDeviation();
}

at::Tensor BatchNorm2d::InputGradient(const at::Tensor& output_gradient,
                                      const at::Tensor& /*input*/,
                                      const at::Tensor& weight) const {
  return output_gradient * (InverseDeviation() * weight.view({1, -1, 1, 1}));
}

ParameterGradients BatchNorm2d::SummedGradients(
    const at::Tensor& output_gradient, const at::Tensor& input) const {
  return {(output_gradient * Normalised(input)).sum({0, 2, 3}),
          output_gradient.sum({0, 2, 3})};
}

ParameterGradients BatchNorm2d::PatchGradients(
    const at::Tensor& output_gradient, const at::Tensor& input) const {
  return {(output_gradient * Normalised(input)).sum({2, 3}),
          output_gradient.sum({2, 3})};
}

int64_t BatchNorm2d::MultiplyAdds(const at::Tensor& /*input*/,
                                  const at::Tensor& /*output*/) const {
  return 0;
}

}  // namespace bild
