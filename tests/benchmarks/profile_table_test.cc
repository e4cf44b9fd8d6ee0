#include "benchmarks/profile_table.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::Not;

Record Scored(const std::string& profile, double psnr_db, double ssim) {
  Record record;
  record.method = "weights";
  record.backbone = "aodnet";
  record.dataset = "sots_indoor[n=60]";
  record.profile = profile;
  record.n = 60;
  record.n_clear = 6;
  record.test_list_sha256 = "0123456789abcdef";
  record.psnr_db = psnr_db;
  record.ssim = ssim;
  if (profile == "default") record.ciede2000 = 8.125;
  return record;
}

TEST(ProfileTableTest, EachProfileAgainstDefault) {
  const std::string table = ProfileTable(
      {Scored("basicsr-y", 21.5, 0.9375), Scored("default", 20.25, 0.875)});
  EXPECT_THAT(table,
              HasSubstr("`aodnet` on `sots_indoor[n=60]`: 60 hazy images, 6 "
                        "clear images, list `0123456789ab`, resolution `full`, "
                        "tiling `none`.\n\n"));
  EXPECT_THAT(table, HasSubstr("| `basicsr-y` |    21.500 | 0.9375 |           "
                               "|              +1.250 |        +0.0625 |\n"));
  EXPECT_THAT(table, HasSubstr("| `default`   |    20.250 | 0.8750 |      8.12 "
                               "|               0.000 |         0.0000 |\n"));
  // No image was identical: no such footnote.
  EXPECT_THAT(table, Not(HasSubstr("†")));
}

TEST(ProfileTableTest, WithoutDefaultTheFirstIsTheBase) {
  Record input = Scored("ffa", 15.0, 0.75);
  input.method = "input";
  Record equal =
      Scored("grid-bild", std::numeric_limits<double>::infinity(), 1.0);
  equal.n_identical = 60;
  const std::string table = ProfileTable({input, equal});
  EXPECT_THAT(table, HasSubstr("The hazy input on `sots_indoor[n=60]`"));
  EXPECT_THAT(table, HasSubstr("PSNR − ffa (dB)"));
  EXPECT_THAT(table, HasSubstr(" 15.000 | 0.7500 |"));
  EXPECT_THAT(table, HasSubstr(" ∞† | 1.0000 |"));
  EXPECT_THAT(table, HasSubstr("|\n\n† `grid-bild`: 60 of 60 images identical "
                               "to the clear image.\n"));
}

// A finite mean hides identical images, the cap's among them.
TEST(ProfileTableTest, AnyIdenticalImageIsMarked) {
  Record capped = Scored("default", 100.0, 1.0);
  capped.n_identical = 60;
  Record some = Scored("ffa", 33.125, 0.9375);
  some.n_identical = 3;
  const std::string table = ProfileTable({capped, some});
  EXPECT_THAT(table, HasSubstr(" 100.000† | 1.0000 |"));
  EXPECT_THAT(table, HasSubstr(" 33.125† | 0.9375 |"));
  EXPECT_THAT(table, HasSubstr("\n† `default`: 60 of 60 images identical to "
                               "the clear image.\n"
                               "\n† `ffa`: 3 of 60 images identical to the "
                               "clear image.\n"));
}

}  // namespace
}  // namespace bild
