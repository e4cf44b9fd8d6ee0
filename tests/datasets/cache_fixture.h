// A folder of pairs and a folder of caches, and what a test does with them.

#ifndef TESTS_DATASETS_CACHE_FIXTURE_H_
#define TESTS_DATASETS_CACHE_FIXTURE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "datasets/cache_writer.h"
#include "datasets/cached_pairs.h"
#include "datasets/catalog.h"
#include "datasets/pixel_hash.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {

// `scenes` scenes with `hazes` hazy pictures each, JPEG and PNG.
inline void WritePairs(const std::string& root, int scenes, int hazes) {
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

}  // namespace bild

#endif  // TESTS_DATASETS_CACHE_FIXTURE_H_
