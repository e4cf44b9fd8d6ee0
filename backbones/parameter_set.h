// The parameters of a net: names and shapes in the order of its paper's code,
// values as windows into one contiguous vector.
//
// One vector, because everything that happens to a net as a whole (an optimiser
// step, a product with a gradient, a checkpoint) is then one operation.

#ifndef BACKBONES_PARAMETER_SET_H_
#define BACKBONES_PARAMETER_SET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "c10/core/TensorOptions.h"

namespace bild {

struct Parameter {
  std::string name;            // "g1.gp.0.conv1.weight"
  std::vector<int64_t> shape;  // As the published weights have it.
  int64_t fan_in = 0;          // Inputs that one output element sums over.
  // Where the layer's definition has one, in place of a random draw.
  std::optional<double> initial;
  int64_t offset = 0;  // Of its first element in the flat vector.
  int64_t numel = 0;
  // A leaf that shares memory with the flat vector and, in a net's parameters,
  // requires a gradient; undefined before Materialise().
  at::Tensor value;
};

class ParameterSet {
 public:
  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  // Declares the next parameter. The pointer lives as long as the set. Throws
  // c10::Error on a repeated name and after Materialise().
  Parameter* Add(const std::string& name, const std::vector<int64_t>& shape,
                 int64_t fan_in);

  // Takes memory (zeros) of a floating dtype on a device. Once.
  void Materialise(const at::TensorOptions& options, bool requires_grad = true);

  // [size()], the values of all parameters in order of declaration, each in C
  // order. Write to it under at::NoGradGuard.
  const at::Tensor& flat() const { return flat_; }
  int64_t size() const { return size_; }
  const std::vector<std::unique_ptr<Parameter>>& list() const { return list_; }

  // The leaves, in order, for autograd.
  std::vector<at::Tensor> leaves() const;

  // `vector` [size()] seen as one tensor per parameter (no copies).
  std::vector<at::Tensor> Unflatten(const at::Tensor& vector) const;

 private:
  std::vector<std::unique_ptr<Parameter>> list_;
  at::Tensor flat_;
  int64_t size_ = 0;
};

// While it lives, every parameter of the set is another tensor: leaves that
// share memory with `values` [size()], each of which requires a gradient, or
// the tensors that are given, one per parameter. The set's flat vector stays as
// it is.
class ValueScope {
 public:
  ValueScope(ParameterSet& parameters, const at::Tensor& values);
  ValueScope(ParameterSet& parameters, const std::vector<at::Tensor>& values);
  ~ValueScope();
  ValueScope(const ValueScope&) = delete;
  ValueScope& operator=(const ValueScope&) = delete;

 private:
  ParameterSet& parameters_;
  std::vector<at::Tensor> before_;
};

// While it lives, every parameter of the set is a dual number: its value with
// `tangent` [size()] as the derivative, for forward-mode AD. Parameters are
// again what they were when it goes, exceptions included. One at a time: a
// second one throws c10::Error, and so does a tangent of another size or type;
// nothing has changed then.
class TangentScope {
 public:
  TangentScope(ParameterSet& parameters, const at::Tensor& tangent);
  ~TangentScope();
  TangentScope(const TangentScope&) = delete;
  TangentScope& operator=(const TangentScope&) = delete;

  // The derivative of `value` along the tangent, of its shape; zeros where it
  // does not depend on the parameters.
  at::Tensor TangentOf(const at::Tensor& value) const;

 private:
  void Restore();

  ParameterSet& parameters_;
  std::vector<at::Tensor> primal_;
  uint64_t level_;
};

}  // namespace bild

#endif  // BACKBONES_PARAMETER_SET_H_
