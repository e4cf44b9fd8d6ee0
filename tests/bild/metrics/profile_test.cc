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

TEST(Profile, UnknownNameListsTheKnownOnes) {
  const absl::Status status = FindProfile("ssim").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("'ssim': expected one of default, grid-bild"));
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
  EXPECT_THAT(message_of("x,default"), HasSubstr("default, grid-bild"));
  EXPECT_THAT(message_of("default,default"),
              HasSubstr("'default' is given twice"));
}

}  // namespace
}  // namespace bild
