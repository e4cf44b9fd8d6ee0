#include "backbones/parameter_set.h"

#include <cstddef>
#include <tuple>

#include "ATen/ops/_make_dual.h"
#include "ATen/ops/_unpack_dual.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "torch/csrc/autograd/forward_grad.h"

namespace bild {

Parameter* ParameterSet::Add(const std::string& name,
                             const std::vector<int64_t>& shape,
                             int64_t fan_in) {
  TORCH_CHECK(!flat_.defined(), "parameter '", name,
              "' declared after the set took its memory");
  int64_t numel = 1;
  for (int64_t extent : shape) {
    TORCH_CHECK(extent >= 1, "parameter '", name, "': extent ", extent,
                ", expected at least 1");
    numel *= extent;
  }
  for (const auto& other : list_) {
    TORCH_CHECK(other->name != name, "parameter '", name, "' declared twice");
  }
  auto parameter = std::make_unique<Parameter>();
  parameter->name = name;
  parameter->shape = shape;
  parameter->fan_in = fan_in;
  parameter->offset = size_;
  parameter->numel = numel;
  size_ += numel;
  list_.push_back(std::move(parameter));
  return list_.back().get();
}

void ParameterSet::Materialise(const at::TensorOptions& options,
                               bool requires_grad) {
  TORCH_CHECK(!flat_.defined(), "the parameters have their memory already");
  flat_ = at::zeros({size_}, options);
  for (const auto& parameter : list_) {
    parameter->value = flat_.narrow(0, parameter->offset, parameter->numel)
                           .view(parameter->shape)
                           .detach()
                           .requires_grad_(requires_grad);
  }
}

std::vector<at::Tensor> ParameterSet::leaves() const {
  std::vector<at::Tensor> leaves;
  leaves.reserve(list_.size());
  for (const auto& parameter : list_) leaves.push_back(parameter->value);
  return leaves;
}

std::vector<at::Tensor> ParameterSet::Unflatten(
    const at::Tensor& vector) const {
  TORCH_CHECK(vector.dim() == 1 && vector.size(0) == size_, "expected [", size_,
              "], found ", vector.sizes());
  std::vector<at::Tensor> pieces;
  pieces.reserve(list_.size());
  for (const auto& parameter : list_) {
    pieces.push_back(vector.narrow(0, parameter->offset, parameter->numel)
                         .view(parameter->shape));
  }
  return pieces;
}

ValueScope::ValueScope(ParameterSet& parameters, const at::Tensor& values)
    : ValueScope(parameters, [&parameters, &values] {
        std::vector<at::Tensor> leaves = parameters.Unflatten(values);
        for (at::Tensor& leaf : leaves) leaf = leaf.detach().requires_grad_();
        return leaves;
      }()) {}

ValueScope::ValueScope(ParameterSet& parameters,
                       const std::vector<at::Tensor>& values)
    : parameters_(parameters), before_(parameters.leaves()) {
  TORCH_CHECK(values.size() == before_.size(), "expected ", before_.size(),
              " values, found ", values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    parameters_.list()[i]->value = values[i];
  }
}

ValueScope::~ValueScope() {
  for (size_t i = 0; i < before_.size(); ++i) {
    parameters_.list()[i]->value = before_[i];
  }
}

TangentScope::TangentScope(ParameterSet& parameters, const at::Tensor& tangent)
    : parameters_(parameters) {
  const std::vector<at::Tensor> pieces = parameters.Unflatten(tangent);
  level_ = torch::autograd::ForwardADLevel::get_next_idx();
  try {
    for (size_t i = 0; i < pieces.size(); ++i) {
      Parameter& parameter = *parameters.list()[i];
      const at::Tensor dual = at::_make_dual(
          parameter.value.detach(), pieces[i], static_cast<int64_t>(level_));
      primal_.push_back(parameter.value);
      parameter.value = dual;
    }
  } catch (...) {
    // A constructor that throws has no destructor to tidy up after it.
    Restore();
    throw;
  }
}

TangentScope::~TangentScope() { Restore(); }

void TangentScope::Restore() {
  for (size_t i = 0; i < primal_.size(); ++i) {
    parameters_.list()[i]->value = primal_[i];
  }
  torch::autograd::ForwardADLevel::release_idx(level_);
}

at::Tensor TangentScope::TangentOf(const at::Tensor& value) const {
  at::Tensor tangent =
      std::get<1>(at::_unpack_dual(value, static_cast<int64_t>(level_)));
  return tangent.defined() ? tangent : at::zeros_like(value);
}

}  // namespace bild
