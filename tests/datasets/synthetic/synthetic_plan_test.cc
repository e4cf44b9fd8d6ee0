#include "datasets/synthetic/synthetic_plan.h"

#include <limits>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

SyntheticRequest Request(const std::string& like, int64_t scenes,
                         int64_t test_scenes) {
  SyntheticRequest request;
  request.like = like;
  request.scenes = scenes;
  request.test_scenes = test_scenes;
  return request;
}

std::vector<PlannedScene> Plan(const SyntheticRequest& request) {
  const absl::StatusOr<SyntheticRequest> checked = CheckedRequest(request);
  EXPECT_TRUE(checked.ok()) << checked.status();
  return PlanSynthetic(*checked);
}

std::string MessageOf(const SyntheticRequest& request) {
  const absl::Status status = CheckedRequest(request).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

// Every path is an official name and no two are the same.
void ExpectNames(const std::vector<PlannedScene>& plan, bool is_test,
                 const std::string& hazy, const std::string& clear,
                 size_t hazy_per_scene) {
  std::set<std::string> paths;
  for (const PlannedScene& scene : plan) {
    if (scene.is_test != is_test) continue;
    EXPECT_EQ(scene.hazy.size(), hazy_per_scene);
    EXPECT_THAT(scene.clear_path, MatchesRegex(clear));
    EXPECT_TRUE(paths.insert(scene.clear_path).second);
    for (const PlannedHaze& haze : scene.hazy) {
      EXPECT_THAT(haze.path, MatchesRegex(hazy));
      EXPECT_TRUE(paths.insert(haze.path).second) << haze.path;
    }
  }
}

TEST(SyntheticPlan, ItsNamesAreOfficial) {
  const auto plan = Plan(Request("its", 12, 3));
  ASSERT_EQ(plan.size(), 15u);
  ExpectNames(
      plan, false,
      R"(ITS/hazy/([1-9]|1[0-2])_([1-9]|10)_(0\.[7-9][0-9]{0,4}|1)\.png)",
      R"(ITS/clear/([1-9]|1[0-2])\.png)", 10);
  ExpectNames(plan, true, R"(SOTS/indoor/hazy/140[0-2]_([1-9]|10)\.png)",
              R"(SOTS/indoor/gt/140[0-2]\.png)", 10);
  EXPECT_EQ(plan[0].border_px, 0);
  EXPECT_EQ(plan[14].border_px, 10);
}

TEST(SyntheticPlan, ItsNameSaysTheAirlightThatIsUsed) {
  for (const PlannedScene& scene : Plan(Request("its", 20, 0))) {
    for (const PlannedHaze& haze : scene.hazy) {
      const std::string airlight = haze.path.substr(haze.path.rfind('_') + 1);
      EXPECT_EQ(std::stod(airlight), haze.condition.airlight) << haze.path;
    }
  }
}

TEST(SyntheticPlan, OtsNamesAreOfficial) {
  const auto plan = Plan(Request("ots", 8, 4));
  const std::string airlight = R"((0\.8|0\.85|0\.9|0\.95|1))";
  ExpectNames(plan, false,
              R"(OTS/hazy/200[1-8]_)" + airlight +
                  R"(_(0\.04|0\.06|0\.08|0\.1|0\.12|0\.16|0\.2)\.jpg)",
              R"(OTS/clear/200[1-8]\.jpg)", 35);
  ExpectNames(plan, true,
              R"(SOTS/outdoor/hazy/000[1-4]_)" + airlight +
                  R"(_(0\.08|0\.1|0\.12|0\.16|0\.2)\.jpg)",
              R"(SOTS/outdoor/gt/000[1-4]\.png)", 5);
}

TEST(SyntheticPlan, TheChallengesNamesAreOfficial) {
  const std::string o_haze = "# O-HAZY NTIRE 2018/";
  auto plan = Plan(Request("ohaze", 40, 5));
  ASSERT_EQ(plan.size(), 45u);
  ExpectNames(plan, false,
              o_haze + "hazy/(0[1-9]|[12][0-9]|3[0-9]|40)_outdoor_hazy.jpg",
              o_haze + "GT/(0[1-9]|[12][0-9]|3[0-9]|40)_outdoor_GT.jpg", 1);
  ExpectNames(plan, true, o_haze + "hazy/4[1-5]_outdoor_hazy.jpg",
              o_haze + "GT/4[1-5]_outdoor_GT.jpg", 1);
  EXPECT_FALSE(plan[0].hazy[0].condition.is_uneven);
  plan = Plan(Request("nhhaze", 50, 5));
  ASSERT_EQ(plan.size(), 55u);
  ExpectNames(plan, false, "NH-HAZE/(0[1-9]|[1-4][0-9]|50)_hazy.png",
              "NH-HAZE/(0[1-9]|[1-4][0-9]|50)_GT.png", 1);
  ExpectNames(plan, true, "NH-HAZE/5[1-5]_hazy.png", "NH-HAZE/5[1-5]_GT.png",
              1);
  EXPECT_TRUE(plan[0].hazy[0].condition.is_uneven);
  EXPECT_EQ(plan[0].number, 1001u);
}

// A small set has scenes on each side of the challenges' division.
TEST(SyntheticPlan, AnEighthIsUnderTheNumbersOfValidation) {
  const auto names = [](const std::string& like, int64_t scenes) {
    std::string text;
    for (const PlannedScene& scene : Plan(Request(like, scenes, 1))) {
      const size_t slash = scene.clear_path.rfind('/');
      text += scene.clear_path.substr(slash + 1, 2) + " ";
    }
    return text;
  };
  EXPECT_EQ(names("ohaze", 2), "01 36 41 ");
  EXPECT_EQ(names("ohaze", 9), "01 02 03 04 05 06 07 08 36 41 ");
  EXPECT_EQ(names("nhhaze", 3), "01 02 46 51 ");
}

TEST(SyntheticPlan, TrainingAndTestShareNoScene) {
  for (const auto& request :
       {Request("its", 1399, 60), Request("ots", 2500, 2000),
        Request("ohaze", 40, 5), Request("nhhaze", 50, 5)}) {
    std::set<uint64_t> numbers;
    const auto plan = Plan(request);
    for (const PlannedScene& scene : plan) numbers.insert(scene.number);
    EXPECT_EQ(numbers.size(), plan.size()) << request.like;
  }
}

TEST(SyntheticPlan, AFifthIsTestedByDefault) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_TRUE(absl::IsInvalidArgument(
      CheckedRequest(Request("its", kMost, -1)).status()));
  EXPECT_EQ(CheckedRequest(Request("its", 24, -1))->test_scenes, 5);
  EXPECT_EQ(CheckedRequest(Request("its", 25, -1))->test_scenes, 5);
  EXPECT_EQ(CheckedRequest(Request("its", 26, -1))->test_scenes, 6);
  EXPECT_EQ(CheckedRequest(Request("ots", 1, -1))->test_scenes, 1);
  EXPECT_EQ(CheckedRequest(Request("ohaze", 12, -1))->test_scenes, 3);
  EXPECT_EQ(CheckedRequest(Request("ohaze", 40, -1))->test_scenes, 5);
}

TEST(SyntheticPlan, UnknownLikeListsTheKnownOnes) {
  const std::string message = MessageOf(Request("nyu", 24, -1));
  EXPECT_THAT(message, HasSubstr("'nyu'"));
  EXPECT_THAT(message, HasSubstr("its, ots, ohaze, nhhaze"));
}

TEST(SyntheticPlan, AllArgumentsOutOfRangeAreNamedAtOnce) {
  SyntheticRequest request = Request("its", 0, -7);
  request.width_px = 16;
  const std::string message = MessageOf(request);
  EXPECT_THAT(message, HasSubstr("--scenes=0: expected 1 to 1399"));
  EXPECT_THAT(message, HasSubstr("--test_scenes=-7"));
  EXPECT_THAT(message, HasSubstr("--size=16x256: expected edges of 32 to"));
}

TEST(SyntheticPlan, CountsStayWithinTheOfficialNumbers) {
  // Scene 1400 would be a test scene of SOTS indoor.
  EXPECT_THAT(MessageOf(Request("its", 1400, -1)), HasSubstr("1 to 1399"));
  EXPECT_THAT(MessageOf(Request("ots", 8000, 1)), HasSubstr("1 to 7999"));
  EXPECT_THAT(MessageOf(Request("ots", 8, 2001)), HasSubstr("0 to 2000"));
  EXPECT_THAT(MessageOf(Request("ohaze", 41, -1)), HasSubstr("2 to 40"));
  EXPECT_THAT(MessageOf(Request("nhhaze", 1, -1)), HasSubstr("2 to 50"));
  EXPECT_THAT(MessageOf(Request("nhhaze", 50, 6)), HasSubstr("0 to 5"));
}

}  // namespace
}  // namespace bild
