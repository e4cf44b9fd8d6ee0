#include "bild/flat_gradient.h"

#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/zeros_like.h"
#include "c10/core/GradMode.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {

at::Tensor FlatGradient(const at::Tensor& output,
                        const std::vector<at::Tensor>& leaves,
                        const at::Tensor& output_gradient, GraphAfter graph) {
  torch::autograd::variable_list seeds;
  if (output_gradient.defined()) seeds.push_back(output_gradient);
  const std::vector<at::Tensor> pieces = torch::autograd::grad(
      {output}, leaves, seeds,
      /*retain_graph=*/graph != GraphAfter::kGone,
      /*create_graph=*/graph == GraphAfter::kExtended, /*allow_unused=*/true);
  if (graph == GraphAfter::kExtended) {
    std::vector<at::Tensor> flat;
    flat.reserve(pieces.size());
    for (size_t i = 0; i < pieces.size(); ++i) {
      flat.push_back(
          (pieces[i].defined() ? pieces[i] : at::zeros_like(leaves[i]))
              .flatten());
    }
    return at::cat(flat);
  }
  // Nothing follows the result: each piece is copied once, however it lies.
  int64_t size = 0;
  for (const at::Tensor& leaf : leaves) size += leaf.numel();
  const c10::NoGradGuard no_grad;
  const at::Tensor flat = at::empty({size}, leaves.front().options());
  int64_t offset = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    at::Tensor place =
        flat.narrow(0, offset, leaves[i].numel()).view(leaves[i].sizes());
    if (pieces[i].defined()) {
      place.copy_(pieces[i]);
    } else {
      place.zero_();
    }
    offset += leaves[i].numel();
  }
  return flat;
}

}  // namespace bild
