#include "bild/metrics/profile.h"

#include <limits>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

TEST(Profile, DefaultClampsAndCaps) {
  const auto profile = FindProfile("default");
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_TRUE(profile->clamps_to_unit);
  EXPECT_EQ(profile->window, SsimWindow::kGaussian11);
  EXPECT_FALSE(profile->uses_sample_covariance);
  EXPECT_EQ(profile->psnr_db_of_identical, 100.0);
  EXPECT_EQ(profile->psnr_db_cap, 100.0);
  EXPECT_TRUE(profile->reports_ciede2000);
}

TEST(Profile, GridBildTakesTheOutputAsItIs) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto profile = FindProfile("grid-bild");
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_FALSE(profile->clamps_to_unit);
  EXPECT_EQ(profile->window, SsimWindow::kUniform7);
  EXPECT_TRUE(profile->uses_sample_covariance);
  EXPECT_EQ(profile->psnr_db_of_identical, kInfinity);
  EXPECT_EQ(profile->psnr_db_cap, kInfinity);
  EXPECT_FALSE(profile->reports_ciede2000);
}

// The table of the documentation, row by row.
TEST(Profile, TheOthersDifferAsDocumented) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const struct {
    const char* name;
    ComparedIn values;
    bool shrinks;
    SsimBorder border;
    double psnr_db_of_identical;
  } kRows[] = {
      {"ffa", ComparedIn::kReal, false, SsimBorder::kZero, 100.0},
      {"dehazeformer", ComparedIn::kReal, true, SsimBorder::kValid, kInfinity},
      {"basicsr-rgb", ComparedIn::kBytes, false, SsimBorder::kValid, kInfinity},
      {"basicsr-y", ComparedIn::kLuma, false, SsimBorder::kValid, kInfinity},
      {"matlab-gray", ComparedIn::kGrey, false, SsimBorder::kReplicate,
       kInfinity},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.name);
    const auto profile = FindProfile(row.name);
    ASSERT_TRUE(profile.ok()) << profile.status();
    EXPECT_TRUE(profile->clamps_to_unit);
    EXPECT_EQ(profile->values, row.values);
    EXPECT_EQ(profile->shrinks_for_ssim, row.shrinks);
    EXPECT_EQ(profile->window, SsimWindow::kGaussian11);
    EXPECT_EQ(profile->border, row.border);
    EXPECT_FALSE(profile->uses_sample_covariance);
    EXPECT_EQ(profile->psnr_db_of_identical, row.psnr_db_of_identical);
    EXPECT_EQ(profile->psnr_db_cap, kInfinity);
    EXPECT_FALSE(profile->reports_ciede2000);
    EXPECT_EQ(PeakOf(profile->values),
              row.values == ComparedIn::kReal ? 1.0 : 255.0);
  }
  EXPECT_EQ(KnownProfiles().size(), 7u);
}

TEST(Profile, AllStandsForEveryProfile) {
  const auto all = ParseProfiles("all");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->size(), KnownProfiles().size());
  EXPECT_EQ(all->front().name, "default");
  EXPECT_EQ(all->back().name, "matlab-gray");
  EXPECT_FALSE(ParseProfiles("all,default").ok());
}

TEST(Profile, UnknownNameListsTheKnownOnes) {
  const absl::Status status = FindProfile("ssim").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("'ssim': expected one of default, ffa, grid-bild, "
                        "dehazeformer, basicsr-rgb, basicsr-y, matlab-gray."));
}

TEST(Profile, ListKeepsItsOrder) {
  const auto profiles = ParseProfiles("grid-bild,default");
  ASSERT_TRUE(profiles.ok()) << profiles.status();
  EXPECT_THAT(*profiles, ElementsAre(Field(&MetricProfile::name, "grid-bild"),
                                     Field(&MetricProfile::name, "default")));
}

TEST(Profile, BadListsSayWhatIsWrong) {
  const auto message_of = [](const std::string& names) {
    const absl::Status status = ParseProfiles(names).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << names;
    return std::string(status.message());
  };
  EXPECT_THAT(message_of(""), HasSubstr("unknown metric profile ''"));
  EXPECT_THAT(message_of("default,"), HasSubstr("unknown metric profile ''"));
  EXPECT_THAT(message_of("default, grid-bild"), HasSubstr("without spaces"));
  EXPECT_THAT(message_of("x,default,y"),
              HasSubstr("unknown metric profiles 'x', 'y' in 'x,default,y'"));
  EXPECT_THAT(message_of("x,default"), HasSubstr("default, ffa, grid-bild"));
  EXPECT_THAT(message_of("default,default"),
              HasSubstr("'default' is given twice"));
}

}  // namespace
}  // namespace bild
