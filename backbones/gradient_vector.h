// The gradient of a whole net, put together from what its layers give.

#ifndef BACKBONES_GRADIENT_VECTOR_H_
#define BACKBONES_GRADIENT_VECTOR_H_

#include <cstdint>
#include <map>

#include "ATen/core/Tensor.h"
#include "backbones/parameter_set.h"
#include "c10/core/TensorOptions.h"

namespace bild {

// A sum [P] that is zero at first. Nothing is written before there is something
// to write, and the first share of a parameter is copied, not added: for a net
// of 31 million parameters every pass over them counts (docs/performance.md).
class GradientVector {
 public:
  GradientVector(const ParameterSet& parameters,
                 const at::TensorOptions& options);

  // Where the first share of a parameter is to be written, of its shape; it
  // then counts as added. Undefined where there is one already, and for a
  // window into a parameter.
  at::Tensor PlaceOfFirstShare(const Parameter& parameter);
  // A share of the gradient of a parameter or of a window into one: numel
  // elements of any shape.
  void Add(const Parameter& parameter, const at::Tensor& gradient);
  // sum_i weights[i] gradients[i]: [B, numel] and [B].
  void AddWeighted(const Parameter& parameter, const at::Tensor& gradients,
                   const at::Tensor& weights);
  // The sum. Nothing is added to it any more.
  at::Tensor Take();

 private:
  at::Tensor Slice(const Parameter& parameter) const {
    return vector_.narrow(0, parameter.offset, parameter.numel);
  }
  // True: the window is a whole parameter without a share, which the caller
  // writes now. Otherwise what it lies in holds numbers now, zeros where there
  // was no share.
  bool ClaimWhole(const Parameter& window);

  at::Tensor vector_;
  // Offset and number of elements of the parameters without a share.
  std::map<int64_t, int64_t> unwritten_;
};

}  // namespace bild

#endif  // BACKBONES_GRADIENT_VECTOR_H_
