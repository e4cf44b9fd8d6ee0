// What `verify` finds in sets of files, good and bad.

#include "datasets/verification.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bild/base/seed.h"
#include "bild/metrics/metrics.h"
#include "datasets/catalog.h"
#include "datasets/image_writer.h"
#include "datasets/release_probes.h"
#include "datasets/reside_ids.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> KindsOf(const ProblemReport& report) {
  std::vector<std::string> kinds;
  for (const ProblemGroup& group : report.groups()) kinds.push_back(group.kind);
  return kinds;
}

const ProblemGroup& GroupOf(const ProblemReport& report,
                            const std::string& kind) {
  static const auto* const none = new ProblemGroup;
  for (const ProblemGroup& group : report.groups()) {
    if (group.kind == kind) return group;
  }
  return *none;
}

Verification VerifyFolder(const std::string& dataset, const std::string& root,
                          VerifyOptions options = {}) {
  const DatasetInfo info = FindDataset(dataset).value();
  const SetFolders folders = FindSetFolders(info, root, "--data_root").value();
  const auto draft = DraftFolder(info, folders, {true, options.reading});
  EXPECT_TRUE(draft.ok()) << draft.status();
  return Verify(info, folders, *draft, options);
}

VerifyOptions Deep() {
  VerifyOptions options;
  options.is_deep = true;
  return options;
}

// Pairs a, b, ... of one scene each.
void WritePairs(const TemporaryFolder& root, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    WritePicture(root / ("hazy/" + name + ".png"), PatternImage(40, 30, i));
    WritePicture(root / ("clear/" + name + ".png"), PatternImage(40, 30, i));
  }
}

TEST(Verify, AGoodSetHasNoProblem) {
  const TemporaryFolder root;
  WritePairs(root, 3);
  const Verification found = VerifyFolder("pair", root.path(), Deep());
  EXPECT_THAT(KindsOf(found.problems), IsEmpty());
  EXPECT_THAT(KindsOf(found.warnings), IsEmpty());
  EXPECT_EQ(found.files, 6);
  EXPECT_EQ(found.decoded_files, 6);
  EXPECT_EQ(found.scenes, 3);
  EXPECT_EQ(found.compared_pairs, 3);
  EXPECT_EQ(found.misaligned_pairs, 0);
  EXPECT_EQ(found.psnr_db, 100.0);
  ASSERT_EQ(found.manifest.rows.size(), 6u);
  EXPECT_EQ(found.manifest.rows[0].path, "clear/a.png");
  EXPECT_EQ(found.manifest.rows[3].path, "hazy/a.png");
  EXPECT_EQ(found.manifest.rows[3].width_px, 40);
  // The same pixels in the same file.
  EXPECT_EQ(found.manifest.rows[0].pixels_sha256,
            found.manifest.rows[3].pixels_sha256);
  EXPECT_EQ(found.manifest.rows[0].sha256, found.manifest.rows[3].sha256);
}

TEST(Verify, DamageInTheMiddleIsFoundByDecoding) {
  const TemporaryFolder root;
  WritePairs(root, 3);
  std::string png = EncodePng(PatternImage(40, 30, 1)).value();
  png[png.size() / 2] ^= 0x55;
  WriteBytes(root / "hazy/a.png", png);
  std::string jpeg = EncodeJpeg(PatternImage(40, 30, 1)).value();
  jpeg.erase(jpeg.size() - 60, 40);
  WriteBytes(root / "clear/b.png", jpeg);
  // Not in any pair, damaged all the same.
  WriteBytes(root / "clear/lone.png", "text");
  const Verification found = VerifyFolder("pair", root.path(), Deep());
  EXPECT_THAT(KindsOf(found.problems), ElementsAre("decode"));
  const ProblemGroup& group = GroupOf(found.problems, "decode");
  ASSERT_EQ(group.lines.size(), 3u);
  EXPECT_THAT(group.headline, HasSubstr("3 of 7 pictures do not decode"));
  EXPECT_THAT(group.lines[0], HasSubstr("clear/b.png' is damaged"));
  EXPECT_THAT(group.lines[1], HasSubstr("clear/lone.png' is not a PNG"));
  EXPECT_THAT(group.lines[2], HasSubstr("hazy/a.png' is damaged"));
  EXPECT_THAT(KindsOf(found.warnings), ElementsAre("unused", "misnamed"));
  EXPECT_EQ(found.decoded_files, 4);
  EXPECT_EQ(found.compared_pairs, 1);
}

TEST(Verify, ReportsEveryKindAtOnce) {
  const TemporaryFolder root;
  WritePairs(root, 6);
  WriteBytes(root / "hazy/a.png", "");
  WriteBytes(root / "hazy/b.png", GreyPng(40, 30, 1));
  WritePicture(root / "clear/c.png", PatternImage(41, 30, 1));
  WritePicture(root / "hazy/d.jpg", PatternImage(40, 30, 1));
  std::filesystem::remove(root / "clear/e.png");
  const Verification found = VerifyFolder("pair", root.path());
  EXPECT_THAT(KindsOf(found.problems),
              ElementsAre("double", "unpaired", "unusable", "sizes"));
  EXPECT_EQ(GroupOf(found.problems, "unusable").lines.size(), 2u);
  EXPECT_THAT(GroupOf(found.problems, "unpaired").lines[0],
              HasSubstr("e.png': no clear picture e.*"));
}

TEST(Verify, WarnsOfAnOrientation) {
  const TemporaryFolder root;
  WritePairs(root, 2);
  const std::string exif(
      "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26);
  std::string png = EncodePng(PatternImage(40, 30, 0)).value();
  png.insert(8 + 25, PngChunk("eXIf", exif));
  WriteBytes(root / "hazy/a.png", png);
  const Verification found = VerifyFolder("pair", root.path());
  EXPECT_THAT(KindsOf(found.problems), IsEmpty());
  EXPECT_THAT(GroupOf(found.warnings, "orientation").lines,
              ElementsAre(HasSubstr("hazy/a.png': orientation 6")));
}

// One pair that moved is a warning, more than half of them an error.
TEST(Verify, MovedPicturesAreFound) {
  for (const int moved : {1, 2, 3}) {
    const TemporaryFolder root;
    WritePairs(root, 4);
    for (int i = 0; i < moved; ++i) {
      // The same picture, one column further.
      const Image whole = PatternImage(41, 30, i);
      Image shifted = PatternImage(40, 30, i);
      for (size_t y = 0; y < 30; ++y) {
        for (size_t x = 0; x < 40 * 3; ++x) {
          shifted.rgb[y * 120 + x] = whole.rgb[y * 123 + x + 3];
        }
      }
      WritePicture(root / fmt::format("hazy/{}.png", "abcd"[i]), shifted);
    }
    const Verification found = VerifyFolder("pair", root.path(), Deep());
    EXPECT_EQ(found.misaligned_pairs, moved);
    const bool is_error = moved == 3;
    EXPECT_THAT(KindsOf(is_error ? found.problems : found.warnings),
                ElementsAre("alignment"));
    EXPECT_THAT(KindsOf(is_error ? found.warnings : found.problems), IsEmpty());
    EXPECT_THAT(GroupOf(is_error ? found.problems : found.warnings, "alignment")
                    .lines[0],
                HasSubstr("a: shift (-1, 0), correlation "));
  }
}

// A hazy picture that is off by 46 in most values and by 47 in the others, so
// that its PSNR is `psnr_db` to 1e-4 dB.
void WritePairOfPsnr(const TemporaryFolder& root, const std::string& id,
                     double psnr_db) {
  Image clear = PatternImage(60, 50, 3);
  Image hazy = clear;
  const double wanted = 255.0 * 255.0 * std::pow(10.0, -psnr_db / 10.0);
  const int low = static_cast<int>(std::floor(std::sqrt(wanted)));
  const double share = (wanted - low * low) / (2 * low + 1);
  const auto high_count = static_cast<size_t>(
      std::llround(share * static_cast<double>(clear.rgb.size())));
  for (size_t i = 0; i < clear.rgb.size(); ++i) {
    clear.rgb[i] = static_cast<uint8_t>(clear.rgb[i] % 150);
    hazy.rgb[i] =
        static_cast<uint8_t>(clear.rgb[i] + low + (i < high_count ? 1 : 0));
  }
  WritePicture(root / ("SOTS/indoor/hazy/" + id + ".png"), hazy);
  WritePicture(root / ("SOTS/indoor/gt/" + id.substr(0, 4) + ".png"), clear);
}

TEST(Verify, TheReleaseIsKnownByItsProbes) {
  const TemporaryFolder root;
  WritePairOfPsnr(root, "1400_1", 14.7852);
  WritePairOfPsnr(root, "1401_2", 16.7268);
  WritePairOfPsnr(root, "1403_3", 11.0);  // No probe.
  const Verification good = VerifyFolder("sots_indoor", root.path(), Deep());
  EXPECT_THAT(KindsOf(good.problems), IsEmpty());
  EXPECT_EQ(good.probes, 2);
  EXPECT_EQ(good.matching_probes, 2);
  EXPECT_NEAR(*good.psnr_db, (14.7852 + 16.7268 + 11.0) / 3, 1e-3);

  WritePairOfPsnr(root, "1401_2", 16.7288);  // 0.002 dB off.
  const Verification other = VerifyFolder("sots_indoor", root.path(), Deep());
  EXPECT_EQ(other.matching_probes, 1);
  EXPECT_THAT(KindsOf(other.problems), ElementsAre("probes"));
  EXPECT_THAT(GroupOf(other.problems, "probes").lines,
              ElementsAre(HasSubstr("the release has 16.7268")));
  // A synthetic set is nobody's release.
  WriteBytes(root / "SYNTHETIC.json", "{}");
  const Verification synthetic =
      VerifyFolder("sots_indoor", root.path(), Deep());
  EXPECT_EQ(synthetic.probes, 0);
  EXPECT_THAT(KindsOf(synthetic.problems), IsEmpty());
}

// A set with nothing missing has its mean compared as well.
TEST(Verify, ACompleteSetIsKnownByItsMean) {
  const TemporaryFolder root;
  const std::map<std::string, double> probes = {
      {"1400_1", 14.7852}, {"1401_2", 16.7268}, {"1402_3", 14.0282}};
  const double others_db = (500 * 11.9748 - 14.7852 - 16.7268 - 14.0282) / 497;
  for (const std::string& id : SotsIndoorIds()) {
    const auto probe = probes.find(id);
    WritePairOfPsnr(root, id,
                    probe == probes.end() ? others_db : probe->second);
  }
  const Verification good = VerifyFolder("sots_indoor", root.path(), Deep());
  EXPECT_THAT(KindsOf(good.problems), IsEmpty());
  EXPECT_EQ(good.probes, 4);
  EXPECT_EQ(good.matching_probes, 4);
  EXPECT_NEAR(*good.psnr_db, 11.9748, 1e-3);

  // One pair that is no probe, 1 dB better: the mean is 0.002 dB off.
  WritePairOfPsnr(root, "1449_10", others_db + 1.0);
  const Verification other = VerifyFolder("sots_indoor", root.path(), Deep());
  EXPECT_EQ(other.matching_probes, 3);
  EXPECT_THAT(GroupOf(other.problems, "probes").lines,
              ElementsAre(AllOf(HasSubstr("mean of all pairs: "),
                                HasSubstr("the release has 11.9748"))));
}

// The values of the specification, typed a second time.
TEST(ReleaseProbes, AreTheMeasuredOnes) {
  const std::map<std::string, std::map<std::string, double>> wanted = {
      {"its",
       {{"1_1", 12.3738},
        {"1_2", 10.8796},
        {"2_1", 10.8990},
        {"2_2", 14.3897}}},
      {"sots_indoor",
       {{"1400_1", 14.7852},
        {"1401_2", 16.7268},
        {"1402_3", 14.0282},
        {"", 11.9748}}},
      {"sots_outdoor", {{"0001_0.8_0.2", 16.1293}, {"", 15.9194}}},
      {"ohaze", {{"27", 13.5913}, {"35", 13.7257}, {"41", 17.4108}}},
      {"nhhaze", {{"03", 8.8519}, {"45", 10.9087}}}};
  std::map<std::string, std::map<std::string, double>> found;
  for (const DatasetInfo& info : Datasets()) {
    for (const ReleaseProbe& probe : ReleaseProbes(info.name)) {
      EXPECT_TRUE(found[info.name].emplace(probe.id, probe.psnr_db).second);
    }
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(kProbeToleranceDb, 0.001);
}

TEST(ReleaseProbes, BelongToIdsOfTheirSets) {
  for (const DatasetInfo& info : Datasets()) {
    for (const ReleaseProbe& probe : ReleaseProbes(info.name)) {
      if (probe.id.empty()) continue;
      const std::vector<std::string> ids = info.complete_ids();
      EXPECT_THAT(ids, testing::Contains(probe.id)) << info.name;
    }
  }
}

TEST(HazyPsnrDb, IsTheDefaultProfiles) {
  const MetricProfile profile = FindProfile("default").value();
  const Image clear = PatternImage(31, 23, 1);
  Image deep = PatternImage(31, 23, 2);
  for (const uint8_t value : deep.rgb) {
    deep.rgb16.push_back(static_cast<uint16_t>(value * 256 + 77));
  }
  deep.rgb.clear();
  for (const Image& hazy : {PatternImage(31, 23, 2), deep, clear}) {
    for (const bool is_swapped : {false, true}) {
      const Image& a = is_swapped ? clear : hazy;
      const Image& b = is_swapped ? hazy : clear;
      const auto score = Score(FromBytes(a), FromBytes(b), profile, "x");
      ASSERT_TRUE(score.ok()) << score.status();
      EXPECT_NEAR(HazyPsnrDb(a, b), score->psnr_db, 1e-10);
    }
  }
}

TEST(Verify, ASetWithoutClearPicturesIsDecoded) {
  const TemporaryFolder root;
  WritePicture(root / "RTTS/JPEGImages/x_1.png", PatternImage(20, 20, 1));
  std::string png = EncodePng(PatternImage(20, 20, 1)).value();
  png[60] ^= 1;
  WriteBytes(root / "RTTS/JPEGImages/y.png", png);
  const Verification found = VerifyFolder("rtts", root.path(), Deep());
  EXPECT_EQ(found.files, 2);
  EXPECT_EQ(found.decoded_files, 1);
  EXPECT_THAT(KindsOf(found.problems), ElementsAre("decode"));
}

// --- Mutations
// -----------------------------------------------------------------

std::string Mutated(std::string bytes, SeedEngine* engine) {
  const uint64_t count = 1 + engine->UniformInt(6);
  for (uint64_t i = 0; i < count && !bytes.empty(); ++i) {
    const size_t at = engine->UniformInt(bytes.size());
    switch (engine->UniformInt(6)) {
      case 0:
      case 1:
        bytes[at] = static_cast<char>(engine->UniformInt(256));
        break;
      case 2:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << engine->UniformInt(8)));
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(at, 1 + engine->UniformInt(40));
        break;
      default:
        bytes.insert(at, bytes, engine->UniformInt(bytes.size()),
                     1 + engine->UniformInt(40));
        break;
    }
  }
  return bytes;
}

// Files that were changed anywhere: each decodes whole or is named as one that
// does not. BILD_MUTATED_FILES sets how many.
TEST(Verify, MutatedFilesAreAllNamed) {
  const char* wanted = std::getenv("BILD_MUTATED_FILES");
  const int count = wanted != nullptr ? std::atoi(wanted) : 2000;
  SeedEngine engine(11, SeedStream::kInit, 0, 0);
  const TemporaryFolder root;
  const std::vector<std::string> whole = {
      EncodePng(PatternImage(40, 30, 1)).value(),
      EncodeJpeg(PatternImage(40, 30, 1)).value(),
      EncodeJpeg(PatternImage(33, 17, 2), 40).value(),
      GreyPng(40, 30, 9),
      PalettePng(40, 30, {1, 2, 3}),
      DeepPng(40, 30, {1, 2, 3})};
  std::set<std::string> paths;
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("m{:05}", i);
    paths.insert(root / ("hazy/" + name + ".png"));
    WriteBytes(root / ("hazy/" + name + ".png"),
               Mutated(whole[engine.UniformInt(whole.size())], &engine));
    WriteBytes(root / ("clear/" + name + ".png"), whole[0]);
  }
  for (const bool takes_all_kinds : {false, true}) {
    VerifyOptions options = Deep();
    options.reading = {takes_all_kinds, takes_all_kinds};
    const Verification found = VerifyFolder("pair", root.path(), options);
    EXPECT_EQ(found.files, 2 * count);
    std::set<std::string> named;
    for (const char* kind : {"unusable", "decode"}) {
      for (const std::string& line : GroupOf(found.problems, kind).lines) {
        const size_t from = line.find('\'') + 1;
        const std::string path =
            line.substr(from, line.find('\'', from) - from);
        EXPECT_EQ(paths.count(path), 1u) << line;
        EXPECT_TRUE(named.insert(path).second) << path;
      }
    }
    EXPECT_EQ(found.decoded_files + static_cast<int64_t>(named.size()),
              2 * count);
    EXPECT_GT(named.size(), paths.size() / 2);
  }
}

}  // namespace
}  // namespace bild
