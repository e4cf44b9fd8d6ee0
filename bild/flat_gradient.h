// Gradients of a whole net as one vector.

#ifndef BILD_FLAT_GRADIENT_H_
#define BILD_FLAT_GRADIENT_H_

#include <vector>

#include "ATen/core/Tensor.h"

namespace bild {

// What the graph of a differentiation is for afterwards.
enum class GraphAfter {
  kGone,     // It is freed.
  kKept,     // It can be differentiated again.
  kExtended  // So can the result.
};

// The gradient of <output, output_gradient> with respect to every leaf, one
// after the other, zeros for leaves that the output does not depend on.
// `output_gradient` undefined: 1, for an output of one number.
at::Tensor FlatGradient(const at::Tensor& output,
                        const std::vector<at::Tensor>& leaves,
                        const at::Tensor& output_gradient = {},
                        GraphAfter graph = GraphAfter::kGone);

}  // namespace bild

#endif  // BILD_FLAT_GRADIENT_H_
