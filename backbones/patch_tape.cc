#include "backbones/patch_tape.h"

#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

at::Tensor Slice(const at::Tensor& vector, const Parameter& parameter) {
  return vector.narrow(-1, parameter.offset, parameter.numel);
}

// [B] numbers shaped to multiply a [B, ...] tensor patch by patch.
at::Tensor PerPatch(const at::Tensor& numbers, const at::Tensor& like) {
  std::vector<int64_t> shape(static_cast<size_t>(like.dim()), 1);
  shape[0] = numbers.size(0);
  return numbers.view(shape);
}

}  // namespace

PatchTape::PatchTape(Keep keep, const ParameterSet& parameters, int64_t patches)
    : keep_(keep), patches_(patches), size_(parameters.size()) {
  if (keep_ == Keep::kGradients) {
    gradients_ = at::zeros({patches, size_}, parameters.flat().options());
  }
}

void PatchTape::Record(const Layer& layer, const at::Tensor& input,
                       const at::Tensor& output_gradient) {
  TORCH_CHECK(input.size(0) == patches_, "layer '", layer.weight().name,
              "' was given ", input.size(0), " patches, the tape expects ",
              patches_, ": a layer that mixes patches cannot record");
  if (keep_ == Keep::kOperands) {
    calls_.push_back({&layer, input, output_gradient});
    return;
  }
  const ParameterGradients gradients =
      layer.PatchGradients(output_gradient, input);
  Slice(gradients_, layer.weight()).add_(gradients.weight);
  if (layer.has_bias()) Slice(gradients_, layer.bias()).add_(gradients.bias);
}

at::Tensor PatchTape::Products(const at::Tensor& v) const {
  const at::NoGradGuard no_grad;
  if (keep_ == Keep::kGradients) return at::mv(gradients_, v);
  at::Tensor products = at::zeros({patches_}, v.options());
  for (const Call& call : calls_) {
    const Layer& layer = *call.layer;
    const at::Tensor movement = layer.Movement(
        call.input, Slice(v, layer.weight()).view(layer.weight().shape),
        layer.has_bias() ? Slice(v, layer.bias()) : at::Tensor());
    products.add_((movement * call.output_gradient).flatten(1).sum(1));
  }
  return products;
}

at::Tensor PatchTape::WeightedSum(const at::Tensor& weights) const {
  const at::NoGradGuard no_grad;
  if (keep_ == Keep::kGradients) return at::mv(gradients_.t(), weights);
  at::Tensor sum = at::zeros({size_}, weights.options());
  for (const Call& call : calls_) {
    const ParameterGradients gradients = call.layer->SummedGradients(
        call.output_gradient * PerPatch(weights, call.output_gradient),
        call.input);
    Slice(sum, call.layer->weight()).add_(gradients.weight.flatten());
    if (call.layer->has_bias()) {
      Slice(sum, call.layer->bias()).add_(gradients.bias);
    }
  }
  return sum;
}

const at::Tensor& PatchTape::gradients() const {
  TORCH_CHECK(keep_ == Keep::kGradients,
              "this tape keeps operands, not gradients");
  return gradients_;
}

}  // namespace bild
