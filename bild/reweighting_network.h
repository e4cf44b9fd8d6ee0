// The patch reweighting network g_phi: one logit per patch, from what the
// backbone sees and what it should have seen.
//
// Jiang et al., "Boosting Supervised Dehazing Methods via Bi-Level Patch
// Reweighting", ECCV 2022, supplement, Fig. 1; the default widths are those of
// the authors' public code (873,313 parameters).

#ifndef BILD_REWEIGHTING_NETWORK_H_
#define BILD_REWEIGHTING_NETWORK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"
#include "c10/core/TensorOptions.h"

namespace bild {

struct ReweightingNetworkOptions {
  std::vector<int64_t> channels = {32, 64, 128};  // One stage each.
  int64_t hidden = 32;                            // Width of the head.
};

class ReweightingNetwork {
 public:
  // Zeros of the given floating dtype and device; the trainer initialises them.
  ReweightingNetwork(const ReweightingNetworkOptions& options,
                     const at::TensorOptions& tensor_options);
  ~ReweightingNetwork();

  // s_i: [B], differentiable in the parameters.
  //
  //   hazy_input  [B, 3, P, P] as the backbone receives it
  //   clear01     [B, 3, P, P] in [0, 1]
  at::Tensor Logits(const at::Tensor& hazy_input,
                    const at::Tensor& clear01) const;

  ParameterSet& parameters() { return layers_.parameters(); }
  const ParameterSet& parameters() const { return layers_.parameters(); }

 private:
  struct ResidualBlock;
  struct Stage;

  LayerSet layers_;
  std::vector<std::unique_ptr<Stage>> stages_;
  const Linear* head0_;
  const Linear* head2_;
};

}  // namespace bild

#endif  // BILD_REWEIGHTING_NETWORK_H_
