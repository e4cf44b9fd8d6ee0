// Tiles against the whole picture, and how far nets look.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ATen/TensorOperators.h"
#include "backbones/catalog.h"
#include "backbones/restore/reach.h"
#include "backbones/restore/restore_plan.h"
#include "backbones/restore/tiling_difference.h"
#include "bild/initialise.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

std::unique_ptr<Backbone> MakeNet(const std::string& spec,
                                  at::ScalarType dtype = at::kFloat) {
  auto made = MakeBackbone(spec, dtype);
  EXPECT_TRUE(made.ok()) << made.status();
  InitialiseParameters((*made)->parameters(), /*seed=*/3, kBackboneNet,
                       Initialisation::kFanIn);
  return std::move(made).value();
}

// Under a limit that leaves `tile_pixels` to a tile: one byte a pixel, the
// picture's own share beside it.
absl::StatusOr<RestorePlan> PlanOfTiles(const Backbone& backbone,
                                        std::optional<int64_t> reach_px,
                                        int64_t height_px, int64_t width_px,
                                        int64_t tile_pixels) {
  WindowCost cost;
  cost.bytes_per_pixel = 1.0;
  const auto pixels = static_cast<double>(height_px * width_px);
  return PlanRestore(backbone, cost, reach_px, height_px, width_px,
                     36.0 * pixels + static_cast<double>(tile_pixels));
}

// Square tiles, with whatever halo.
RestorePlan SquareTiles(const Backbone& backbone, const at::Tensor& padded,
                        int64_t tile_px, int64_t halo_px) {
  RestorePlan plan;
  plan.tiling = Tiling::kExact;
  plan.halo_px = halo_px;
  const int64_t multiple = backbone.TileMultiple();
  plan.rows = PlanTiles(padded.size(2), tile_px, halo_px, multiple);
  plan.columns = PlanTiles(padded.size(3), tile_px, halo_px, multiple);
  return plan;
}

double LargestGap(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(MeasureReach, OfStackedConvolutions) {
  // 3x3, 5x5, 7x7 and 3x3 in a row: 1 + 2 + 3 + 1.
  EXPECT_EQ(MeasureReach(*MakeNet("aodnet")).value(), 7);
  // 5x5, the widest of the three, the pooling and the head: 2 + 3 + 3 + 3.
  EXPECT_EQ(MeasureReach(*MakeNet("dehazenet")).value(), 11);
  // Without what the small pictures give: 3x3 twice to the guide, 3x3 to fuse,
  // 3x3 twice to the multiplier.
  EXPECT_EQ(
      MeasureReach(*MakeNet("aodnet[ddu=32,ddu_grid=64,ddu_width=8]")).value(),
      5);
}

// In whole blocks of 4 px, at which its tiles begin.
TEST(MeasureReach, OfHalvingsIsInWholeBlocks) {
  // Row by row it is 105 px at most, from the first of a block: into the 26th
  // block beyond.
  EXPECT_EQ(MeasureReach(*MakeNet("griddehazenet[width=4,growth=2]")).value(),
            104);
}

TEST(MeasureReach, OfMeansOverThePictureHasNoEnd) {
  const auto reach = MeasureReach(*MakeNet("ffa[dim=16,blocks=1]"));
  ASSERT_FALSE(reach.ok());
  EXPECT_NE(std::string(reach.status().message())
                .find("a tile of any size differs from the whole picture"),
            std::string::npos);
}

struct Case {
  std::string backbone;
  int64_t height_px, width_px, tile_px;
};

class ExactTilesTest : public testing::TestWithParam<Case> {};

TEST_P(ExactTilesTest, EqualTheWholePicture) {
  const Case& row = GetParam();
  const auto net = MakeNet(row.backbone);
  ASSERT_EQ(net->tiling(), Tiling::kExact);
  const auto reach = MeasureReach(*net);
  ASSERT_TRUE(reach.ok()) << reach.status();
  SeedEngine engine = TestEngine(2);
  const at::Tensor picture =
      UniformTensor(engine, {1, 3, row.height_px, row.width_px}).to(at::kFloat);
  const RestorePlan plan =
      SquareTiles(*net, net->PadToFit(picture), row.tile_px, *reach);
  EXPECT_GT(plan.rows.size(), 1u);
  EXPECT_GT(plan.columns.size(), 1u);
  const at::Tensor whole = net->Restore(picture).detach();
  int64_t told = 0;
  const at::Tensor tiled = RestoreByPlan(
      *net, picture, plan, [&told](int64_t done) { told = done; });
  EXPECT_EQ(told, plan.tiles());
  EXPECT_LE(LargestGap(tiled, whole), 1e-5);
  // A halo that is too short is seen, where what is farthest away still counts
  // in float32.
  if (net->TileMultiple() > 1) return;
  const RestorePlan shorter =
      SquareTiles(*net, net->PadToFit(picture), row.tile_px, *reach - 1);
  EXPECT_GT(LargestGap(RestoreByPlan(*net, picture, shorter, {}), whole), 0.0);
}

INSTANTIATE_TEST_SUITE_P(
    Nets, ExactTilesTest,
    testing::Values(Case{"aodnet", 61, 83, 40},
                    Case{"aodnet[variant=gunet]", 50, 47, 32},
                    Case{"dehazenet", 61, 70, 48},
                    Case{"aodnet[ddu=32,ddu_grid=64,ddu_width=8]", 60, 75, 40},
                    Case{"griddehazenet[width=4,growth=2]", 331, 342, 300}),
    [](const auto& row) {
      std::string name;
      for (const char c : row.param.backbone) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
      }
      return name;
    });

// Strips, since its halo is many hundreds of pixels: tiles follow each other
// along one axis, the middle ones cut on both sides.
class MsbdnStripTest : public testing::TestWithParam<bool> {
 protected:
  void ExpectEqual(at::ScalarType dtype, double tolerance) {
    const auto net = MakeNet("msbdn[width=1]", dtype);
    const int64_t reach = MeasureReach(*net).value();
    SeedEngine engine = TestEngine(5);
    at::Tensor strip =
        UniformTensor(engine, {1, 3, 2 * reach + 400, 33}).to(dtype);
    if (GetParam()) strip = strip.transpose(2, 3).contiguous();
    const RestorePlan plan =
        SquareTiles(*net, net->PadToFit(strip), 2 * reach + 160, reach);
    EXPECT_EQ(plan.tiles(), 3);
    const at::Tensor whole = net->Restore(strip).detach();
    const at::Tensor tiled = RestoreByPlan(*net, strip, plan, {});
    EXPECT_LE(LargestGap(tiled, whole),
              tolerance * whole.abs().max().item<double>());
  }
};

TEST_P(MsbdnStripTest, EqualsTheWholePictureInFloat64) {
  ExpectEqual(at::kDouble, 1e-12);
}

TEST_P(MsbdnStripTest, EqualsTheWholePictureInFloat32) {
  ExpectEqual(at::kFloat, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(DownAndAcross, MsbdnStripTest, testing::Bool());

// What a window would be if its resizes took it for a picture of its own.
TEST(MsbdnTiles, ResizeAtThePlacesOfTheWholePicture) {
  const auto net = MakeNet("msbdn[width=1]", at::kDouble);
  const int64_t reach = MeasureReach(*net).value();
  SeedEngine engine = TestEngine(6);
  const at::Tensor strip = UniformTensor(engine, {1, 3, 2 * reach + 320, 32});
  const at::Tensor whole = net->Restore(strip).detach();
  const PictureWindow window{0, 160, 32, 2 * reach + 160};
  const auto kept = [&](const at::Tensor& x) {
    return x.narrow(2, reach, 160);
  };
  const at::Tensor want = whole.narrow(2, 160 + reach, 160);
  EXPECT_LE(LargestGap(kept(net->RestoreWindow(strip, window, nullptr)), want),
            1e-12);
  EXPECT_GT(
      LargestGap(
          kept(net->Forward(strip.narrow(2, 160, 2 * reach + 160)).detach()),
          want),
      1e-3 * want.abs().max().item<double>());
}

TEST(ApproximateTiles, SayByHowMuch) {
  const auto net = MakeNet("ffa[dim=16,blocks=1]");
  SeedEngine engine = TestEngine(4);
  // Dark on the left, bright on the right: tiles see other means.
  at::Tensor picture = UniformTensor(engine, {1, 3, 96, 160}).to(at::kFloat);
  picture.narrow(3, 0, 80).mul_(0.2);
  const auto plan = PlanOfTiles(*net, std::nullopt, 96, 160, 96 * 96);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->tiling, Tiling::kApproximate);
  // The whole picture is what would be exact.
  EXPECT_DOUBLE_EQ(plan->exact_limit_bytes, 37.0 * 96 * 160);
  const TilingDifference difference =
      MeasureTilingDifference(*net, picture, *plan);
  EXPECT_EQ(difference.width_px, 160);
  EXPECT_EQ(difference.height_px, 96);
  EXPECT_GT(difference.largest, 0.0);
  EXPECT_GE(difference.largest, difference.mean);
  EXPECT_GT(difference.psnr_db, 10.0);
}

TEST(PlanRestore, WholeWhereItFits) {
  const auto net = MakeNet("aodnet");
  const auto plan = PlanOfTiles(*net, 7, 61, 83, 83 * 61);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->tiling, Tiling::kNone);
  EXPECT_EQ(plan->tiles(), 1);
  EXPECT_DOUBLE_EQ(plan->predicted_bytes, 61 * 83 * 37.0);
}

TEST(PlanRestore, ExactWhereATileOfThreeHalosFits) {
  const auto net = MakeNet("griddehazenet[width=4,growth=2]");
  const auto exact = PlanOfTiles(*net, 106, 2000, 2000, 324 * 324);
  ASSERT_TRUE(exact.ok());
  EXPECT_EQ(exact->tiling, Tiling::kExact);
  EXPECT_EQ(exact->halo_px, 108);
  const auto approximate = PlanOfTiles(*net, 106, 2000, 2000, 323 * 324);
  ASSERT_TRUE(approximate.ok());
  EXPECT_EQ(approximate->tiling, Tiling::kApproximate);
  EXPECT_EQ(approximate->halo_px, 32);
  EXPECT_DOUBLE_EQ(approximate->exact_limit_bytes,
                   36.0 * 2000 * 2000 + 324 * 324);
  EXPECT_LE(approximate->LargestTilePixels(), 323 * 324);
}

// A net that looks at the whole picture first needs the memory for that.
TEST(PlanRestore, CountsTheLookAtTheWhole) {
  const auto net = MakeNet("aodnet[ddu=32,ddu_grid=64,ddu_width=8]");
  WindowCost cost;
  cost.bytes_per_pixel = 1.0;
  cost.look_bytes = 5000.0;
  cost.process_bytes = 1e6;
  const auto plan = PlanRestore(*net, cost, 5, 100, 100, 136e4 + 5500.0);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_GT(plan->tiles(), 1);
  EXPECT_DOUBLE_EQ(plan->predicted_bytes,
                   136e4 + std::max(5000.0, plan->LargestTilePixels()));
  EXPECT_FALSE(PlanRestore(*net, cost, 5, 100, 100, 136e4 + 4500.0).ok());
}

TEST(PlanRestore, SaysWhatDoesNotFit) {
  const auto net = MakeNet("aodnet");
  const auto too_small = PlanOfTiles(*net, 7, 61, 83, 20 * 20);
  ASSERT_FALSE(too_small.ok());
  EXPECT_NE(std::string(too_small.status().message())
                .find("a tile with its halo of 7 px on each side does not fit"),
            std::string::npos);
  const auto original = MakeNet("dehazenet[variant=original]");
  const auto whole_only = PlanOfTiles(*original, std::nullopt, 300, 300, 10000);
  ASSERT_FALSE(whole_only.ok());
  EXPECT_NE(std::string(whole_only.status().message())
                .find("dehazenet[variant=original] cannot be run in tiles"),
            std::string::npos);
}

}  // namespace
}  // namespace bild
