#include "datasets/layouts.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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
  };
  for (const auto& c : cases) {
    const TemporaryFolder root;
    MakeFoldersIn(root,
                  {c.set_folder + "/" + c.hazy, c.set_folder + "/" + c.clear,
                   c.set_folder + "/trans"});
    const auto found = FindSetFolders(c.dataset, root.path(), "--data_root");
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

TEST(FindSetFolders, OtsComesInParts) {
  const TemporaryFolder root;
  MakeFoldersIn(
      root, {"OTS/part1", "OTS/part2", "OTS/part3", "OTS/part4", "OTS/clear"});
  const auto found = FindSetFolders("ots_beta", root.path(), "--data_root");
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
    const auto found =
        FindSetFolders("sots_indoor", root.path(), "--data_root");
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->is_synthetic) << place;
  }
}

TEST(FindSetFolders, NamesTheFolderThatIsMissing) {
  const TemporaryFolder root;
  const auto none = FindSetFolders("its", root / "nowhere", "--test_root");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("there is no folder '" + (root / "nowhere") +
                        "' (--test_root="));
  WriteBytes(root / "file", "x");
  EXPECT_EQ(FindSetFolders("its", root / "file", "--data_root").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(FindSetFolders, SaysWhatItLookedFor) {
  const TemporaryFolder root;
  MakeFoldersIn(root, {"SOTS/indoor/hazy"});
  const auto none = FindSetFolders("sots_indoor", root.path(), "--data_root");
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
  const auto two = FindSetFolders("sots_indoor", root.path(), "--data_root");
  EXPECT_EQ(two.status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string text(two.status().message());
  EXPECT_THAT(text, HasSubstr("2 arrangements of files fit"));
  EXPECT_THAT(text, HasSubstr("layout official: "));
  EXPECT_THAT(text, HasSubstr("layout flat-name: "));
}

// The same files by two names are no contradiction.
TEST(FindSetFolders, ALinkIsTheSameFolder) {
  const TemporaryFolder root;
  MakeFoldersIn(root, {"SOTS/indoor/hazy", "SOTS/indoor/gt"});
  std::filesystem::create_symlink("SOTS/indoor", root / "SOTS_indoor");
  std::filesystem::create_symlink("gt", root / "SOTS/indoor/clear");
  const auto found = FindSetFolders("sots_indoor", root.path(), "--data_root");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->layout, "official");
}

}  // namespace
}  // namespace bild
