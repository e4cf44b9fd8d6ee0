#include "datasets/layouts.h"

#include <filesystem>

#include "datasets/catalog.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<SetFolders> Find(const std::string& dataset,
                                const std::string& root,
                                const std::string& flag) {
  return FindSetFolders(FindDataset(dataset).value(), root, flag);
}

void MakeFoldersIn(const TemporaryFolder& root,
                   const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::filesystem::create_directories(root / name);
  }
}

TEST(FindSetFolders, KnowsTheLayouts) {
  const struct {
    std::string dataset;
    std::string layout;
    std::string set_folder;
    std::string hazy;
    std::string clear;
  } cases[] = {
      {"its", "official", "ITS", "hazy", "clear"},
      {"its", "official", "ITS_v2", "hazy", "clear"},
      {"its", "ffa", "RESIDE/ITS", "hazy", "clear"},
      {"ots_beta", "official", "OTS", "hazy", "clear"},
      {"ots_beta", "official", "OTS", "part1", "clear"},
      {"ots_beta", "ffa", "RESIDE/OTS", "hazy", "clear"},
      {"sots_indoor", "official", "SOTS/indoor", "hazy", "gt"},
      {"sots_indoor", "official", "SOTS/indoor", "hazy", "clear"},
      {"sots_indoor", "official", "SOTS/indoor/nyuhaze500", "hazy", "gt"},
      {"sots_indoor", "official", "SOTS/nyuhaze500", "hazy", "gt"},
      {"sots_indoor", "flat-name", "SOTS_indoor", "hazy", "GT"},
      {"sots_indoor", "ffa", "RESIDE/SOTS/indoor", "hazy", "clear"},
      {"sots_outdoor", "official", "SOTS/outdoor", "hazy", "gt"},
      {"sots_outdoor", "flat-name", "SOTS_outdoor", "hazy", "clear"},
      {"sots_outdoor", "ffa", "RESIDE/SOTS/outdoor", "hazy", "clear"},
      {"sots_outdoor", "official", ".", "hazy", "gt"},
      {"pair", "folders", ".", "hazy", "GT"},
      {"its", "griddehazenet", "train/indoor", "hazy", "clear"},
      {"ots_beta", "griddehazenet", "train/outdoor", "hazy", "clear"},
      {"sots_indoor", "griddehazenet", "test/SOTS/indoor", "hazy", "clear"},
      {"sots_outdoor", "griddehazenet", "test/SOTS/outdoor", "hazy", "clear"},
      {"its", "msbdn", ".", "HR_hazy", "HR"},
      {"pair", "msbdn", ".", "HR_hazy", "HR"},
      {"ots_v0", "ffa", "RESIDE/OTS", "hazy", "clear"},
      {"ots_v0", "griddehazenet", "train/outdoor", "hazy", "clear"},
      {"ots_beta", "msbdn", ".", "HR_hazy", "HR"},
      {"ots_v0", "msbdn", ".", "HR_hazy", "HR"},
      {"sots_indoor", "msbdn", ".", "HR_hazy", "HR"},
      {"sots_outdoor", "msbdn", ".", "HR_hazy", "HR"},
      {"ots_beta", "airnet", ".", "synthetic/part1", "original"},
      {"ots_beta", "airnet", ".", "synthetic/part2", "original"},
      {"ots_beta", "airnet", ".", "synthetic/part3", "original"},
      {"ots_v0", "airnet", ".", "synthetic/part4", "original"},
      {"sots_outdoor", "airnet", "test", "input", "target"},
      {"pair", "airnet", ".", "input", "target"},
      {"ots_v0", "official", "OTS", "hazy", "clear"},
      {"hsts", "official", "HSTS", "synthetic/synthetic", "synthetic/original"},
      {"ohaze", "official", "# O-HAZY NTIRE 2018", "hazy", "GT"},
      {"ohaze", "official", "O-HAZY NTIRE 2018", "hazy", "GT"},
      {"ohaze", "flat-name", "O-HAZE", "hazy", "clear"},
      {"ihaze", "flat-name", "I-HAZE", "hazy", "gt"},
      {"nhhaze", "flat-name", "NH-HAZE", "hazy", "GT"},
      {"densehaze", "official", "Dense_Haze_NTIRE19", "hazy", "GT"},
      {"densehaze", "official", "# Dense_Haze_NTIRE19", "hazy", "GT"},
      {"densehaze", "flat-name", "Dense-Haze", "hazy", "GT"},
  };
  for (const auto& c : cases) {
    const TemporaryFolder root;
    MakeFoldersIn(root,
                  {c.set_folder + "/" + c.hazy, c.set_folder + "/" + c.clear,
                   c.set_folder + "/trans"});
    const auto found = Find(c.dataset, root.path(), "--data_root");
    ASSERT_TRUE(found.ok()) << c.set_folder << " " << found.status();
    EXPECT_EQ(found->layout, c.layout) << c.set_folder;
    EXPECT_TRUE(std::filesystem::equivalent(
        found->clear_folder, root / (c.set_folder + "/" + c.clear)));
    ASSERT_EQ(found->hazy_folders.size(), 1u);
    EXPECT_TRUE(std::filesystem::equivalent(
        found->hazy_folders[0], root / (c.set_folder + "/" + c.hazy)));
    EXPECT_FALSE(found->is_synthetic);
  }
}

// Layouts that are known by a picture on each side only: other layouts have
// folders of the same names.
TEST(FindSetFolders, KnowsTheLayoutsOfThesePictures) {
  const struct {
    std::string dataset;
    std::string layout;
    std::string hazy;
    std::string clear;
  } cases[] = {
      {"its", "dehazeformer", "RESIDE-IN/train/hazy/1_1.png",
       "RESIDE-IN/train/GT/1_1.png"},
      {"ots_beta", "dehazeformer", "RESIDE-OUT/train/hazy/0025_0.8_0.04.jpg",
       "RESIDE-OUT/train/GT/0025_0.8_0.04.jpg"},
      {"ots_v0", "dehazeformer", "RESIDE-OUT/train/hazy/0025_0.8_0.04.jpg",
       "RESIDE-OUT/train/GT/0025_0.8_0.04.jpg"},
      {"sots_indoor", "dehazeformer", "RESIDE-IN/test/hazy/1400_1.png",
       "RESIDE-IN/test/GT/1400_1.png"},
      {"sots_outdoor", "dehazeformer", "RESIDE-OUT/test/hazy/0001_0.8_0.2.jpg",
       "RESIDE-OUT/test/GT/0001_0.8_0.2.jpg"},
      {"its", "bild", "hazy/hazy/1_1_0.9.png", "clear/clear/1.png"},
      {"its", "bild", "ITS/hazy/hazy/1_1_0.9.png", "ITS/clear/clear/1.png"},
      {"ots_beta", "bild", "OTS/hazy/hazy/0025_0.8_0.04.jpg",
       "OTS/clear/clear/0025.jpg"},
      {"ots_v0", "bild", "OTS/hazy/hazy/0025_0.8_0.04.jpg",
       "OTS/clear/clear/0025.jpg"},
      {"sots_indoor", "bild", "SOTS/indoor/hazy/hazy/1400_1.png",
       "SOTS/indoor/clear/clear/1400.png"},
      {"sots_outdoor", "bild", "SOTS/outdoor/hazy/hazy/0001_0.8_0.2.jpg",
       "SOTS/outdoor/clear/clear/0001.png"},
  };
  for (const auto& c : cases) {
    const TemporaryFolder root;
    WriteBytes(root / c.hazy, "x");
    WriteBytes(root / c.clear, "x");
    const auto found = Find(c.dataset, root.path(), "--data_root");
    ASSERT_TRUE(found.ok())
        << c.dataset << " " << c.hazy << " " << found.status();
    EXPECT_EQ(found->layout, c.layout) << c.dataset;
    const auto listing = ListSet(*found);
    ASSERT_TRUE(listing.ok()) << listing.status();
    ASSERT_EQ(listing->hazy.size(), 1u);
    ASSERT_EQ(listing->clear.size(), 1u);
    EXPECT_EQ(listing->hazy[0].path, root / c.hazy);
    EXPECT_EQ(listing->clear[0].path, root / c.clear);
  }
}

TEST(FindSetFolders, OtsComesInParts) {
  const TemporaryFolder root;
  MakeFoldersIn(
      root, {"OTS/part1", "OTS/part2", "OTS/part3", "OTS/part4", "OTS/clear"});
  const auto found = Find("ots_beta", root.path(), "--data_root");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->hazy_folders,
              ElementsAre(root / "OTS/part1", root / "OTS/part2",
                          root / "OTS/part3", root / "OTS/part4"));
}

TEST(FindSetFolders, SeesWhatSynthesizeWrote) {
  for (const char* place : {"SYNTHETIC.json", "SOTS/SYNTHETIC.json",
                            "SOTS/indoor/SYNTHETIC.json"}) {
    const TemporaryFolder root;
    MakeFoldersIn(root, {"SOTS/indoor/hazy", "SOTS/indoor/gt"});
    WriteBytes(root / place, "{}");
    const auto found = Find("sots_indoor", root.path(), "--data_root");
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->is_synthetic) << place;
  }
}

TEST(FindSetFolders, NamesTheFolderThatIsMissing) {
  const TemporaryFolder root;
  const auto none = Find("its", root / "nowhere", "--test_root");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("there is no folder '" + (root / "nowhere") +
                        "' (--test_root="));
  WriteBytes(root / "file", "x");
  EXPECT_EQ(Find("its", root / "file", "--data_root").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(FindSetFolders, SaysWhatItLookedFor) {
  const TemporaryFolder root;
  MakeFoldersIn(root, {"SOTS/indoor/hazy"});
  const auto none = Find("sots_indoor", root.path(), "--data_root");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  const std::string text(none.status().message());
  EXPECT_THAT(text, HasSubstr((root / "SOTS/indoor/hazy") +
                              " with gt or clear (the first is there"));
  EXPECT_THAT(text, HasSubstr(root / "SOTS_indoor/hazy"));
}

TEST(FindSetFolders, RefusesTwoThatFit) {
  const TemporaryFolder root;
  MakeFoldersIn(root, {"SOTS/indoor/hazy", "SOTS/indoor/gt", "SOTS_indoor/hazy",
                       "SOTS_indoor/clear"});
  const auto two = Find("sots_indoor", root.path(), "--data_root");
  EXPECT_EQ(two.status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string text(two.status().message());
  EXPECT_THAT(text, HasSubstr("2 arrangements of files fit"));
  EXPECT_THAT(text, HasSubstr("layout official: "));
  EXPECT_THAT(text, HasSubstr("layout flat-name: "));
}

// Where an outer and an inner folder have the names of two layouts, the one
// with the set's pictures in it counts.
TEST(FindSetFolders, TheFoldersWithTheSetsNamesCount) {
  const TemporaryFolder root;
  WriteBytes(root / "hazy/hazy/1_1_0.9.png", "x");
  WriteBytes(root / "clear/clear/1.png", "x");
  for (const char* dataset : {"its", "pair"}) {
    const auto found = Find(dataset, root.path(), "--data_root");
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->layout, "bild");
    EXPECT_EQ(found->hazy_folders[0], root / "hazy/hazy");
    EXPECT_EQ(found->clear_folder, root / "clear/clear");
  }
  // Pictures in both: nobody should guess.
  WriteBytes(root / "hazy/1_2_0.9.png", "x");
  const auto two = Find("its", root.path(), "--data_root");
  EXPECT_THAT(std::string(two.status().message()),
              HasSubstr("2 arrangements of files fit"));
}

TEST(FindSetFolders, OneNameOnBothSidesIsDehazeformers) {
  const TemporaryFolder root;
  WriteBytes(root / "RESIDE-IN/test/hazy/1400_1.png", "x");
  WriteBytes(root / "RESIDE-IN/test/GT/1400_1.png", "x");
  for (const std::string place : {"", "/RESIDE-IN", "/RESIDE-IN/test"}) {
    const auto found = Find("sots_indoor", root.path() + place, "--data_root");
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->layout, "dehazeformer") << place;
  }
  std::filesystem::rename(root / "RESIDE-IN/test/GT/1400_1.png",
                          root / "RESIDE-IN/test/GT/1400.png");
  EXPECT_EQ(Find("sots_indoor", root / "RESIDE-IN/test", "--data_root")->layout,
            "flat-name");
}

TEST(FindSetFolders, NhHazeIsOneFolder) {
  const TemporaryFolder root;
  WriteBytes(root / "NH-HAZE/01_hazy.png", "x");
  WriteBytes(root / "NH-HAZE/01_GT.png", "x");
  for (const std::string place : {"", "/NH-HAZE"}) {
    const auto found = Find("nhhaze", root.path() + place, "--data_root");
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->layout, "official");
    EXPECT_EQ(found->clear_folder, found->hazy_folders[0]);
    const auto listing = ListSet(*found);
    ASSERT_TRUE(listing.ok());
    ASSERT_EQ(listing->hazy.size(), 1u);
    EXPECT_EQ(listing->hazy[0].stem, "01_hazy");
    ASSERT_EQ(listing->clear.size(), 1u);
    EXPECT_EQ(listing->clear[0].stem, "01_GT");
  }
}

TEST(FindSetFolders, SetsWithoutAClearSide) {
  const TemporaryFolder root;
  MakeFoldersIn(root,
                {"RTTS/JPEGImages", "RTTS/Annotations", "HSTS/real-world"});
  EXPECT_EQ(Find("rtts", root.path(), "--data_root")->clear_folder, "");
  EXPECT_EQ(Find("hsts_real", root / "HSTS", "--data_root")->hazy_folders[0],
            root / "HSTS/real-world");
}

TEST(FindSetFolders, AFileCalledHazyIsNamed) {
  const TemporaryFolder root;
  MakeFoldersIn(root, {"clear"});
  WriteBytes(root / "hazy", "x");
  EXPECT_THAT(
      std::string(Find("pair", root.path(), "--data_root").status().message()),
      HasSubstr("(the first is a file)"));
}

// The same files by two names are no contradiction.
TEST(FindSetFolders, ALinkIsTheSameFolder) {
  const TemporaryFolder root;
  MakeFoldersIn(root, {"SOTS/indoor/hazy", "SOTS/indoor/gt"});
  std::filesystem::create_symlink("SOTS/indoor", root / "SOTS_indoor");
  std::filesystem::create_symlink("gt", root / "SOTS/indoor/clear");
  const auto found = Find("sots_indoor", root.path(), "--data_root");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->layout, "official");
}

}  // namespace
}  // namespace bild
