#include "backbones/gradient_vector.h"

#include <iterator>
#include <memory>
#include <utility>

#include "ATen/ops/empty.h"

namespace bild {

GradientVector::GradientVector(const ParameterSet& parameters,
                               const at::TensorOptions& options)
    : vector_(at::empty({parameters.size()}, options)) {
  for (const auto& parameter : parameters.list()) {
    unwritten_.emplace(parameter->offset, parameter->numel);
  }
}

bool GradientVector::ClaimWhole(const Parameter& window) {
  auto owner = unwritten_.upper_bound(window.offset);
  if (owner == unwritten_.begin()) return false;
  owner = std::prev(owner);
  const auto [offset, numel] = *owner;
  if (window.offset >= offset + numel) return false;
  unwritten_.erase(owner);
  if (window.offset == offset && window.numel == numel) return true;
  vector_.narrow(0, offset, numel).zero_();
  return false;
}

at::Tensor GradientVector::PlaceOfFirstShare(const Parameter& parameter) {
  const auto found = unwritten_.find(parameter.offset);
  if (found == unwritten_.end() || found->second != parameter.numel) return {};
  unwritten_.erase(found);
  return Slice(parameter).view(parameter.shape);
}

void GradientVector::Add(const Parameter& parameter,
                         const at::Tensor& gradient) {
  const bool is_first = ClaimWhole(parameter);
  at::Tensor slice = Slice(parameter).view(gradient.sizes());
  if (is_first) {
    slice.copy_(gradient);
  } else {
    slice.add_(gradient);
  }
}

void GradientVector::AddWeighted(const Parameter& parameter,
                                 const at::Tensor& gradients,
                                 const at::Tensor& weights) {
  const double keep = ClaimWhole(parameter) ? 0.0 : 1.0;
  // With 0 what was there is not read.
  Slice(parameter).addmv_(gradients.t(), weights, /*beta=*/keep);
}

at::Tensor GradientVector::Take() {
  for (const auto& [offset, numel] : unwritten_) {
    vector_.narrow(0, offset, numel).zero_();
  }
  unwritten_.clear();
  return vector_;
}

}  // namespace bild
