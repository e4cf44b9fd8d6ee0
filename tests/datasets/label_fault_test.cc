#include "datasets/label_fault.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<int64_t> Places(int64_t first, int64_t last) {
  std::vector<int64_t> places;
  for (int64_t i = first; i < last; ++i) places.push_back(i);
  return places;
}

LabelFault Hazy(double share) { return {LabelFaultKind::kHazy, share}; }
LabelFault Other(double share) { return {LabelFaultKind::kOther, share}; }

std::set<std::string> Ids(const PairedDataset& dataset,
                          const std::vector<int64_t>& places,
                          const LabelFault& fault, uint64_t seed) {
  std::set<std::string> ids;
  const auto faulty = DrawLabelFaults(dataset, places, fault, seed);
  EXPECT_TRUE(faulty.ok()) << faulty.status();
  if (!faulty.ok()) return ids;
  for (const FaultyPair& pair : *faulty) {
    ids.insert(dataset.pairs()[static_cast<size_t>(pair.index)].id);
  }
  return ids;
}

TEST(ParseLabelFaultTest, KindAndShare) {
  EXPECT_EQ(ParseLabelFault("none")->kind, LabelFaultKind::kNone);
  const auto hazy = ParseLabelFault("hazy:.30");
  ASSERT_TRUE(hazy.ok()) << hazy.status();
  EXPECT_EQ(hazy->kind, LabelFaultKind::kHazy);
  EXPECT_EQ(hazy->share, 0.3);
  EXPECT_EQ(LabelFaultText(*hazy), "hazy:0.3");
  EXPECT_EQ(LabelFaultText(*ParseLabelFault("other:1")), "other:1");
  EXPECT_EQ(LabelFaultText(LabelFault()), "none");
  for (const std::string wrong :
       {"", "hazy", "hazy:", "hazy:0", "hazy:1.5", "hazy:-0.1", "hazy:nan",
        "other:x", "blur:0.3", "none:0.3", "hazy:0.3:1"}) {
    const auto fault = ParseLabelFault(wrong);
    EXPECT_THAT(std::string(fault.status().message()),
                AllOf(HasSubstr("--label_fault='" + wrong + "'"),
                      HasSubstr("as in hazy:0.3")));
  }
}

TEST(DrawLabelFaultsTest, TheHashOfSeedAndIdDecides) {
  const MemoryDataset dataset("pair", NumberedPairs(3, 2));
  // sha256("label_fault:7:<id>"), first 52 bits as a fraction, from another
  // program: s10_10 0.1220, s10_11 0.4182, s11_10 0.2185,
  // s11_11 0.5223, s12_10 0.7845, s12_11 0.8203.
  const auto ids = [&dataset](double share) {
    return Ids(dataset, Places(0, 6), Hazy(share), 7);
  };
  EXPECT_THAT(ids(0.170), ElementsAre("s10_10"));
  EXPECT_THAT(ids(0.470), ElementsAre("s10_10", "s10_11", "s11_10"));
  EXPECT_THAT(ids(0.802),
              ElementsAre("s10_10", "s10_11", "s11_10", "s11_11", "s12_10"));
}

TEST(DrawLabelFaultsTest, OtherPairsDoNotMatterAndLargerSharesOnlyAdd) {
  const MemoryDataset dataset("pair", NumberedPairs(40, 10));
  const auto all = Ids(dataset, Places(0, 400), Hazy(0.3), 1);
  // 120 expected, standard deviation 9.2.
  EXPECT_GT(all.size(), 84);
  EXPECT_LT(all.size(), 156);
  std::set<std::string> halves = Ids(dataset, Places(0, 200), Hazy(0.3), 1);
  halves.merge(Ids(dataset, Places(200, 400), Hazy(0.3), 1));
  EXPECT_EQ(halves, all);
  EXPECT_EQ(Ids(dataset, Places(0, 400), Other(0.3), 1), all);
  EXPECT_NE(Ids(dataset, Places(0, 400), Hazy(0.3), 2), all);
  const auto more = Ids(dataset, Places(0, 400), Hazy(0.5), 1);
  for (const std::string& id : all) EXPECT_EQ(more.count(id), 1) << id;
  EXPECT_EQ(Ids(dataset, Places(0, 400), Hazy(1), 1).size(), 400);
  EXPECT_THAT(Ids(dataset, Places(0, 400), LabelFault(), 1), IsEmpty());
}

TEST(DrawLabelFaultsTest, AnotherSceneOfTheSameSize) {
  MemoryDataset dataset("pair", NumberedPairs(4, 2));
  // Two sizes, two scenes each: only one scene can stand in for another.
  for (const std::string id : {"s10_10", "s10_11", "s12_10", "s12_11"}) {
    dataset.sizes[id] = {30, 20};
  }
  const auto faulty = DrawLabelFaults(dataset, Places(0, 8), Other(1), 3);
  ASSERT_TRUE(faulty.ok()) << faulty.status();
  ASSERT_EQ(faulty->size(), 8);
  for (const FaultyPair& pair : *faulty) {
    EXPECT_EQ(pair.source / 2, (pair.index / 2 + 2) % 4) << pair.index;
  }
  const auto alone = DrawLabelFaults(dataset, Places(0, 4), Other(1), 3);
  EXPECT_EQ(alone.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(alone.status().message()),
              AllOf(HasSubstr("no other training scene"),
                    HasSubstr("s10_10: 30x20"), HasSubstr("s11_11: 24x20")));
}

TEST(FaultyLabelsTest, OnlyTheClearPictureOfTheFaultyChanges) {
  const auto source =
      std::make_shared<MemoryDataset>("pair", NumberedPairs(3, 2));
  const auto clear = [](const PairedDataset& dataset, int64_t index) {
    return dataset.Read(index)->clear->rgb;
  };
  const auto hazy = [](const PairedDataset& dataset, int64_t index) {
    return dataset.Read(index)->hazy->rgb;
  };
  const FaultyLabels copied(source, LabelFaultKind::kHazy, {{1, 1}, {4, 4}});
  const FaultyLabels swapped(source, LabelFaultKind::kOther, {{1, 3}, {4, 0}});
  for (int64_t i = 0; i < 6; ++i) {
    const bool is_faulty = i == 1 || i == 4;
    EXPECT_EQ(hazy(copied, i), hazy(*source, i));
    EXPECT_EQ(hazy(swapped, i), hazy(*source, i));
    EXPECT_EQ(clear(copied, i),
              is_faulty ? hazy(*source, i) : clear(*source, i));
    EXPECT_EQ(clear(swapped, i), i == 1   ? clear(*source, 3)
                                 : i == 4 ? clear(*source, 0)
                                          : clear(*source, i));
  }
  EXPECT_EQ(copied.name(), "pair");
  EXPECT_EQ(copied.pairs().size(), 6);
}

}  // namespace
}  // namespace bild
