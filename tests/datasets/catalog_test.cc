// A dataset as a user has it: folders of files, good and bad.

#include "datasets/catalog.h"

#include <filesystem>
#include <set>

#include "datasets/image_writer.h"
#include "datasets/reside_ids.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/opened_dataset.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// All 500 pairs of SOTS indoor as 8x6 pictures, clear ones 20 px larger.
void WriteCompleteSotsIndoor(const std::string& set_folder) {
  const std::string hazy = EncodePng(PatternImage(8, 6, 1)).value();
  const std::string clear = EncodePng(PatternImage(28, 26, 2)).value();
  for (const std::string& id : SotsIndoorIds()) {
    WriteBytes(set_folder + "/hazy/" + id + ".png", hazy);
    WriteBytes(set_folder + "/gt/" + ResideScene(id) + ".png", clear);
  }
}

TEST(OpenDataset, ReadsACompleteSetWithTheBorderRule) {
  const TemporaryFolder root;
  WriteCompleteSotsIndoor(root / "SOTS/indoor");
  const Opened opened = Open("sots_indoor", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  const PairedDataset& dataset = **opened.dataset;
  EXPECT_EQ(dataset.name(), "sots_indoor");
  EXPECT_EQ(dataset.layout(), "official");
  EXPECT_THAT(dataset.invalid_reasons(), IsEmpty());
  ASSERT_EQ(dataset.pairs().size(), 500u);
  EXPECT_EQ(dataset.pairs()[0].id, "1400_1");
  EXPECT_EQ(dataset.pairs()[1].id, "1400_10");  // Bytewise.
  EXPECT_EQ(dataset.pairs()[0].scene, "1400");
  EXPECT_THAT(opened.notes,
              Contains(HasSubstr("10 px cut from each side of the clear "
                                 "picture for 500 of 500 pairs")));
  const auto size = dataset.ReadSize(3);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(*size, (ImageSize{8, 6}));

  const auto pair = dataset.Read(0);
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_EQ(pair->hazy->rgb, PatternImage(8, 6, 1).rgb);
  ASSERT_EQ(pair->clear->width_px, 8);
  ASSERT_EQ(pair->clear->height_px, 6);
  const Image whole = PatternImage(28, 26, 2);
  for (size_t y = 0; y < 6; ++y) {
    for (size_t i = 0; i < 8 * 3; ++i) {
      EXPECT_EQ(pair->clear->rgb[y * 24 + i],
                whole.rgb[((y + 10) * 28 + 10) * 3 + i]);
    }
  }
  // Ten hazy pictures share their clear one while somebody holds it.
  EXPECT_EQ(dataset.Read(1)->clear, pair->clear);

  // The set's own folder will do as well.
  EXPECT_TRUE(Open("sots_indoor", root / "SOTS/indoor").dataset.ok());
}

TEST(OpenDataset, NamesMissingAndUnknownIds) {
  const TemporaryFolder root;
  WriteCompleteSotsIndoor(root / "SOTS/indoor");
  std::filesystem::remove(root / "SOTS/indoor/hazy/1407_3.png");
  const Opened missing = Open("sots_indoor", root.path());
  EXPECT_EQ(missing.dataset.status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(missing),
              HasSubstr("sots_indoor: 499 of 500; missing 1407_3\n"));
  EXPECT_THAT(Message(missing), HasSubstr("--allow_partial"));

  const Opened partial = Open("sots_indoor", root.path(), true);
  ASSERT_TRUE(partial.dataset.ok()) << partial.dataset.status();
  EXPECT_EQ((*partial.dataset)->name(), "sots_indoor[n=499]");
  EXPECT_THAT((*partial.dataset)->invalid_reasons(),
              ElementsAre("partial: 499 of 500 pairs"));

  // Names decide, never a count alone: 500 files, but one of another set.
  std::filesystem::rename(root / "SOTS/indoor/gt/1407.png",
                          root / "SOTS/indoor/gt/7.png");
  for (int k = 1; k <= 10; ++k) {
    const std::string tail = "_" + std::to_string(k) + ".png";
    if (k != 3) {
      std::filesystem::rename(root / ("SOTS/indoor/hazy/1407" + tail),
                              root / ("SOTS/indoor/hazy/7" + tail));
    }
  }
  WritePicture(root / "SOTS/indoor/hazy/7_3.png", PatternImage(8, 6, 1));
  for (const bool allow_partial : {false, true}) {
    const Opened other = Open("sots_indoor", root.path(), allow_partial);
    EXPECT_THAT(Message(other),
                HasSubstr("490 of 500; missing 1407_1, 1407_2, "));
    EXPECT_THAT(Message(other),
                HasSubstr("10 that the release does not have: 7_1, 7_10, "));
  }
}

TEST(OpenDataset, CallsASyntheticSetSynthetic) {
  const TemporaryFolder root;
  WriteBytes(root / "SYNTHETIC.json", "{}");
  for (const char* id : {"1_1_0.9", "1_2_0.8", "2_1_0.95"}) {
    WritePicture(root / ("ITS/hazy/" + std::string(id) + ".png"),
                 PatternImage(8, 6, 1));
  }
  WritePicture(root / "ITS/clear/1.png", PatternImage(8, 6, 2));
  WritePicture(root / "ITS/clear/2.png", PatternImage(8, 6, 3));
  const Opened opened = Open("its", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_EQ((*opened.dataset)->name(), "synthetic_its");
  EXPECT_THAT((*opened.dataset)->invalid_reasons(), ElementsAre("synthetic"));
  EXPECT_EQ((*opened.dataset)->pairs().size(), 3u);
}

TEST(OpenDataset, PairTakesAnyFolders) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  WriteBytes(root / "hazy/readme.txt", "x");
  WritePicture(root / "clear/alone.png", PatternImage(4, 4, 1));
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_EQ((*opened.dataset)->name(), "pair");
  EXPECT_EQ((*opened.dataset)->pairs().size(), 4u);
  EXPECT_THAT(opened.notes,
              Contains(HasSubstr("1 files or folders that are no pictures")));
  EXPECT_THAT(opened.notes,
              Contains(HasSubstr("1 clear pictures belong to no hazy one")));
}

// One clear picture stored under three names, in two formats, is one scene.
TEST(OpenDataset, PairMergesScenesOfEqualPixels) {
  const TemporaryFolder root;
  const Image clear = PatternImage(24, 20, 1);
  for (const char* name : {"x10", "x9", "x11"}) {
    WritePicture(root / ("clear/" + std::string(name) + ".png"), clear);
    WritePicture(root / ("hazy/" + std::string(name) + ".png"),
                 PatternImage(24, 20, name[2]));
  }
  WritePicture(root / "clear/y.png", PatternImage(24, 20, 2));
  WritePicture(root / "hazy/y.png", PatternImage(24, 20, 3));
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  std::vector<std::string> scenes;
  for (const PairName& pair : (*opened.dataset)->pairs()) {
    scenes.push_back(pair.scene);
  }
  EXPECT_THAT(scenes, ElementsAre("x9", "x9", "x9", "y"));
}

TEST(OpenDataset, UnknownNameListsTheKnownOnes) {
  const Opened opened = Open("itss", ".");
  EXPECT_EQ(opened.dataset.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(opened), HasSubstr("Unknown dataset 'itss'. Known: its, "
                                         "ots_beta, ots_v0, sots_indoor, "
                                         "sots_outdoor, hsts, hsts_real, rtts, "
                                         "ohaze, ihaze, nhhaze, densehaze, "
                                         "pair."));
}

TEST(OpenDataset, EmptyFolder) {
  const TemporaryFolder root;
  std::filesystem::create_directories(root / "hazy");
  std::filesystem::create_directories(root / "clear");
  EXPECT_THAT(Message(Open("pair", root.path())), HasSubstr("no picture in"));
}

// --- The challenges' sets and the rest of RESIDE ----

TEST(OpenDataset, ReadsTheChallengesSets) {
  const struct {
    std::string dataset;
    std::string folder;
    std::string hazy;
    std::string clear;
    int count;
  } cases[] = {
      {"ohaze", "# O-HAZY NTIRE 2018", "hazy/{}_outdoor_hazy.jpg",
       "GT/{}_outdoor_GT.JPG", 45},
      {"ihaze", "# I-HAZY NTIRE 2018", "hazy/{}_indoor_hazy.jpg",
       "GT/{}_indoor_GT.jpg", 30},
      {"nhhaze", "NH-HAZE", "{}_hazy.png", "{}_GT.png", 55},
      {"densehaze", "Dense_Haze_NTIRE19", "hazy/{}_hazy.png", "GT/{}_GT.png",
       55},
  };
  const std::string png = EncodePng(PatternImage(8, 6, 1)).value();
  for (const auto& c : cases) {
    const TemporaryFolder root;
    for (int i = 1; i <= c.count; ++i) {
      // Numbers match with or without a leading zero.
      const std::string with_zero = fmt::format("{:02}", i);
      const std::string without = fmt::format("{}", i);
      WriteBytes(
          root / (c.folder + "/" + fmt::format(fmt::runtime(c.hazy), without)),
          png);
      WriteBytes(root / (c.folder + "/" +
                         fmt::format(fmt::runtime(c.clear), with_zero)),
                 png);
    }
    const Opened opened = Open(c.dataset, root.path());
    ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
    const PairedDataset& dataset = **opened.dataset;
    EXPECT_EQ(dataset.name(), c.dataset);
    EXPECT_EQ(dataset.layout(), "official");
    EXPECT_THAT(dataset.invalid_reasons(), IsEmpty());
    ASSERT_EQ(dataset.pairs().size(), static_cast<size_t>(c.count));
    EXPECT_EQ(dataset.pairs()[0].id, "01");
    EXPECT_EQ(dataset.pairs()[9].scene, "10");
    EXPECT_EQ(dataset.Read(9)->hazy->width_px, 8);
    // The set's own folder.
    EXPECT_TRUE(Open(c.dataset, root / c.folder).dataset.ok());

    // One number fewer, and one that no copy has.
    const std::string last = fmt::format("{}", c.count);
    std::filesystem::remove(
        root / (c.folder + "/" + fmt::format(fmt::runtime(c.hazy), last)));
    EXPECT_THAT(Message(Open(c.dataset, root.path())),
                HasSubstr(fmt::format("{}: {} of {}; missing {}", c.dataset,
                                      c.count - 1, c.count, last)));
    EXPECT_EQ((*Open(c.dataset, root.path(), true).dataset)->name(),
              fmt::format("{}[n={}]", c.dataset, c.count - 1));
    WriteBytes(
        root / (c.folder + "/" + fmt::format(fmt::runtime(c.hazy), "99")), png);
    WriteBytes(
        root / (c.folder + "/" + fmt::format(fmt::runtime(c.clear), "99")),
        png);
    EXPECT_THAT(Message(Open(c.dataset, root.path(), true)),
                HasSubstr("1 that the release does not have: 99"));
  }
}

// The numbers are those of O-HAZE, the words are not.
TEST(OpenDataset, AnIndoorPictureIsNotOHaze) {
  const TemporaryFolder root;
  WritePicture(root / "hazy/01_indoor_hazy.png", PatternImage(8, 6, 1));
  WritePicture(root / "GT/01_indoor_GT.png", PatternImage(8, 6, 2));
  EXPECT_THAT(Message(Open("ohaze", root.path(), true)),
              HasSubstr("names do not read as <number>_outdoor_hazy"));
  EXPECT_TRUE(Open("ihaze", root.path(), true).dataset.ok());
}

TEST(OpenDataset, OtsV0KnowsItsFormAndItsCount) {
  const TemporaryFolder root;
  const std::string png = EncodePng(PatternImage(8, 6, 1)).value();
  for (const std::string scene : {"0005", "0007"}) {
    WriteBytes(root / ("OTS/clear/" + scene + ".png"), png);
    for (const std::string& id : OtsIdsOfScene(scene)) {
      WriteBytes(root / ("OTS/hazy/" + id + ".png"), png);
    }
  }
  EXPECT_THAT(Message(Open("ots_v0", root.path())),
              HasSubstr("ots_v0: 70 of 313,950; 2 of 8,970 scenes\n"));
  const Opened partial = Open("ots_v0", root.path(), true);
  ASSERT_TRUE(partial.dataset.ok()) << partial.dataset.status();
  EXPECT_EQ((*partial.dataset)->name(), "ots_v0[n=70]");
  std::filesystem::remove(root / "OTS/hazy/0007_0.85_0.1.png");
  EXPECT_THAT(Message(Open("ots_v0", root.path())),
              HasSubstr("69 of 313,950; missing 0007_0.85_0.1; 2 of"));
  WriteBytes(root / "OTS/hazy/0007_0.85_0.3.png", png);
  EXPECT_THAT(Message(Open("ots_v0", root.path(), true)),
              HasSubstr("1 that the release does not have: 0007_0.85_0.3"));
}

TEST(OpenDataset, HstsHasTenPairs) {
  const TemporaryFolder root;
  for (int i = 0; i < 10; ++i) {
    const std::string name = std::to_string(8180 + i) + ".jpg";
    WritePicture(root / ("HSTS/synthetic/synthetic/" + name),
                 PatternImage(16, 16, i));
    WritePicture(root / ("HSTS/synthetic/original/" + name),
                 PatternImage(16, 16, 20 + i));
    WritePicture(root / ("HSTS/real-world/" + name), PatternImage(16, 16, i));
  }
  const Opened opened = Open("hsts", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_EQ((*opened.dataset)->pairs()[0].id, "8180");
  EXPECT_EQ((*opened.dataset)->pairs().size(), 10u);
  EXPECT_TRUE(Open("hsts", root / "HSTS/synthetic").dataset.ok());
}

// Scoring without a clear picture is a mistake in the call.
TEST(OpenDataset, ASetWithoutClearPicturesIsNotScored) {
  for (const char* name : {"rtts", "hsts_real"}) {
    const Opened opened = Open(name, "/nowhere");
    EXPECT_EQ(opened.dataset.status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(opened), HasSubstr("has no clear pictures"));
  }
}

// A package of ITS with other ids has the same name.
TEST(OpenDataset, ALargerItsIsRefused) {
  const TemporaryFolder root;
  const std::string png = EncodePng(PatternImage(8, 6, 1)).value();
  for (int k = 1; k <= 80; ++k) {
    WriteBytes(root / ("ITS/hazy/7_" + std::to_string(k) + "_0.9.png"), png);
  }
  WriteBytes(root / "ITS/clear/7.png", png);
  const Opened opened = Open("its", root.path(), true);
  EXPECT_THAT(Message(opened),
              HasSubstr("70 that the release does not have: 7_11, "));
  EXPECT_THAT(Message(opened), HasSubstr("another release"));
  EXPECT_TRUE(Open("pair", root / "ITS").dataset.ok());
}

// DehazeFormer's copies: one name on both sides, n_clear by scene.
TEST(OpenDataset, AClearPictureForEachHazyOneIsOneScene) {
  const TemporaryFolder root;
  for (const std::string name : {"1400_1", "1400_2", "1401_1"}) {
    WritePicture(root / ("RESIDE-IN/test/hazy/" + name + ".png"),
                 PatternImage(8, 6, name[3] + name[5]));
    WritePicture(root / ("RESIDE-IN/test/GT/" + name + ".png"),
                 PatternImage(8, 6, name[3]));
  }
  const Opened opened = Open("sots_indoor", root.path(), true);
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_EQ((*opened.dataset)->layout(), "dehazeformer");
  std::set<std::string> scenes;
  for (const PairName& pair : (*opened.dataset)->pairs()) {
    scenes.insert(pair.scene);
    EXPECT_THAT(pair.clear_path, HasSubstr("GT/" + pair.id + ".png"));
  }
  EXPECT_THAT(scenes, ElementsAre("1400", "1401"));
}

TEST(BenchmarkSets, NameKnownDatasets) {
  for (const BenchmarkSets& sets : BenchmarkDataSets()) {
    EXPECT_TRUE(FindDataset(sets.train).ok()) << sets.name;
    EXPECT_TRUE(FindDataset(sets.test).ok()) << sets.name;
  }
  EXPECT_EQ(FindBenchmarkSets("ots")->test, "sots_outdoor");
  EXPECT_EQ(FindBenchmarkSets("ots_v0")->test, "sots_outdoor");
  EXPECT_THAT(
      std::string(FindBenchmarkSets("x").status().message()),
      HasSubstr("Known: its, ots, ots_v0, ohaze, nhhaze, densehaze, pair."));
}

TEST(Datasets, KnowHowManyPairsAreComplete) {
  EXPECT_EQ(ItsIds().size(), 13990u);
  EXPECT_EQ(OtsBetaScenes().size(), 2061u);
  EXPECT_EQ(OtsBetaIds().size(), 72135u);
  EXPECT_EQ(SotsIndoorIds().size(), 500u);
  EXPECT_EQ(SotsOutdoorIds().size(), 500u);
}

}  // namespace
}  // namespace bild
