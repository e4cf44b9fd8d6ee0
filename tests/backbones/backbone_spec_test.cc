#include "backbones/backbone_spec.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string RefusalOf(const std::string& spec) {
  const absl::Status status = ParseBackboneOptions(spec).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << spec;
  return std::string(status.message());
}

TEST(BackboneSpec, NameAndOptions) {
  EXPECT_EQ(BackboneNameOf("ffa[dim=16,blocks=2]"), "ffa");
  EXPECT_THAT(*ParseBackboneOptions("ffa[dim=16,blocks=2]"),
              UnorderedElementsAre(Pair("dim", "16"), Pair("blocks", "2")));
  EXPECT_EQ(BackboneNameOf("ffa"), "ffa");
  EXPECT_THAT(*ParseBackboneOptions("ffa"), IsEmpty());
  EXPECT_EQ(BackboneNameOf(""), "");
  EXPECT_THAT(*ParseBackboneOptions(""), IsEmpty());
  // A value goes on to the next comma.
  EXPECT_THAT(*ParseBackboneOptions("a[b=c=d,e=[f]]"),
              UnorderedElementsAre(Pair("b", "c=d"), Pair("e", "[f]")));
}

// A message about an unknown net needs its name, whatever follows it.
TEST(BackboneSpec, TheNameOfAMalformedSpec) {
  EXPECT_EQ(BackboneNameOf("ffa[dim=16"), "ffa");
  EXPECT_EQ(BackboneNameOf("[dim=16]"), "");
  EXPECT_EQ(BackboneNameOf("ffa]"), "ffa]");
}

TEST(BackboneSpec, MalformedOptions) {
  for (const std::string spec : {"ffa[", "[", "ffa[dim=16", "ffa[dim=16]x"}) {
    EXPECT_EQ(RefusalOf(spec), "expected NAME or NAME[option=value,...]");
  }
  EXPECT_EQ(RefusalOf("ffa[]"), "'' is not option=value");
  EXPECT_EQ(RefusalOf("ffa[dim]"), "'dim' is not option=value");
  EXPECT_EQ(RefusalOf("ffa[dim=]"), "'dim=' is not option=value");
  EXPECT_EQ(RefusalOf("ffa[=16]"), "'=16' is not option=value");
  EXPECT_EQ(RefusalOf("ffa[dim=16,]"), "'' is not option=value");
  EXPECT_EQ(RefusalOf("ffa[dim=16,dim=16]"), "option 'dim' is given twice");
}

TEST(BackboneSpec, IntegersAreTakenWithinTheirRange) {
  BackboneOptions options = {{"dim", "32"}, {"blocks", "4096"}};
  int64_t dim = 64;
  EXPECT_TRUE(TakeInteger(options, "dim", 16, 16, &dim).ok());
  EXPECT_EQ(dim, 32);
  EXPECT_THAT(options, UnorderedElementsAre(Pair("blocks", "4096")));
  // An option that is not there leaves the default.
  EXPECT_TRUE(TakeInteger(options, "dim", 16, 16, &dim).ok());
  EXPECT_EQ(dim, 32);
  EXPECT_EQ(NothingLeft(options).message(), "unknown option 'blocks'");
  int64_t blocks = 19;
  EXPECT_TRUE(TakeInteger(options, "blocks", 1, 1, &blocks).ok());
  EXPECT_EQ(blocks, 4096);
  EXPECT_TRUE(NothingLeft(options).ok());
}

TEST(BackboneSpec, AValueOutOfRangeChangesNothing) {
  for (const std::string text :
       {"0", "8", "24", "4112", "-16", "16.0", "16px", "0x10", "x",
        "99999999999999999999", "-9223372036854775808"}) {
    BackboneOptions options = {{"dim", text}};
    int64_t dim = 64;
    EXPECT_THAT(
        std::string(TakeInteger(options, "dim", 16, 16, &dim).message()),
        HasSubstr("option dim='" + text +
                  "': expected a multiple of 16 from 16 to 4096"));
    EXPECT_EQ(dim, 64);
    EXPECT_EQ(options.size(), 1u);
  }
  BackboneOptions options = {{"blocks", "0"}};
  int64_t blocks = 19;
  EXPECT_EQ(TakeInteger(options, "blocks", 1, 1, &blocks).message(),
            "option blocks='0': expected an integer from 1 to 4096");
}

TEST(BackboneSpec, WordsAreAmongTheKnownOnes) {
  BackboneOptions options = {{"variant", "gunet"}};
  std::string variant = "published";
  EXPECT_TRUE(
      TakeWord(options, "variant", {"published", "gunet"}, &variant).ok());
  EXPECT_EQ(variant, "gunet");
  EXPECT_THAT(options, IsEmpty());
  options = {{"variant", "caffe"}};
  EXPECT_EQ(
      TakeWord(options, "variant", {"published", "gunet"}, &variant).message(),
      "option variant='caffe': expected one of 'published', 'gunet'");
  EXPECT_EQ(variant, "gunet");
  EXPECT_EQ(options.size(), 1u);
}

}  // namespace
}  // namespace bild
