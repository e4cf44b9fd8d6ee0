#include "bild/rewards.h"

#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/std.h"
#include "ATen/ops/zeros_like.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/base/status.h"
#include "c10/util/Exception.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {

absl::StatusOr<EntropyTerm> ParseEntropyTerm(const std::string& text) {
  if (text == "maximize") return EntropyTerm::kMaximize;
  if (text == "literal_6j") return EntropyTerm::kLiteral6j;
  return absl::InvalidArgumentError(absl::StrCat(
      "--entropy='", text, "': expected 'maximize' or 'literal_6j'."));
}

absl::StatusOr<RewardScale> ParseRewardScale(const std::string& text) {
  if (text == "none") return RewardScale::kNone;
  if (text == "unit_rms") return RewardScale::kUnitRms;
  return absl::InvalidArgumentError(absl::StrCat(
      "--reward_scale='", text, "': expected 'none' or 'unit_rms'."));
}

at::Tensor Rewards(const at::Tensor& products, const at::Tensor& log_weights,
                   const RewardOptions& options) {
  at::Tensor scaled = products;
  if (options.scale == RewardScale::kUnitRms) {
    // In float64: squares of small float32 products would leave its range.
    const at::Tensor wide = products.to(at::kDouble);
    const at::Tensor rms = wide.square().mean().sqrt();
    scaled = (wide / rms.masked_fill(rms.eq(0), 1.0)).to(products.options());
  }
  const double sign = options.entropy == EntropyTerm::kMaximize ? -1.0 : 1.0;
  return scaled + (log_weights + 1.0) * (sign * options.alpha);
}

absl::StatusOr<NetworkWeights> EvaluateWeights(
    const ReweightingNetwork& network, const at::Tensor& hazy_input,
    const at::Tensor& clear01, LogitNorm norm) {
  NetworkWeights evaluated;
  evaluated.logits = network.Logits(hazy_input, clear01);
  BILD_ASSIGN_OR_RETURN(const at::Tensor z,
                        NormaliseLogits(evaluated.logits.detach(), norm));
  evaluated.log_weights = at::log_softmax(z, 0);
  evaluated.weights = evaluated.log_weights.exp();
  return evaluated;
}

SurrogateGradient DifferentiateSurrogate(const ReweightingNetwork& network,
                                         const NetworkWeights& evaluated,
                                         const at::Tensor& rewards,
                                         LogitNorm norm) {
  SurrogateGradient gradient;
  const at::Tensor& w = evaluated.weights;
  const at::Tensor weighted = w * rewards;
  gradient.softmax_input = -w * (rewards - weighted.sum());

  // Through the z-score, mean and standard deviation included.
  const at::Tensor logits = evaluated.logits.detach().requires_grad_();
  auto z = NormaliseLogits(logits, norm);
  TORCH_CHECK(z.ok(), std::string(z.status().message()));
  gradient.logits =
      torch::autograd::grad({*z}, {logits}, {gradient.softmax_input})[0];

  const std::vector<at::Tensor> pieces = torch::autograd::grad(
      {evaluated.logits}, network.parameters().leaves(), {gradient.logits});
  std::vector<at::Tensor> flat;
  flat.reserve(pieces.size());
  for (const at::Tensor& piece : pieces) flat.push_back(piece.flatten());
  gradient.phi = at::cat(flat);
  gradient.phi_norm = gradient.phi.norm().item<double>();

  const double deviation =
      norm == LogitNorm::kZscore
          ? at::std(logits.detach(), /*unbiased=*/true).item<double>()
          : 1.0;
  const double tolerance = logits.scalar_type() == at::kDouble ? 1e-12 : 1e-6;
  gradient.is_zero = gradient.phi_norm == 0.0 ||
                     gradient.logits.abs().max().item<double>() * deviation <=
                         tolerance * weighted.abs().max().item<double>();
  return gradient;
}

}  // namespace bild
