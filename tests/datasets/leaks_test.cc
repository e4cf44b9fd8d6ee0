#include "datasets/leaks.h"

#include "datasets/reside_ids.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MemoryDataset SetOf(const std::string& name,
                    const std::vector<std::string>& scenes) {
  std::vector<PairName> pairs;
  for (const std::string& scene :
       std::set<std::string>(scenes.begin(), scenes.end())) {
    pairs.push_back({scene + "_1", scene, "", ""});
    pairs.push_back({scene + "_2", scene, "", ""});
  }
  return MemoryDataset(name, pairs);
}

TEST(FindLeaks, OtsLosesTheScenesOfSotsOutdoor) {
  const MemoryDataset train = SetOf("ots_beta", OtsBetaScenes());
  const auto leaks = FindLeaks(train, nullptr);
  ASSERT_TRUE(leaks.ok()) << leaks.status();
  EXPECT_EQ(leaks->scenes.size(), 75u);
  EXPECT_EQ(leaks->scenes.count("0025"), 1u);
  EXPECT_THAT(leaks->reasons,
              ElementsAre(HasSubstr("75 scenes of ots_beta are in SOTS "
                                    "outdoor: 0025, ")));
  EXPECT_EQ(train.reads, 0);
}

TEST(FindLeaks, OtsLosesTheScenesOfHstsWhereThatIsTested) {
  for (const std::string name : {"ots_beta", "ots_v0[n=105]"}) {
    // 0025 is in SOTS outdoor. 1405 is a number of an outdoor scene here.
    const MemoryDataset train =
        SetOf(name, {"0025", "8180", "8181", "1405", "9001"});
    const MemoryDataset hsts = SetOf("hsts", {"8180", "0586"});
    const auto leaks = FindLeaks(train, &hsts);
    ASSERT_TRUE(leaks.ok()) << leaks.status();
    EXPECT_THAT(leaks->scenes, ElementsAre("0025", "8180"));
    EXPECT_THAT(leaks->reasons, ElementsAre(HasSubstr("in SOTS outdoor: 0025"),
                                            HasSubstr("in HSTS: 8180")));
    const MemoryDataset outdoor = SetOf("sots_outdoor", {"0025"});
    EXPECT_THAT(FindLeaks(train, &outdoor)->scenes, ElementsAre("0025"));
    EXPECT_EQ(train.reads, 0);
  }
}

// The released training sets are not compared pixel by pixel with released test
// sets; with a folder of one's own they are.
TEST(FindLeaks, APairThatIsTestedIsComparedWithAnySet) {
  const MemoryDataset train = SetOf("ohaze", {"01", "02"});
  MemoryDataset test = SetOf("pair", {"x", "y"});
  test.same_clear["y"] = "02";
  EXPECT_THAT(FindLeaks(train, &test)->scenes, ElementsAre("02"));
}

// Every copy of a named set has the same pictures under the same names.
TEST(FindLeaks, ASetLosesWhatIsTestedOfAnotherCopy) {
  const MemoryDataset train = SetOf("ohaze", {"01", "02", "41", "42"});
  const MemoryDataset test = SetOf("ohaze[n=3]", {"02", "41", "42"});
  const auto leaks = FindLeaks(train, &test);
  ASSERT_TRUE(leaks.ok()) << leaks.status();
  EXPECT_THAT(leaks->scenes, ElementsAre("02", "41", "42"));
  EXPECT_THAT(leaks->reasons,
              ElementsAre("3 scenes of ohaze are in the test set, by their "
                          "names: 02, 41, 42"));
  // Two pairs a scene: those of 41 and the first of 42.
  const std::vector<int64_t> tested = {2, 3, 4};
  EXPECT_THAT(FindLeaks(train, &test, &tested)->scenes,
              ElementsAre("41", "42"));
  EXPECT_EQ(train.reads + test.reads, 0);

  const MemoryDataset nhhaze = SetOf("nhhaze", {"02"});
  EXPECT_THAT(FindLeaks(train, &nhhaze)->scenes, IsEmpty());
  const MemoryDataset v0 = SetOf("ots_v0", {"8180", "9001"});
  const MemoryDataset beta = SetOf("ots_beta", {"8180"});
  EXPECT_THAT(FindLeaks(v0, &beta)->scenes, ElementsAre("8180"));
}

TEST(FindLeaks, Nyu2LosesTheScenesOfSotsIndoor) {
  const std::vector<std::string> scenes = {
      "NYU2_1399", "NYU2_1400", "NYU2_1449", "NYU2_1450",
      "NYU2_4",    "1405",      "1405b",     "other"};
  const MemoryDataset train = SetOf("pair", scenes);
  // By the name of the test set, and by its scenes where it is a plain pair.
  for (const char* name : {"sots_indoor[n=60]", "pair"}) {
    const MemoryDataset test = SetOf(name, {"1401", "1402"});
    const auto leaks = FindLeaks(train, &test);
    ASSERT_TRUE(leaks.ok()) << leaks.status();
    EXPECT_THAT(leaks->scenes, ElementsAre("1405", "NYU2_1400", "NYU2_1449"));
  }
  const MemoryDataset other = SetOf("pair", {"1401", "1500"});
  const auto none = FindLeaks(train, &other);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(none->scenes, IsEmpty());
}

TEST(FindLeaks, PairLosesClearPicturesThatAreTested) {
  const MemoryDataset train = SetOf("pair", {"a", "b", "c"});
  MemoryDataset test = SetOf("pair", {"x", "y"});
  test.same_clear["y"] = "b";  // The same pixels under another name.
  const auto leaks = FindLeaks(train, &test);
  ASSERT_TRUE(leaks.ok()) << leaks.status();
  EXPECT_THAT(leaks->scenes, ElementsAre("b"));
  EXPECT_THAT(leaks->reasons, ElementsAre(HasSubstr("pixel by pixel: b")));
  // One pair a scene is read, not all.
  EXPECT_EQ(train.reads, 3);
  EXPECT_EQ(test.reads, 2);
}

TEST(FindLeaks, AnUnreadablePictureIsAnError) {
  const MemoryDataset train = SetOf("pair", {"a", "b"});
  MemoryDataset test = SetOf("pair", {"x"});
  test.fail_on_id = "x_1";
  EXPECT_EQ(FindLeaks(train, &test).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(FindLeaks, SyntheticNumbersAreNobodysScenes) {
  const MemoryDataset train = SetOf("synthetic_its", {"1405", "2"});
  const MemoryDataset test = SetOf("synthetic_sots_indoor", {"1400"});
  const auto leaks = FindLeaks(train, &test);
  ASSERT_TRUE(leaks.ok()) << leaks.status();
  EXPECT_THAT(leaks->scenes, IsEmpty());
  // Another seed, another garden.
  MemoryDataset gardens = SetOf("synthetic_ohaze", {"01", "02"});
  gardens.same_clear["01"] = "x";
  const MemoryDataset others = SetOf("synthetic_ohaze", {"01", "02"});
  EXPECT_THAT(FindLeaks(gardens, &others)->scenes, ElementsAre("02"));
}

// On either side: a copy of a synthetic set that lost its SYNTHETIC.json has a
// real set's name.
TEST(FindLeaks, ASyntheticSetIsComparedPixelByPixel) {
  for (const std::string name : {"its", "synthetic_its"}) {
    const MemoryDataset train = SetOf(name, {"1", "2"});
    MemoryDataset test = SetOf("synthetic_sots_indoor", {"1400", "1401"});
    test.same_clear["1401"] = "2";
    const auto leaks = FindLeaks(train, &test);
    ASSERT_TRUE(leaks.ok()) << leaks.status();
    EXPECT_THAT(leaks->scenes, ElementsAre("2")) << name;
  }
}

}  // namespace
}  // namespace bild
