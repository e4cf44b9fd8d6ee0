// A tensor with a name: a parameter or buffer of a net, a moment of an
// optimiser, an entry of a weights file.

#ifndef BACKBONES_NAMED_TENSOR_H_
#define BACKBONES_NAMED_TENSOR_H_

#include <string>

#include "ATen/core/Tensor.h"

namespace bild {

// Copying one shares the tensor's storage.
struct NamedTensor {
  std::string name;
  at::Tensor value;
};

}  // namespace bild

#endif  // BACKBONES_NAMED_TENSOR_H_
