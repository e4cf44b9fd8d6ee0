// A whole net in its ways to the products of per-patch gradients, against one
// autograd call per patch.

#ifndef TESTS_BACKBONES_NET_WAYS_H_
#define TESTS_BACKBONES_NET_WAYS_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "bild/base/seed.h"

namespace bild {

// Every parameter from N(0, 1 / fan_in), or near its initial value where it has
// one; every buffer near its initial value. Materialises the net in float64.
void FillNear(LayerSet& layers, SeedEngine& engine);

// [B, P] by one backward per patch, on the losses that the other checks use;
// the net works in whatever way is set on it. `input` as for Forward().
at::Tensor PatchGradients(Backbone& net, const at::Tensor& input);

// [B]: the losses' derivatives along v [P] by forward mode.
at::Tensor ForwardModeProducts(Backbone& net, const at::Tensor& input,
                               const at::Tensor& v);

// Recording, layer-wise and forward mode, all against PatchGradients():
// googletest failures where they differ by more than rounding.
void CheckNetWays(Backbone& net, const at::Tensor& input, SeedEngine& engine);

}  // namespace bild

#endif  // TESTS_BACKBONES_NET_WAYS_H_
