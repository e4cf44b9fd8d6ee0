#include "bild/flat_gradient.h"

#include "ATen/ops/cat.h"
#include "ATen/ops/zeros_like.h"
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
  std::vector<at::Tensor> flat;
  flat.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    flat.push_back((pieces[i].defined() ? pieces[i] : at::zeros_like(leaves[i]))
                       .flatten());
  }
  return at::cat(flat);
}

}  // namespace bild
