#include "tests/backbones/patch_ways.h"

#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// Rounding through a deep net.
constexpr double kDeepTolerance = 1e-10;

}  // namespace

void ExpectPatchWaysAgree(Backbone& net, int64_t patches, int64_t height_px,
                          int64_t width_px, SeedEngine& engine) {
  SCOPED_TRACE(testing::Message() << net.name() << " " << patches << " x "
                                  << height_px << " x " << width_px);
  FillNearInitial(net.layers(), engine);
  const at::Tensor input = net.NormaliseInput(
      UniformTensor(engine, {patches, 3, height_px, width_px}));
  const auto forward = [&](const at::Tensor& x) { return net.Forward(x); };
  const at::Tensor slope = NormalTensor(engine, forward(input).sizes().vec());
  CheckAllWays(net.layers(), forward, input, slope, engine, kDeepTolerance);
}

}  // namespace bild
