// Packing a set and reading the cache: the same pairs and pixels as from the
// files, and no way to take anything else for a cache.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "datasets/cache_sources.h"
#include "datasets/cache_writer.h"
#include "datasets/catalog.h"
#include "datasets/folder_draft.h"
#include "datasets/layouts.h"
#include "datasets/manifest.h"
#include "datasets/verification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/cache_fixture.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(CacheTest, HoldsWhatTheFilesHold) {
  WritePairs(data_, 4, 3);
  const auto outcome = Pack(Request());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->was_done);
  // A clear picture is stored once for its three hazy ones.
  EXPECT_EQ(outcome->index.images.size(), 4 * 3 + 4u);
  EXPECT_THAT(NamesIn(cache_), ElementsAre("pair.index", "pair.pixels"));
  const auto cached = Open();
  ASSERT_TRUE(cached.ok()) << cached.status();
  ExpectTheFiles(**cached, Files());
  EXPECT_TRUE((*cached)->CheckPixels().ok());
  EXPECT_TRUE(CompareWithSources((*cached)->index(), true).ok());
}

TEST_F(CacheTest, APictureOutlivesItsDataset) {
  WritePairs(data_, 1, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  auto cached = Open();
  ASSERT_TRUE(cached.ok());
  const PairView view = (*cached)->View(0).value();
  const std::string hash = PixelHash(view.hazy);
  cached->reset();
  EXPECT_EQ(PixelHash(view.hazy), hash);
}

// SOTS indoor ships clear pictures with a border: they are stored cut. And its
// manifest hash is that of verify.
TEST_F(CacheTest, AppliesTheBorderRule) {
  for (const std::string scene : {"1400", "1401"}) {
    WritePicture(data_ + "/SOTS/indoor/gt/" + scene + ".png",
                 PatternImage(44, 40, std::stoi(scene)));
    for (const std::string k : {"1", "2"}) {
      WritePicture(data_ + "/SOTS/indoor/hazy/" + scene + "_" + k + ".png",
                   PatternImage(24, 20, std::stoi(scene) + std::stoi(k)));
    }
  }
  PackRequest request = Request("sots_indoor");
  EXPECT_THAT(std::string(PlanCache(request).status().message()),
              HasSubstr("4 of 500"));
  request.allow_partial = true;
  const auto outcome = Pack(request);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  CacheRequest reading;
  reading.set = "sots_indoor";
  EXPECT_THAT(OpenError(reading), HasSubstr("--allow_partial: give it here"));
  reading.allow_partial = true;
  const auto cached = Open(reading);
  ASSERT_TRUE(cached.ok()) << cached.status();
  EXPECT_EQ((*cached)->name(), "sots_indoor[n=4]");
  DatasetRequest files = Files("sots_indoor");
  files.allow_partial = true;
  ExpectTheFiles(**cached, files);

  const DatasetInfo info = FindDataset("sots_indoor").value();
  const SetFolders folders = FindSetFolders(info, data_, "--data_root").value();
  const FolderDraft draft = DraftFolder(info, folders, {true, {}}).value();
  VerifyOptions options;
  options.wants_hashes = true;
  const Verification verified = Verify(info, folders, draft, options);
  EXPECT_EQ(outcome->index.manifest_sha256,
            Sha256Hex(ManifestText(verified.manifest)));
}

TEST_F(CacheTest, KeepsSixteenBitsAndExpandedGrey) {
  WriteBytes(data_ + "/hazy/a.png", DeepPng(6, 5, {1, 300, 65535}));
  WriteBytes(data_ + "/clear/a.png", DeepPng(6, 5, {7, 256, 40000}));
  WriteBytes(data_ + "/hazy/b.png", GreyPng(6, 5, 9));
  WriteBytes(data_ + "/clear/b.png", GreyPng(6, 5, 11));
  PackRequest request = Request();
  EXPECT_FALSE(PlanCache(request).ok());
  request.reading = {true, true};
  ASSERT_TRUE(Pack(request).ok());
  const std::string without = OpenError();
  EXPECT_THAT(without, AllOf(HasSubstr("it was packed with --expand_grey, this "
                                       "call is without it"),
                             HasSubstr("--depth16")));
  CacheRequest reading;
  reading.reading = {true, true};
  const auto cached = Open(reading);
  ASSERT_TRUE(cached.ok()) << cached.status();
  DatasetRequest files = Files();
  files.reading = {true, true};
  ExpectTheFiles(**cached, files);
  EXPECT_EQ((*cached)->Read(0)->hazy->rgb16[1], 300);
  EXPECT_THAT((*cached)->invalid_reasons(), Not(IsEmpty()));
}

TEST_F(CacheTest, PackingAgainFindsItDone) {
  WritePairs(data_, 3, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  const std::string before = ReadFile(cache_ + "/pair.index").value();
  const auto again = Pack(Request());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->was_done);
  EXPECT_EQ(ReadFile(cache_ + "/pair.index").value(), before);
  EXPECT_THAT(NamesIn(cache_), ElementsAre("pair.index", "pair.pixels"));
}

TEST_F(CacheTest, DamagedPixelsAreFoundAndMisplacedFilesRefused) {
  WritePairs(data_, 2, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  const std::string pixels = cache_ + "/pair.pixels";
  const std::string whole = ReadFile(pixels).value();
  std::string damaged = whole;
  damaged[200] = static_cast<char>(damaged[200] ^ 4);
  WriteBytes(pixels, damaged);
  const auto cached = Open();
  ASSERT_TRUE(cached.ok()) << cached.status();
  const absl::Status status = (*cached)->CheckPixels();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("1 of 4 pictures"), HasSubstr("s100_1.jpg"),
                    HasSubstr("at byte 128")));

  WriteBytes(pixels, whole.substr(0, whole.size() - 1));
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(OpenError(),
              AllOf(HasSubstr("pair.pixels' has"), HasSubstr("Pack it again")));
  std::string foreign = whole;
  foreign[20] = static_cast<char>(foreign[20] ^ 1);  // In the plan's hash.
  WriteBytes(pixels, foreign);
  EXPECT_THAT(OpenError(), HasSubstr("are not of one packing"));
  std::filesystem::remove(pixels);
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);

  std::filesystem::copy_file(cache_ + "/pair.index", cache_ + "/its.index");
  CacheRequest request;
  request.set = "its";
  EXPECT_THAT(OpenError(request),
              HasSubstr("is the index of a cache of pair, expected its"));
  request.set = "ots_beta";
  EXPECT_THAT(OpenError(request), AllOf(HasSubstr("no cache of ots_beta"),
                                        HasSubstr("caches there: its, pair"),
                                        HasSubstr("--dataset=ots_beta")));
}

TEST_F(CacheTest, AStoppedPackingGoesOnToTheSameBytes) {
  WritePairs(data_, 70, 1);
  const PackRequest request = Request();
  const auto plan = PlanCache(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  int asked = 0;
  const auto stopped =
      WriteCache(*plan, nullptr, [&asked] { return asked++ == 1; });
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(std::string(stopped.status().message()),
              HasSubstr("64 of 140 pictures packed"));
  // Half a cache is no cache.
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(NamesIn(cache_),
              ElementsAre("pair.journal", "pair.pixels.partial"));
  // As a power cut leaves it.
  std::string journal = ReadFile(cache_ + "/pair.journal").value();
  WriteBytes(cache_ + "/pair.journal", journal + "64\tabc");
  const auto resumed = Pack(request);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->resumed_images, 64);
  EXPECT_THAT(NamesIn(cache_), ElementsAre("pair.index", "pair.pixels"));

  PackRequest unbroken = request;
  unbroken.output = folder_ / "unbroken";
  ASSERT_TRUE(Pack(unbroken).ok());
  EXPECT_EQ(ReadFile(cache_ + "/pair.pixels").value(),
            ReadFile(unbroken.output + "/pair.pixels").value());
  EXPECT_EQ(ReadFile(cache_ + "/pair.index").value(),
            ReadFile(unbroken.output + "/pair.index").value());
}

// A file changed between the two halves: nothing of the first is kept.
TEST_F(CacheTest, ALeftoverOfOtherFilesIsNotContinued) {
  WritePairs(data_, 40, 1);
  const auto plan = PlanCache(Request());
  ASSERT_TRUE(plan.ok());
  int asked = 0;
  ASSERT_FALSE(
      WriteCache(*plan, nullptr, [&asked] { return asked++ == 1; }).ok());
  WritePicture(data_ + "/hazy/s100_1.jpg", PatternImage(24, 20, 4711));
  const auto outcome = Pack(Request());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->resumed_images, 0);
  ExpectTheFiles(**Open(), Files());
}

TEST_F(CacheTest, PicturesThatDoNotDecodeAreListedAndNothingIsLeft) {
  WritePairs(data_, 3, 1);
  for (const std::string name : {"/hazy/s100_1.jpg", "/hazy/s102_1.jpg"}) {
    std::string bytes = ReadFile(data_ + name).value();
    // The end of the picture in the middle of its data.
    bytes[bytes.size() - 40] = '\xff';
    bytes[bytes.size() - 39] = '\xd9';
    WriteBytes(data_ + name, bytes);
  }
  const auto plan = PlanCache(Request());
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto outcome = WriteCache(*plan, nullptr, nullptr);
  ASSERT_FALSE(outcome.ok());
  const std::string text(outcome.status().message());
  EXPECT_THAT(text, HasSubstr("2 of 6 pictures cannot be packed:"));
  EXPECT_THAT(text, HasSubstr("hazy/s100_1.jpg"));
  EXPECT_THAT(text, HasSubstr("hazy/s102_1.jpg"));
  EXPECT_THAT(NamesIn(cache_), IsEmpty());
}

// Folders where the files should go: an error, and nothing of the packing
// stays.
TEST_F(CacheTest, ACacheThatCannotBePutInPlaceLeavesNothing) {
  WritePairs(data_, 2, 1);
  for (const std::string taken : {"/pair.index", "/pair.pixels"}) {
    WriteBytes(cache_ + taken + "/mine", "x");
    const auto outcome = Pack(Request());
    ASSERT_FALSE(outcome.ok());
    EXPECT_THAT(std::string(outcome.status().message()),
                HasSubstr(cache_ + taken));
    EXPECT_THAT(NamesIn(cache_), ElementsAre(taken.substr(1)));
    std::filesystem::remove_all(cache_);
  }
}

// The index is gone, its pixels are not: they are made again, and no kill can
// make the new index speak of the old ones.
TEST_F(CacheTest, PixelsWithoutTheirIndexAreMadeAgain) {
  WritePairs(data_, 2, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  std::string damaged = ReadFile(cache_ + "/pair.pixels").value();
  damaged[200] = static_cast<char>(damaged[200] ^ 4);
  WriteBytes(cache_ + "/pair.pixels", damaged);
  std::filesystem::remove(cache_ + "/pair.index");
  const auto outcome = Pack(Request());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->was_done);
  EXPECT_TRUE((*Open())->CheckPixels().ok());
}

TEST_F(CacheTest, TwoPackingsDoNotMix) {
  WritePairs(data_, 2, 1);
  ASSERT_TRUE(MakeFolders(cache_).ok());
  const std::string partial = cache_ + "/pair.pixels.partial";
  const int other = ::open(partial.c_str(), O_RDWR | O_CREAT, 0666);
  ASSERT_GE(other, 0);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  const auto refused = Pack(Request());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("another process packs this set"));
  ::close(other);
  EXPECT_TRUE(Pack(Request()).ok());
}

}  // namespace
}  // namespace bild
