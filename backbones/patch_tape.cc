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

// Adds what a layer gives to where its parameters lie in `vector` [P].
void AddSummed(const Layer& layer, const ParameterGradients& gradients,
               at::Tensor vector) {
  Slice(vector, layer.weight()).add_(gradients.weight.flatten());
  if (layer.has_bias()) Slice(vector, layer.bias()).add_(gradients.bias);
}

}  // namespace

PatchTape::PatchTape(Keep keep, const ParameterSet& parameters, int64_t patches)
    : keep_(keep),
      patches_(patches),
      size_(parameters.size()),
      options_(parameters.flat().options()) {}

PatchTape::PatchTape(const std::set<const Layer*>& operands,
                     const ParameterSet& parameters, int64_t patches)
    : keep_(Keep::kGradients),
      operands_(operands),
      patches_(patches),
      size_(parameters.size()),
      options_(parameters.flat().options()) {}

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
  TORCH_CHECK(v.dim() == 1 && v.size(0) == size_, "expected a vector of ",
              size_, ", found ", v.sizes());
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
  at::Tensor sum = at::zeros({size_}, weights.options());
  for (const auto& [place, piece] : pieces_) {
    Slice(sum, *piece.parameter).addmv_(piece.gradients.t(), weights);
  }
  for (const Call& call : calls_) {
    AddSummed(
        *call.layer,
        call.layer->SummedGradients(
            call.output_gradient * PerPatch(weights, call.output_gradient),
            call.input),
        sum);
  }
  return sum;
}

at::Tensor PatchTape::Gradients() const {
  TORCH_CHECK(keep_ == Keep::kGradients && operands_.empty(),
              "this tape keeps operands, not gradients");
  at::Tensor gradients = at::zeros({patches_, size_}, options_);
  for (const auto& [place, piece] : pieces_) {
    Slice(gradients, *piece.parameter).add_(piece.gradients);
  }
  return gradients;
}

HalvesTape::HalvesTape(const ParameterSet& parameters, int64_t patches)
    : patches_(patches),
      sums_(at::zeros({2, parameters.size()}, parameters.flat().options())) {}

void HalvesTape::Record(const Layer& layer, const at::Tensor& input,
                        const at::Tensor& output_gradient) {
  CheckPatches(layer, input, patches_);
  const int64_t half = patches_ / 2;
  const auto add = [&](int64_t row, int64_t start, int64_t count) {
    const auto part = [start, count](const at::Tensor& of_patches) {
      return of_patches.narrow(0, start, count);
    };
    AddSummed(layer, layer.SummedGradients(part(output_gradient), part(input)),
              sums_[row]);
  };
  if (half > 0) add(0, 0, half);
  add(1, half, patches_ - half);
}

}  // namespace bild
