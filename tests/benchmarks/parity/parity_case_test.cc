// Every net and its twin compute the same in float64, narrowed and of sizes
// that are no multiples of each other where the net takes them.

#include "benchmarks/parity/parity_case.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

struct Net {
  std::string name;
  int64_t crop_px;
  double tolerance;
};

class ParityCaseTest : public testing::TestWithParam<Net> {};

TEST_P(ParityCaseTest, SameNumbers) {
  ParitySize size;
  size.batch = 3;
  size.crop_px = GetParam().crop_px;
  const auto net = ParityCase::Make(GetParam().name, size, at::kDouble);
  ASSERT_TRUE(net.ok()) << net.status();
  const Disagreement found = (*net)->Compare();
  EXPECT_LT(found.output, GetParam().tolerance);
  EXPECT_LT(found.plain, GetParam().tolerance);
  EXPECT_LT(found.recorded, GetParam().tolerance);
}

// The DDU's batch norms divide by small deviations.
INSTANTIATE_TEST_SUITE_P(
    Nets, ParityCaseTest,
    testing::Values(Net{"aodnet", 19, 1e-11}, Net{"dehazenet", 17, 1e-11},
                    Net{"ffa[dim=16,blocks=2]", 13, 1e-11},
                    Net{"griddehazenet[width=4,growth=3]", 21, 1e-11},
                    Net{"msbdn[width=2]", 32, 1e-11},
                    Net{"aodnet[ddu=32,ddu_grid=64,ddu_width=4]", 27, 1e-7}),
    [](const auto& instance) {
      return instance.param.name.substr(0, instance.param.name.find('[')) +
             std::to_string(instance.index);
    });

TEST(ParityCaseTest, TwinAndOursMakeTheSameSteps) {
  ParitySize size;
  size.crop_px = 16;
  const auto net = ParityCase::Make("aodnet", size, at::kDouble);
  ASSERT_TRUE(net.ok()) << net.status();
  const at::Tensor before = (*net)->RunOurs();
  const auto twin_step = (*net)->TwinStep();
  const auto recorded_step = (*net)->RecordedStep();
  for (int i = 0; i < 2; ++i) {
    twin_step();
    recorded_step();
  }
  const at::Tensor ours = (*net)->RunOurs();
  EXPECT_GT((ours - before).abs().max().item<double>(), 1e-6);
  EXPECT_LT((ours - (*net)->RunTwin()).abs().max().item<double>(), 1e-12);
}

TEST(ParityCaseTest, NetsWithoutATwinAreRefused) {
  const auto net =
      ParityCase::Make("dehazenet[variant=original]", {}, at::kFloat);
  ASSERT_FALSE(net.ok());
  EXPECT_THAT(std::string(net.status().message()),
              testing::HasSubstr("no twin"));
}

}  // namespace
}  // namespace bild
