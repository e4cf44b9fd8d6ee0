#include "benchmarks/verdict.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> NetReasons(const std::string& backbone) {
  std::vector<std::string> reasons;
  AddNetReasons(backbone, &reasons);
  return reasons;
}

TEST(VerdictTest, NetsAsTheirPapersHaveThem) {
  for (const char* net : {"ffa", "aodnet", "ffa[ddu=320]", "none",
                          "dehazenet[variant=original]"}) {
    EXPECT_THAT(NetReasons(net), IsEmpty()) << net;
  }
}

TEST(VerdictTest, AnyOtherNetIsNamed) {
  for (const std::string net :
       {"ffa[dim=16,blocks=1]", "griddehazenet[input=unit]",
        "aodnet[ddu=320,ddu_width=8]", "aodnet[ddu=64]",
        "dehazenet[variant=patch]", "aodnet[variant=original]"}) {
    EXPECT_THAT(NetReasons(net), ElementsAre("not the published net: " + net));
  }
}

TEST(VerdictTest, EveryReasonIsListedInItsOrder) {
  Environment environment;
  environment.commit = "0123456";
  environment.is_dirty = false;
  std::vector<std::string> reasons;
  AddEnvironmentReasons(environment, &reasons);
  Record record;
  SetVerdict(reasons, &record);
  EXPECT_EQ(record.verdict, "VALID");
  EXPECT_EQ(record.invalid_reasons, "");

  AddNetReasons("msbdn[width=4]", &reasons);
  environment.is_dirty = true;
  AddEnvironmentReasons(environment, &reasons);
  SetVerdict(reasons, &record);
  EXPECT_EQ(record.verdict, "INVALID");
  EXPECT_EQ(record.invalid_reasons,
            "not the published net: msbdn[width=4]; uncommitted changes in the "
            "tree");
}

}  // namespace
}  // namespace bild
