// Tiles against the whole picture, and how far nets look.

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

std::unique_ptr<Backbone> MakeNet(const std::string& spec) {
  auto made = MakeBackbone(spec, at::kFloat);
  EXPECT_TRUE(made.ok()) << made.status();
  InitialiseParameters((*made)->parameters(), /*seed=*/3, kBackboneNet,
                       Initialisation::kFanIn);
  return std::move(made).value();
}

// A limit under which `tile_px` is the largest tile: one byte a pixel, the
// picture's own share beside it.
absl::StatusOr<RestorePlan> PlanOfTiles(const Backbone& backbone,
                                        std::optional<int64_t> reach_px,
                                        int64_t height_px, int64_t width_px,
                                        int64_t tile_px) {
  WindowCost cost;
  cost.bytes_per_pixel = 1.0;
  const auto pixels = static_cast<double>(height_px * width_px);
  return PlanRestore(backbone, cost, reach_px, height_px, width_px,
                     36.0 * pixels + static_cast<double>(tile_px * tile_px));
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
  const auto plan =
      PlanOfTiles(*net, *reach, row.height_px, row.width_px, row.tile_px);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->tiling, Tiling::kExact);
  EXPECT_GT(plan->rows.size(), 1u);
  EXPECT_GT(plan->columns.size(), 1u);
  const at::Tensor whole = net->Restore(picture).detach();
  int64_t told = 0;
  const at::Tensor tiled = RestoreByPlan(
      *net, picture, *plan, [&told](int64_t done) { told = done; });
  EXPECT_EQ(told, plan->tiles());
  EXPECT_LE((tiled - whole).abs().max().item<double>(), 1e-5);
  // A halo that is one step too short is seen.
  const auto shorter = PlanOfTiles(*net, *reach - net->TileMultiple(),
                                   row.height_px, row.width_px, row.tile_px);
  if (*reach % net->TileMultiple() == 0) {
    EXPECT_GT((RestoreByPlan(*net, picture, *shorter, {}) - whole)
                  .abs()
                  .max()
                  .item<double>(),
              0.0);
  }
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

TEST(ApproximateTiles, SayByHowMuch) {
  const auto net = MakeNet("ffa[dim=16,blocks=1]");
  SeedEngine engine = TestEngine(4);
  // Dark on the left, bright on the right: tiles see other means.
  at::Tensor picture = UniformTensor(engine, {1, 3, 96, 160}).to(at::kFloat);
  picture.narrow(3, 0, 80).mul_(0.2);
  const auto plan = PlanOfTiles(*net, std::nullopt, 96, 160, 96);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->tiling, Tiling::kApproximate);
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
  const auto plan = PlanOfTiles(*net, 7, 61, 83, 83);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->tiling, Tiling::kNone);
  EXPECT_EQ(plan->tiles(), 1);
  EXPECT_DOUBLE_EQ(plan->predicted_bytes, 61 * 83 * 37.0);
}

TEST(PlanRestore, SaysWhatDoesNotFit) {
  const auto net = MakeNet("aodnet");
  const auto too_small = PlanOfTiles(*net, 7, 61, 83, 14);
  ASSERT_FALSE(too_small.ok());
  EXPECT_NE(std::string(too_small.status().message())
                .find("a tile with its halo of 7 px on each side does not fit"),
            std::string::npos);
  const auto original = MakeNet("dehazenet[variant=original]");
  const auto whole_only = PlanOfTiles(*original, std::nullopt, 300, 300, 100);
  ASSERT_FALSE(whole_only.ok());
  EXPECT_NE(std::string(whole_only.status().message())
                .find("dehazenet[variant=original] cannot be run in tiles"),
            std::string::npos);
}

}  // namespace
}  // namespace bild
