#include "datasets/synthetic/scene.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bild/base/sha256.h"
#include "datasets/synthetic/haze.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

Scene Render(SceneLike like, uint64_t seed, uint64_t number, int64_t width_px,
             int64_t height_px) {
  absl::StatusOr<Scene> scene =
      RenderScene(like, seed, number, width_px, height_px);
  EXPECT_TRUE(scene.ok()) << scene.status();
  return *std::move(scene);
}

std::string HashOf(const Image& image) {
  return Sha256Hex(image.rgb.data(), image.rgb.size());
}

double PsnrDb(const Image& a, const Image& b) {
  double squares = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) {
    const double difference = a.rgb[i] - b.rgb[i];
    squares += difference * difference;
  }
  const double mean = squares / static_cast<double>(a.rgb.size());
  return 10.0 * std::log10(255.0 * 255.0 / mean);
}

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1);
  return values[static_cast<size_t>(share * last)];
}

struct Pinned {
  SceneLike like;
  uint64_t seed;
  uint64_t number;
  int64_t width_px;
  int64_t height_px;
  const char* clear_sha256;
  const char* hazy_sha256;  // With A = 0.85, beta as given.
  double beta;
};

// The pixels of five scenes. A change here is a new kSyntheticVersion.
TEST(Scene, PixelsArePinned) {
  const Pinned pinned[] = {
      {SceneLike::kIts, 1, 1, 256, 256,
       "0521f0a2bffd90759beef1326854e305e36be0fb3d217696089a2dc060599e1e",
       "4c0dbde7722857dae53e889506bbb63e5b469672ed4650791c7fb46d2f3f463a", 1.2},
      {SceneLike::kIts, 2, 1400, 180, 130,
       "86f2160e65923610585e77cfd2871ecea8fca75fbdc1014dfc668f9601f60f76",
       "fa34a4c16dac016fab03f2d1407cb235f104c805683fbb2e8b432ddec1bb11a0", 0.7},
      {SceneLike::kOts, 1, 2001, 256, 256,
       "bfdc88cf5638679acb6540bb3d5bfdab9a6163bad646229d5efecfa28804f9fc",
       "ad4f0b86508704c2b54e13a956ace596ddd48ac00d0220804b8dfbcd17f38cb4", 0.1},
      {SceneLike::kOts, 9, 12, 130, 180,
       "bdfa1e0698aa9eb9e5a749209b83e3b280cebf2dd8c6d06ac61fad3ae2399652",
       "4fdf8efaed4dfb68c9ddaadaab55a6d54b63a458a363e8fe6665cce6541c9b11", 0.2},
      {SceneLike::kGarden, 1, 1, 256, 256,
       "6b2d2b5ffae5314cf6623bb964db4b57da5b179e4cfb61ac75f1f8461de039cd",
       "b7fd5ac94a7004384b4728be02f9dd225455ea5bd331f97627184dc585d28808", 0.8},
  };
  for (const Pinned& want : pinned) {
    const Scene scene = Render(want.like, want.seed, want.number, want.width_px,
                               want.height_px);
    EXPECT_EQ(HashOf(scene.clear), want.clear_sha256) << want.number;
    EXPECT_EQ(HashOf(ApplyHaze(scene.clear, scene.depth, {0.85, want.beta})),
              want.hazy_sha256)
        << want.number;
  }
}

// Tint, unevenness and sensor noise are drawn as exactly.
TEST(Scene, PixelsOfRealHazeArePinned) {
  const Scene scene = Render(SceneLike::kGarden, 1, 1041, 160, 120);
  EXPECT_EQ(HashOf(ApplyHaze(scene.clear, scene.depth, OHazeHaze(1, 1041))),
            "7beb5859fcc5bcf1d55febe24992f8cc10cf1d4e514ef68a2ad2fb62f5cee0d2");
  EXPECT_EQ(HashOf(ApplyHaze(scene.clear, scene.depth, NhHazeHaze(1, 1041))),
            "7ead6a5229c02b46d0982f8ed9c59dd46c65032d9c0b3a2bb6939cb7dedde4b4");
}

TEST(Scene, IsAFunctionOfSeedNumberAndLike) {
  const Scene scene = Render(SceneLike::kIts, 1, 5, 64, 48);
  const Scene again = Render(SceneLike::kIts, 1, 5, 64, 48);
  EXPECT_EQ(scene.clear.rgb, again.clear.rgb);
  EXPECT_EQ(scene.depth, again.depth);
  EXPECT_NE(scene.clear.rgb, Render(SceneLike::kIts, 1, 6, 64, 48).clear.rgb);
  EXPECT_NE(scene.clear.rgb, Render(SceneLike::kIts, 2, 5, 64, 48).clear.rgb);
  EXPECT_NE(scene.clear.rgb, Render(SceneLike::kOts, 1, 5, 64, 48).clear.rgb);
}

TEST(Scene, SizeChangesTheSamplingNotTheScene) {
  // The same room at twice the size: its 2 x 2 means are the smaller picture
  // but for antialiasing.
  const Scene small = Render(SceneLike::kIts, 1, 3, 64, 64);
  const Scene large = Render(SceneLike::kIts, 1, 3, 128, 128);
  double sum = 0;
  for (int64_t y = 0; y < 64; ++y) {
    for (int64_t x = 0; x < 64; ++x) {
      double mean = 0;
      for (int64_t i = 0; i < 4; ++i) {
        const int64_t at = (2 * y + i / 2) * 128 + 2 * x + i % 2;
        mean += 0.25 * large.depth[static_cast<size_t>(at)];
      }
      sum += std::fabs(mean - small.depth[static_cast<size_t>(y * 64 + x)]);
    }
  }
  EXPECT_LT(sum / (64 * 64), 0.01);
}

class SceneStatistics : public testing::TestWithParam<SceneLike> {};

TEST_P(SceneStatistics, BrightnessDepthAndHazeAreInRange) {
  const bool is_room = GetParam() == SceneLike::kIts;
  const bool is_garden = GetParam() == SceneLike::kGarden;
  double sum_psnr_db = 0;
  int pictures = 0;
  for (uint64_t number = 1; number <= 10; ++number) {
    const Scene scene = Render(GetParam(), 3, number, 96, 72);
    const Brightness brightness = MeasureBrightness(scene.clear);
    EXPECT_GE(brightness.mean, 0.25);
    EXPECT_LE(brightness.mean, 0.6);
    EXPECT_GT(brightness.deviation, 0.12);

    std::vector<double> depth = scene.depth;
    if (is_garden) {
      for (const double d : depth) {
        ASSERT_GE(d, 0.1);
        ASSERT_LE(d, 1.9);
      }
    } else if (!is_room) {
      for (const double d : depth) {
        ASSERT_GE(d, 2.0);
        ASSERT_LE(d, 10.0);
      }
      depth.erase(std::remove_if(depth.begin(), depth.end(),
                                 [](double d) { return d >= 8.0; }),
                  depth.end());
      EXPECT_LT(depth.size(), scene.depth.size()) << "no sky";
      EXPECT_GT(depth.size(), scene.depth.size() / 4) << "sky alone";
    }
    const double median = Quantile(depth, 0.5);
    const double ratio = Quantile(depth, 0.99) / Quantile(depth, 0.01);
    EXPECT_GT(median, is_room ? 0.57 : is_garden ? 0.9 : 2.3);
    EXPECT_LT(median, is_room ? 0.63 : is_garden ? 1.15 : 3.6);
    EXPECT_GT(ratio, is_room ? 1.65 : 2.0);
    EXPECT_LT(ratio, is_room ? 2.5 : is_garden ? 6.0 : 4.0);

    std::vector<HazeCondition> conditions =
        is_room ? ItsHaze(3, number) : OtsTrainHaze();
    if (is_garden) {
      conditions = {OHazeHaze(3, number), NhHazeHaze(3, number)};
    }
    for (const HazeCondition& condition : conditions) {
      sum_psnr_db +=
          PsnrDb(ApplyHaze(scene.clear, scene.depth, condition), scene.clear);
      ++pictures;
    }
  }
  const double psnr_db = sum_psnr_db / pictures;
  EXPECT_GT(psnr_db, is_room || is_garden ? 9.0 : 12.0);
  EXPECT_LT(psnr_db, is_room ? 15.0 : is_garden ? 16.0 : 22.0);
  RecordProperty("psnr_db", std::to_string(psnr_db));
}

TEST_P(SceneStatistics, DepthJumpsCoincideWithShapeEdges) {
  // Greater steps than a floor's from row to row. (The ground outside rises
  // fast towards the horizon.)
  const double jump = GetParam() == SceneLike::kIts   ? 0.08
                      : GetParam() == SceneLike::kOts ? 1.0
                                                      : 0.3;
  int64_t jumps = 0;
  int64_t visible = 0;  // Jumps that the clear picture shows.
  for (uint64_t number = 1; number <= 6; ++number) {
    const Scene scene = Render(GetParam(), 4, number, 160, 160);
    const auto compare = [&](size_t a, size_t b) {
      if (std::fabs(scene.depth[a] - scene.depth[b]) < jump) return;
      ++jumps;
      EXPECT_TRUE(scene.surface[a] < 0 || scene.surface[b] < 0 ||
                  scene.surface[a] != scene.surface[b])
          << "scene " << number << " pixel " << a;
      int difference = 0;
      for (size_t i = 0; i < 3; ++i) {
        difference +=
            std::abs(scene.clear.rgb[3 * a + i] - scene.clear.rgb[3 * b + i]);
      }
      visible += difference > 12 ? 1 : 0;
    };
    for (size_t y = 0; y + 1 < 160; ++y) {
      for (size_t x = 0; x + 1 < 160; ++x) {
        compare(y * 160 + x, y * 160 + x + 1);
        compare(y * 160 + x, y * 160 + x + 160);
      }
    }
  }
  EXPECT_GT(jumps, 500);
  EXPECT_GT(static_cast<double>(visible), 0.8 * static_cast<double>(jumps));
}

TEST_P(SceneStatistics, ShowsManySurfaces) {
  for (uint64_t number = 1; number <= 6; ++number) {
    const Scene scene = Render(GetParam(), 5, number, 96, 96);
    std::vector<int32_t> seen = scene.surface;
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    EXPECT_GE(seen.size(), 20u) << number;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SceneStatistics,
                         testing::Values(SceneLike::kIts, SceneLike::kOts,
                                         SceneLike::kGarden),
                         [](const auto& like) {
                           return like.param == SceneLike::kIts   ? "Its"
                                  : like.param == SceneLike::kOts ? "Ots"
                                                                  : "Garden";
                         });

TEST(Scene, RefusesSizesOutOfRange) {
  const absl::Status small =
      RenderScene(SceneLike::kIts, 1, 1, 31, 64).status();
  EXPECT_TRUE(absl::IsInvalidArgument(small));
  EXPECT_NE(small.message().find("31x64"), absl::string_view::npos);
  EXPECT_TRUE(absl::IsInvalidArgument(
      RenderScene(SceneLike::kIts, 1, 1, 64, 8193).status()));
  EXPECT_TRUE(RenderScene(SceneLike::kOts, 1, 1, 32, 32).ok());
}

TEST(MeasureBrightness, OfTwoValues) {
  Image image;
  image.width_px = 2;
  image.height_px = 1;
  image.rgb = {0, 0, 0, 255, 255, 255};
  EXPECT_DOUBLE_EQ(MeasureBrightness(image).mean, 0.5);
  EXPECT_DOUBLE_EQ(MeasureBrightness(image).deviation, 0.5);
}

}  // namespace
}  // namespace bild
