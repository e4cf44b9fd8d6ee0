// Multiply-adds against the figures of the nets' specification, which were
// counted with hooks on the reference implementations.

#include "backbones/cost.h"

#include <cstdint>
#include <ostream>
#include <string>

#include "ATen/ops/zeros.h"
#include "backbones/catalog.h"
#include "bild/base/live_bytes.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

struct Figure {
  std::string backbone;
  int64_t parameters;
  int64_t multiply_adds;  // Of one 3 x 256 x 256 picture.
};

void PrintTo(const Figure& figure, std::ostream* out) {
  *out << figure.backbone;
}

class CostTest : public testing::TestWithParam<Figure> {};

// Every net's count is a + b (number of pixels), a for what works on pooled or
// resized maps; two small pictures give both.
TEST_P(CostTest, CountsAsTheReference) {
  const Figure& figure = GetParam();
  const auto backbone = MakeBackbone(figure.backbone, at::kFloat);
  ASSERT_TRUE(backbone.ok()) << backbone.status();
  EXPECT_EQ((*backbone)->parameters().size(), figure.parameters);
  const auto count = [&backbone](int64_t side_px) {
    return CountMultiplyAdds(**backbone, at::zeros({1, 3, side_px, side_px}));
  };
  const int64_t at_32 = count(32);
  const int64_t at_64 = count(64);
  // 256^2 - 32^2 is 21 times 64^2 - 32^2.
  EXPECT_EQ(at_32 + 21 * (at_64 - at_32), figure.multiply_adds);
  EXPECT_EQ((*backbone)->layers().observer(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Nets, CostTest,
    testing::Values(Figure{"aodnet", 1761, 114425856},
                    Figure{"dehazenet", 8929, 580911104},
                    // 8,240 weights at each of 65,536 pixels.
                    Figure{"dehazenet[variant=original]", 8305, 540016640},
                    Figure{"ffa", 4455913, 287281572352},
                    Figure{"griddehazenet", 958051, 18710790144},
                    Figure{"msbdn", 31353061, 24433917952},
                    Figure{"aodnet[ddu=320]", 17280357, 40870551552}));

TEST(MeasureForward, SeesShapesTimeAndMemory) {
  InstallLiveBytes();
  const auto backbone = MakeBackbone("aodnet", at::kFloat);
  const ForwardCost cost = MeasureForward(**backbone, 20, 30, /*repeats=*/3);
  EXPECT_EQ(cost.parameters, 1761);
  // 1,746 weights (the 15 others are biases), each once a pixel.
  EXPECT_EQ(cost.multiply_adds, 1746 * 600);
  EXPECT_GT(cost.seconds.low, 0.0);
  EXPECT_LE(cost.seconds.low, cost.seconds.high);
  // The four maps that the last convolution reads are alive with their
  // concatenation: 24 channels of float32 at least.
  EXPECT_GE(cost.peak_live_bytes, 24 * 600 * 4);
}

}  // namespace
}  // namespace bild
