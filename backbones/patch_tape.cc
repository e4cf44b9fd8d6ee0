#include "backbones/patch_tape.h"

#include <vector>

#include "ATen/TensorOperators.h"
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

void CheckPatches(const Layer& layer, const at::Tensor& input,
                  int64_t patches) {
  TORCH_CHECK(input.size(0) == patches, "layer '", layer.weight().name,
              "' was given ", input.size(0), " patches, the tape expects ",
              patches, ": a layer that mixes patches cannot record");
}

// Adds the gradients of a sum of losses in one call of a layer.
void AddSummed(const Layer& layer, const at::Tensor& output_gradient,
               const at::Tensor& input, GradientVector& sum) {
  const at::Tensor place = sum.PlaceOfFirstShare(layer.weight());
  at::Tensor bias;
  if (place.defined()) {
    bias = layer.WriteSummedGradients(output_gradient, input, place);
  } else {
    const ParameterGradients gradients =
        layer.SummedGradients(output_gradient, input);
    sum.Add(layer.weight(), gradients.weight);
    bias = gradients.bias;
  }
  if (layer.has_bias()) sum.Add(layer.bias(), bias);
}

}  // namespace

PatchTape::PatchTape(Keep keep, const ParameterSet& parameters, int64_t patches)
    : keep_(keep), patches_(patches), parameters_(parameters) {}

PatchTape::PatchTape(const std::set<const Layer*>& operands,
                     const ParameterSet& parameters, int64_t patches)
    : keep_(Keep::kGradients),
      operands_(operands),
      patches_(patches),
      parameters_(parameters) {}

void PatchTape::KeepGradients(const Parameter& parameter,
                              const at::Tensor& gradients) {
  const auto [place, is_first] =
      pieces_.emplace(std::make_pair(parameter.offset, parameter.numel),
                      Piece{&parameter, gradients});
  // A layer that is called again. Not in place: the tensor is the layer's.
  if (!is_first) place->second.gradients = place->second.gradients + gradients;
}

void PatchTape::Record(const Layer& layer, const at::Tensor& input,
                       const at::Tensor& output_gradient) {
  CheckPatches(layer, input, patches_);
  if (KeepsOperands(layer)) {
    calls_.push_back({&layer, input, output_gradient});
    return;
  }
  const ParameterGradients gradients =
      layer.PatchGradients(output_gradient, input);
  KeepGradients(layer.weight(), gradients.weight);
  if (layer.has_bias()) KeepGradients(layer.bias(), gradients.bias);
}

at::Tensor PatchTape::Products(const at::Tensor& v) const {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(v.dim() == 1 && v.size(0) == parameters_.size(),
              "expected a vector of ", parameters_.size(), ", found ",
              v.sizes());
  at::Tensor products = at::zeros({patches_}, v.options());
  for (const auto& [place, piece] : pieces_) {
    products.addmv_(piece.gradients, Slice(v, *piece.parameter));
  }
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
  GradientVector sum(parameters_, weights.options());
  for (const auto& [place, piece] : pieces_) {
    sum.AddWeighted(*piece.parameter, piece.gradients, weights);
  }
  for (const Call& call : calls_) {
    AddSummed(*call.layer,
              call.output_gradient * PerPatch(weights, call.output_gradient),
              call.input, sum);
  }
  return sum.Take();
}

at::Tensor PatchTape::Gradients() const {
  TORCH_CHECK(keep_ == Keep::kGradients && operands_.empty(),
              "this tape keeps operands, not gradients");
  at::Tensor gradients =
      at::zeros({patches_, parameters_.size()}, parameters_.flat().options());
  for (const auto& [place, piece] : pieces_) {
    Slice(gradients, *piece.parameter).add_(piece.gradients);
  }
  return gradients;
}

HalvesTape::HalvesTape(const ParameterSet& parameters, int64_t patches)
    : patches_(patches),
      first_(parameters, parameters.flat().options()),
      rest_(parameters, parameters.flat().options()) {}

void HalvesTape::Record(const Layer& layer, const at::Tensor& input,
                        const at::Tensor& output_gradient) {
  CheckPatches(layer, input, patches_);
  const int64_t half = patches_ / 2;
  const auto add = [&](GradientVector& sum, int64_t start, int64_t count) {
    const auto part = [start, count](const at::Tensor& of_patches) {
      return of_patches.narrow(0, start, count);
    };
    AddSummed(layer, part(output_gradient), part(input), sum);
  };
  if (half > 0) add(first_, 0, half);
  add(rest_, half, patches_ - half);
}

std::pair<at::Tensor, at::Tensor> HalvesTape::Take() {
  return {first_.Take(), rest_.Take()};
}

}  // namespace bild
