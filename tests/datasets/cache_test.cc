// Packing a set and reading the cache: the same pairs and pixels as from the
// files, and no way to take anything else for a cache.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "datasets/cache_writer.h"
#include "datasets/cached_pairs.h"
#include "datasets/catalog.h"
#include "datasets/folder_draft.h"
#include "datasets/layouts.h"
#include "datasets/manifest.h"
#include "datasets/pixel_hash.h"
#include "datasets/verification.h"
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
using testing::Not;

// `scenes` scenes with `hazes` hazy pictures each, JPEG and PNG.
void WritePairs(const std::string& root, int scenes, int hazes) {
  for (int scene = 0; scene < scenes; ++scene) {
    const std::string name = "s" + std::to_string(100 + scene);
    const int64_t width_px = 24 + scene % 3;
    WritePicture(root + "/clear/" + name + ".png",
                 PatternImage(width_px, 20, 10 * scene));
    for (int k = 1; k <= hazes; ++k) {
      WritePicture(root + "/hazy/" + name + "_" + std::to_string(k) + ".jpg",
                   PatternImage(width_px, 20, 10 * scene + k));
    }
  }
}

class CacheTest : public testing::Test {
 protected:
  PackRequest Request(const std::string& set = "pair") const {
    PackRequest request;
    request.set = set;
    request.data_root = data_;
    request.output = cache_;
    return request;
  }

  absl::StatusOr<PackOutcome> Pack(const PackRequest& request) const {
    const auto plan = PlanCache(request);
    if (!plan.ok()) return plan.status();
    return WriteCache(*plan, nullptr, nullptr);
  }

  absl::StatusOr<std::unique_ptr<CachedPairs>> Open(
      CacheRequest request = {}) const {
    request.folder = cache_;
    if (request.set.empty()) request.set = "pair";
    return CachedPairs::Open(request);
  }

  std::string OpenError(const CacheRequest& request = {}) const {
    return std::string(Open(request).status().message());
  }

  // Everything that a run sees of the set.
  void ExpectTheFiles(const PairedDataset& cached,
                      const DatasetRequest& files) const {
    const auto dataset = OpenDataset(files);
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    EXPECT_EQ(cached.name(), (*dataset)->name());
    EXPECT_EQ(cached.layout(), (*dataset)->layout());
    EXPECT_EQ(cached.invalid_reasons(), (*dataset)->invalid_reasons());
    ASSERT_EQ(cached.pairs().size(), (*dataset)->pairs().size());
    for (size_t i = 0; i < cached.pairs().size(); ++i) {
      const PairName& name = cached.pairs()[i];
      const PairName& want = (*dataset)->pairs()[i];
      EXPECT_EQ(name.id, want.id);
      EXPECT_EQ(name.scene, want.scene);
      EXPECT_EQ(name.hazy_path, want.hazy_path);
      EXPECT_EQ(name.clear_path, want.clear_path);
      const auto index = static_cast<int64_t>(i);
      const ImagePair read = cached.Read(index).value();
      const ImagePair decoded = (*dataset)->Read(index).value();
      for (const bool is_hazy : {true, false}) {
        const Image& got = is_hazy ? *read.hazy : *read.clear;
        const Image& wanted = is_hazy ? *decoded.hazy : *decoded.clear;
        EXPECT_EQ(got.width_px, wanted.width_px);
        EXPECT_EQ(got.height_px, wanted.height_px);
        EXPECT_EQ(got.rgb, wanted.rgb);
        EXPECT_EQ(got.rgb16, wanted.rgb16);
        const PairView view = cached.View(index).value();
        EXPECT_EQ(PixelHash(is_hazy ? view.hazy : view.clear),
                  PixelHash(wanted));
      }
      EXPECT_EQ(cached.ReadSize(index).value(),
                (*dataset)->ReadSize(index).value());
      EXPECT_EQ(cached.FileBytes(index)->hazy,
                (*dataset)->FileBytes(index)->hazy);
      EXPECT_EQ(cached.FileBytes(index)->clear,
                (*dataset)->FileBytes(index)->clear);
    }
  }

  DatasetRequest Files(const std::string& set = "pair") const {
    DatasetRequest files;
    files.name = set;
    files.data_root = data_;
    return files;
  }

  const TemporaryFolder folder_;
  // As the writer notes paths: TEST_TMPDIR may end with a slash.
  const std::string top_ =
      std::filesystem::path(folder_.path()).lexically_normal().string();
  const std::string data_ = top_ + "/data # 1";
  const std::string cache_ = top_ + "/cache";
};

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

TEST_F(CacheTest, AStaleCacheIsRefusedAndPackedAnew) {
  WritePairs(data_, 3, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  const std::string changed = data_ + "/hazy/s101_1.jpg";
  const std::string touched = data_ + "/clear/s100.png";
  WritePicture(changed, PatternImage(25, 20, 4711));
  const auto time = std::filesystem::last_write_time(touched);
  std::filesystem::last_write_time(touched, time + std::chrono::seconds(2));
  const auto stale = Open();
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string text(stale.status().message());
  EXPECT_THAT(text, HasSubstr("2 of 6 pictures changed since they were "
                              "packed:"));
  EXPECT_THAT(text, HasSubstr("'" + changed + "' "));
  EXPECT_THAT(text, HasSubstr("'" + touched + "' was last written at 20"));
  // With quotes, since the folder has a space and a # in its name.
  EXPECT_THAT(text, HasSubstr("Pack it again: bazel run //datasets:pack -- "
                              "--dataset=pair --data_root='" +
                              data_ + "' --output=" + cache_));
  const auto again = Pack(Request());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->was_done);
  const auto cached = Open();
  ASSERT_TRUE(cached.ok()) << cached.status();
  ExpectTheFiles(**cached, Files());

  std::filesystem::remove(touched);
  EXPECT_THAT(OpenError(),
              HasSubstr("'" + touched + "': No such file or directory"));
}

// The bytes of a source change and neither its size nor its time.
TEST_F(CacheTest, HashesFindWhatSizeAndTimeHide) {
  WritePairs(data_, 2, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  const std::string path = data_ + "/clear/s100.png";
  const auto time = std::filesystem::last_write_time(path);
  std::string bytes = ReadFile(path).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteBytes(path, bytes);
  std::filesystem::last_write_time(path, time);
  const auto cached = Open();
  ASSERT_TRUE(cached.ok()) << cached.status();
  const absl::Status deep = CompareWithSources((*cached)->index(), true);
  EXPECT_EQ(deep.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(deep.message()),
              HasSubstr("'" + path + "' has the SHA-256 " + Sha256Hex(bytes)));
}

TEST_F(CacheTest, TravelsWithoutItsSources) {
  WritePairs(data_, 2, 2);
  ASSERT_TRUE(Pack(Request()).ok());
  std::filesystem::rename(data_, folder_ / "elsewhere");
  std::vector<std::string> notes;
  CacheRequest request;
  request.notes = &notes;
  const auto cached = Open(request);
  ASSERT_TRUE(cached.ok()) << cached.status();
  EXPECT_EQ((*cached)->pairs().size(), 4u);
  ASSERT_FALSE(notes.empty());
  EXPECT_THAT(notes.back(), HasSubstr("was not compared with its sources"));
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
