// Layers in all of their ways against each other: every patch's own gradient by
// one autograd call per patch is the truth.

#ifndef TESTS_BACKBONES_ALL_WAYS_H_
#define TESTS_BACKBONES_ALL_WAYS_H_

#include <functional>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"
#include "bild/base/seed.h"

namespace bild {

// Two orders of the same sums in float64; in float32 the same, with up to a
// thousand terms to a sum.
constexpr double kDoubleTolerance = 1e-12;
constexpr double kFloatTolerance = 2e-5;

// A net in one function: input to output through the layers of a set.
using Forward = std::function<at::Tensor(const at::Tensor&)>;

// Normal numbers into every parameter.
void FillRandomly(LayerSet& set, SeedEngine& engine);

// Parameters that start from a random draw from N(0, 1 / fan-in); what has an
// initial value, buffers too, within 0.2 of it.
void FillNearInitial(LayerSet& set, SeedEngine& engine);

// [B]: sum(output slope + output^2 / 2) of every patch; `slope` has the
// output's shape.
at::Tensor SlopedLosses(const at::Tensor& output, const at::Tensor& slope);

// [B, P]: gradients of those losses by one backward per patch. Zeros for
// parameters that no loss depends on.
at::Tensor GradientsPatchByPatch(LayerSet& set, const Forward& forward,
                                 const at::Tensor& input,
                                 const at::Tensor& slope);

// Runs the net in every way and compares all that a tape can give, and forward
// mode, with per-sample backward.
void CheckAllWays(LayerSet& set, const Forward& forward,
                  const at::Tensor& input, const at::Tensor& slope,
                  SeedEngine& engine, double tolerance);

}  // namespace bild

#endif  // TESTS_BACKBONES_ALL_WAYS_H_
