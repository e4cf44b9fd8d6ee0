// A cache whose source files are no longer what was packed.

#include "datasets/cache_sources.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/cache_fixture.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using CacheSourcesTest = CacheTest;

TEST_F(CacheSourcesTest, AStaleCacheIsRefusedAndPackedAnew) {
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

// A run from the files would have one pair more.
TEST_F(CacheSourcesTest, PicturesThatWereAddedMakeItStale) {
  WritePairs(data_, 3, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  // No pair asks for it.
  WritePicture(data_ + "/clear/alone.png", PatternImage(24, 20, 5));
  WriteBytes(data_ + "/hazy/notes.txt", "mine");
  ASSERT_TRUE(Open().ok()) << Open().status();
  for (int i = 10; i < 22; ++i) {
    const std::string name = "x" + std::to_string(i) + ".png";
    WritePicture(data_ + "/hazy/" + name, PatternImage(24, 20, i));
    WritePicture(data_ + "/clear/" + name, PatternImage(24, 20, i));
  }
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      OpenError(),
      AllOf(HasSubstr("pair: 24 pictures were added since it was packed:"),
            HasSubstr("'" + data_ + "/clear/x10.png'"),
            HasSubstr("... 14 more, 24 in all"),
            HasSubstr("Pack it again: bazel run //datasets:pack -- ")));
  ASSERT_TRUE(Pack(Request()).ok());
  const auto cached = Open();
  ASSERT_TRUE(cached.ok()) << cached.status();
  ExpectTheFiles(**cached, Files());
}

// No file of the index is touched, and yet it is another set.
TEST_F(CacheSourcesTest, NamesThatPairOtherwiseMakeItStale) {
  WritePairs(data_, 2, 1);
  ASSERT_TRUE(Pack(Request()).ok());
  const std::string closer = data_ + "/clear/s100_1.png";
  WritePicture(closer, PatternImage(24, 20, 5));
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("1 pictures were added"),
                                 HasSubstr("'" + closer + "'")));
  std::filesystem::remove(closer);
  ASSERT_TRUE(Open().ok());
  WritePicture(data_ + "/clear/s100.jpg", PatternImage(24, 20, 5));
  EXPECT_THAT(OpenError(), HasSubstr("1 scenes with two files"));
  std::filesystem::remove(data_ + "/clear/s100.jpg");
  WritePicture(data_ + "/hazy/lone.png", PatternImage(24, 20, 5));
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("'" + data_ + "/hazy/lone.png'"),
                                 HasSubstr("no clear partner")));
}

// A part of OTS that came later has a folder of its own.
TEST_F(CacheSourcesTest, AFolderThatWasAddedMakesItStale) {
  const Image image = PatternImage(24, 20, 5);
  WritePicture(data_ + "/OTS/part1/0025_0.8_0.04.jpg", image);
  WritePicture(data_ + "/OTS/clear/0025.jpg", image);
  PackRequest request = Request("ots_beta");
  request.allow_partial = true;
  ASSERT_TRUE(Pack(request).ok());
  CacheRequest reading;
  reading.set = "ots_beta";
  reading.allow_partial = true;
  ASSERT_TRUE(Open(reading).ok()) << Open(reading).status();
  WritePicture(data_ + "/OTS/part2/0025_0.8_0.06.jpg", image);
  EXPECT_THAT(OpenError(reading),
              AllOf(HasSubstr("1 pictures were added"),
                    HasSubstr("/OTS/part2/0025_0.8_0.06.jpg'"),
                    HasSubstr(" --allow_partial")));
}

// The bytes of a source change and neither its size nor its time.
TEST_F(CacheSourcesTest, HashesFindWhatSizeAndTimeHide) {
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

TEST_F(CacheSourcesTest, TravelsWithoutItsSources) {
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

}  // namespace
}  // namespace bild
