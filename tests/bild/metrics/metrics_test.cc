#include "bild/metrics/metrics.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

RgbValues Constant(int64_t width_px, int64_t height_px, double value) {
  return {width_px, height_px,
          std::vector<double>(static_cast<size_t>(width_px * height_px * 3),
                              value)};
}

absl::StatusOr<ImageScore> ScoreBy(const std::string& profile,
                                   const RgbValues& restored,
                                   const RgbValues& clear) {
  return Score(restored, clear, FindProfile(profile).value(), "a.png");
}

TEST(Score, ByHand) {
  const auto score =
      ScoreBy("default", Constant(16, 12, 0.25), Constant(16, 12, 0.5));
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_NEAR(score->psnr_db, 12.041199826559248, 1e-12);
  EXPECT_NEAR(score->ssim, 0.2501 / 0.3126, 1e-13);
  ASSERT_TRUE(score->ciede2000.has_value());
  EXPECT_NEAR(*score->ciede2000, 23.286614095331664, 1e-9);
  EXPECT_FALSE(score->is_identical);
  EXPECT_FALSE(score->is_capped);
  EXPECT_EQ(FlagsText(*score), "");
}

TEST(Score, OnlyDefaultClampsAndReportsCiede2000) {
  const RgbValues overshooting = Constant(16, 12, 1.5);
  const RgbValues white = Constant(16, 12, 1.0);
  const auto clamped = ScoreBy("default", overshooting, white);
  ASSERT_TRUE(clamped.ok()) << clamped.status();
  EXPECT_EQ(clamped->psnr_db, 100.0);
  EXPECT_EQ(clamped->ssim, 1.0);
  EXPECT_EQ(clamped->ciede2000, 0.0);
  const auto raw = ScoreBy("grid-bild", overshooting, white);
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_NEAR(raw->psnr_db, 6.020599913279624, 1e-12);
  EXPECT_NEAR(raw->ssim, 3.0001 / 3.2501, 1e-11);
  EXPECT_EQ(raw->ciede2000, std::nullopt);
}

// 0.25 and 0.5 are 64 (63.75) and 128 (127.5, to even) of 255, Y 16 + 219 k /
// 255; one channel or three, a constant picture compares its means alone.
TEST(Score, BytesLumaAndGreyByHand) {
  const RgbValues restored = Constant(16, 12, 0.25);
  const RgbValues clear = Constant(16, 12, 0.5);
  const double c1 = 2.55 * 2.55;
  const auto expect = [&](const char* name, double a, double b) {
    const auto score = ScoreBy(name, restored, clear);
    ASSERT_TRUE(score.ok()) << score.status();
    EXPECT_NEAR(score->psnr_db, 20.0 * std::log10(255.0 / (b - a)), 1e-9)
        << name;
    EXPECT_NEAR(score->ssim, (2.0 * a * b + c1) / (a * a + b * b + c1), 1e-12)
        << name;
    EXPECT_EQ(score->ciede2000, std::nullopt);
  };
  expect("basicsr-rgb", 64.0, 128.0);
  expect("basicsr-y", 16.0 + 219.0 * 64.0 / 255.0,
         16.0 + 219.0 * 128.0 / 255.0);
  expect("matlab-gray", 64.0, 128.0);
}

// Rounding may make pictures equal that are not, and only then.
TEST(Score, RoundingDecidesWhatIsIdentical) {
  const RgbValues clear = Constant(16, 12, 100.0 / 255.0);
  const auto by_bytes =
      ScoreBy("basicsr-rgb", Constant(16, 12, 100.4 / 255.0), clear);
  ASSERT_TRUE(by_bytes.ok()) << by_bytes.status();
  EXPECT_EQ(by_bytes->psnr_db, kInfinity);
  EXPECT_EQ(by_bytes->ssim, 1.0);
  EXPECT_EQ(FlagsText(*by_bytes), "identical");
  const auto next =
      ScoreBy("basicsr-rgb", Constant(16, 12, 100.6 / 255.0), clear);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NEAR(next->psnr_db, 48.130803608679103, 1e-9);
}

// `ffa` sees a frame of zeros around both pictures, as `default` does where the
// pictures have one.
TEST(Score, ZerosAroundThePictures) {
  SeedEngine engine(32, SeedStream::kCrop, 0, 0);
  RgbValues a = Constant(20, 15, 0.0), b = a;
  RgbValues framed_a = Constant(30, 25, 0.0), framed_b = framed_a;
  for (int64_t y = 0; y < 15; ++y) {
    for (int64_t i = 0; i < 60; ++i) {
      const auto at = static_cast<size_t>(y * 60 + i);
      const auto framed_at = static_cast<size_t>((y + 5) * 90 + 15 + i);
      framed_a.values[framed_at] = a.values[at] = engine.Uniform();
      framed_b.values[framed_at] = b.values[at] = engine.Uniform();
    }
  }
  const auto by_ffa = ScoreBy("ffa", a, b);
  const auto framed = ScoreBy("default", framed_a, framed_b);
  ASSERT_TRUE(by_ffa.ok() && framed.ok());
  EXPECT_EQ(by_ffa->ssim, framed->ssim);
  EXPECT_EQ(by_ffa->psnr_db, ScoreBy("default", a, b)->psnr_db);
  EXPECT_NE(by_ffa->ssim, ScoreBy("default", a, b)->ssim);
}

// Repeated edges change nothing of a constant picture.
TEST(Score, EdgesAroundThePictures) {
  const auto repeated =
      ScoreBy("matlab-gray", Constant(20, 15, 1.0), Constant(20, 15, 0.0));
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_NEAR(repeated->ssim, 1e-4 / 1.0001, 1e-14);
}

TEST(Score, OfIdenticalPicturesIsExact) {
  SeedEngine engine(31, SeedStream::kCrop, 0, 0);
  RgbValues picture = Constant(40, 17, 0.0);
  for (double& v : picture.values) v = engine.Uniform();
  const auto by_default = ScoreBy("default", picture, picture);
  ASSERT_TRUE(by_default.ok()) << by_default.status();
  EXPECT_EQ(by_default->psnr_db, 100.0);
  EXPECT_EQ(by_default->ssim, 1.0);
  EXPECT_EQ(by_default->ciede2000, 0.0);
  EXPECT_EQ(FlagsText(*by_default), "identical;capped");
  const auto by_grid = ScoreBy("grid-bild", picture, picture);
  ASSERT_TRUE(by_grid.ok()) << by_grid.status();
  EXPECT_EQ(by_grid->psnr_db, kInfinity);
  EXPECT_EQ(by_grid->ssim, 1.0);
  EXPECT_EQ(FlagsText(*by_grid), "identical");
  for (const MetricProfile& profile : KnownProfiles()) {
    const auto score = Score(picture, picture, profile, "a.png");
    ASSERT_TRUE(score.ok()) << score.status();
    EXPECT_EQ(score->ssim, 1.0) << profile.name;
    EXPECT_EQ(score->psnr_db, profile.psnr_db_of_identical) << profile.name;
    EXPECT_TRUE(score->is_identical) << profile.name;
  }
}

TEST(Score, AboveTheCapIsFlagged) {
  const RgbValues clear = Constant(16, 12, 0.5);
  const RgbValues restored = Constant(16, 12, 0.5 + 0x1p-20);
  const auto by_default = ScoreBy("default", restored, clear);
  ASSERT_TRUE(by_default.ok()) << by_default.status();
  EXPECT_EQ(by_default->psnr_db, 100.0);
  EXPECT_FALSE(by_default->is_identical);
  EXPECT_EQ(FlagsText(*by_default), "capped");
  const auto by_grid = ScoreBy("grid-bild", restored, clear);
  ASSERT_TRUE(by_grid.ok()) << by_grid.status();
  EXPECT_NEAR(by_grid->psnr_db, 400.0 * std::log10(2.0), 1e-11);
  EXPECT_EQ(FlagsText(*by_grid), "");
}

TEST(Score, DependsOnTheProfilesWindow) {
  EXPECT_TRUE(
      ScoreBy("default", Constant(11, 11, 0.1), Constant(11, 11, 0.2)).ok());
  EXPECT_TRUE(
      ScoreBy("grid-bild", Constant(7, 7, 0.1), Constant(7, 7, 0.2)).ok());
  for (const auto& [profile, width_px, height_px, text] :
       {std::tuple<const char*, int64_t, int64_t, const char*>{"default", 64,
                                                               10, "64x10 px"},
        {"default", 10, 64, "10x64 px"},
        {"grid-bild", 40, 6, "40x6 px"},
        {"grid-bild", 0, 0, "0x0 px"},
        {"ffa", 64, 10, "64x10 px"},
        {"matlab-gray", 10, 64, "10x64 px"},
        {"dehazeformer", 10, 10, "10x10 px"}}) {
    const absl::Status status =
        ScoreBy(profile, Constant(width_px, height_px, 0.1),
                Constant(width_px, height_px, 0.2))
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    const std::string message(status.message());
    EXPECT_THAT(message, HasSubstr("'a.png'"));
    EXPECT_THAT(message, HasSubstr(text));
    EXPECT_THAT(message, HasSubstr("smaller than the window"));
    EXPECT_THAT(message,
                HasSubstr(std::string(profile) == "grid-bild"
                              ? "'grid-bild', 7x7 px"
                              : std::string("'") + profile + "', 11x11 px"));
  }
}

TEST(Score, RefusesWhatCannotBeScored) {
  RgbValues bad = Constant(16, 12, 0.5);
  bad.values[5 * 3 + 2] = std::nan("");
  const absl::Status not_finite =
      ScoreBy("default", bad, Constant(16, 12, 0.5)).status();
  EXPECT_EQ(not_finite.code(), kNonFinitePixel);
  EXPECT_THAT(std::string(not_finite.message()),
              HasSubstr("NaN at x=5 y=0 channel B"));

  const absl::Status sizes =
      ScoreBy("default", Constant(16, 12, 0.5), Constant(16, 13, 0.5)).status();
  EXPECT_EQ(sizes.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(sizes.message()), HasSubstr("16x12"));
  EXPECT_THAT(std::string(sizes.message()), HasSubstr("16x13"));

  const absl::Status huge =
      ScoreBy("grid-bild", Constant(16, 12, 1e200), Constant(16, 12, 0.5))
          .status();
  EXPECT_EQ(huge.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(huge.message()), HasSubstr("'a.png'"));
}

// All that float32 can hold is scored.
TEST(Score, TakesTheLargestFloat) {
  const auto score =
      ScoreBy("grid-bild", Constant(16, 12, std::numeric_limits<float>::max()),
              Constant(16, 12, 0.5));
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_NEAR(score->psnr_db, -770.6, 0.1);
}

TEST(MeanOfScores, IsTheMeanOfTheImages) {
  const auto mean = MeanOfScores({{20.0, 0.5, 4.0, false, false},
                                  {40.0, 1.0, 1.0, false, false},
                                  {100.0, 1.0, 0.0, true, true},
                                  {100.0, 0.75, 0.5, false, true}});
  ASSERT_TRUE(mean.ok()) << mean.status();
  EXPECT_EQ(mean->image_count, 4);
  EXPECT_EQ(mean->psnr_db, 65.0);
  EXPECT_EQ(mean->ssim, 0.8125);
  EXPECT_EQ(mean->ciede2000, 1.375);
  EXPECT_EQ(mean->identical_count, 1);
  EXPECT_EQ(mean->capped_count, 2);
}

// 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1.
TEST(MeanOfScores, SumsInTheOrderOfTheList) {
  const ImageScore a{0.1, 0.1, {}, false, false}, b{0.2, 0.2, {}, false, false},
      c{0.3, 0.3, {}, false, false};
  EXPECT_EQ(MeanOfScores({a, b, c})->psnr_db, (0.1 + 0.2 + 0.3) / 3.0);
  EXPECT_EQ(MeanOfScores({c, b, a})->psnr_db, (0.3 + 0.2 + 0.1) / 3.0);
  EXPECT_NE(MeanOfScores({a, b, c})->psnr_db, MeanOfScores({c, b, a})->psnr_db);
}

TEST(MeanOfScores, OneInfinityMakesItInfinite) {
  const auto mean = MeanOfScores({{20.0, 0.5, std::nullopt, false, false},
                                  {kInfinity, 1.0, std::nullopt, true, false}});
  ASSERT_TRUE(mean.ok()) << mean.status();
  EXPECT_EQ(mean->psnr_db, kInfinity);
  EXPECT_EQ(mean->ssim, 0.75);
  EXPECT_EQ(mean->ciede2000, std::nullopt);
}

TEST(MeanOfScores, OverNothingIsAnError) {
  const absl::Status status = MeanOfScores({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no image was scored"));
}

TEST(MeanOfScores, OfTwoProfilesIsAnError) {
  const absl::Status status =
      MeanOfScores({{20.0, 0.5, 1.0, false, false},
                    {20.0, 0.5, std::nullopt, false, false}})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("one metric profile at a time"));
}

}  // namespace
}  // namespace bild
