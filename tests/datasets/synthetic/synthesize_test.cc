#include "datasets/synthetic/synthesize.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "bild/base/atomic_file.h"
#include "datasets/synthetic/haze.h"
#include "datasets/synthetic/scene.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/testing/small_disk.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SyntheticRequest Small(const std::string& like, int64_t scenes,
                       int64_t test_scenes) {
  SyntheticRequest request;
  request.like = like;
  request.scenes = scenes;
  request.test_scenes = test_scenes;
  request.width_px = 48;
  request.height_px = 40;
  return request;
}

Image ReadPicture(const std::string& path) {
  const cv::Mat bgr = cv::imread(path, cv::IMREAD_COLOR);
  Image image;
  image.width_px = bgr.cols;
  image.height_px = bgr.rows;
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      const cv::Vec3b& pixel = bgr.at<cv::Vec3b>(y, x);
      image.rgb.insert(image.rgb.end(), {pixel[2], pixel[1], pixel[0]});
    }
  }
  return image;
}

SyntheticSet Write(const SyntheticRequest& request, const std::string& root,
                   int threads = 2) {
  SyntheticRun run;
  run.threads = threads;
  absl::StatusOr<SyntheticSet> set = WriteSynthetic(request, root, run);
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

TEST(Synthesize, ItsFilesHoldThePixelsOfTheModel) {
  const TemporaryFolder folder;
  const SyntheticSet set = Write(Small("its", 2, 1), folder / "set");
  EXPECT_FALSE(set.was_there);
  EXPECT_EQ(set.record.train_pairs, 20);
  EXPECT_EQ(set.record.test_pairs, 10);
  const std::string root = folder / "set";
  EXPECT_THAT(NamesIn(root + "/ITS/hazy"), SizeIs(20));
  EXPECT_THAT(NamesIn(root + "/ITS/clear"), SizeIs(2));

  const Scene scene = *RenderScene(SceneLike::kIts, 1, 2, 48, 40);
  EXPECT_EQ(ReadPicture(root + "/ITS/clear/2.png").rgb, scene.clear.rgb);
  const auto plan = PlanSynthetic(set.record.request);
  const PlannedHaze& haze = plan[1].hazy[4];
  EXPECT_THAT(haze.path, HasSubstr("ITS/hazy/2_5_"));
  EXPECT_EQ(ReadPicture(root + "/" + haze.path).rgb,
            ApplyHaze(scene.clear, scene.depth, haze.condition).rgb);
}

TEST(Synthesize, ItsTestPicturesFollowTheBorderRule) {
  const TemporaryFolder folder;
  Write(Small("its", 1, 1), folder / "set");
  const Image clear = ReadPicture(folder / "set/SOTS/indoor/gt/1400.png");
  const Image hazy = ReadPicture(folder / "set/SOTS/indoor/hazy/1400_3.png");
  EXPECT_EQ(clear.width_px, 68);
  EXPECT_EQ(clear.height_px, 60);
  EXPECT_EQ(hazy.width_px, 48);
  EXPECT_EQ(hazy.height_px, 40);
  // The hazy picture is the model's on the inner part of the clear one.
  const Scene scene = *RenderScene(SceneLike::kIts, 1, 1400, 68, 60);
  const Image whole = ApplyHaze(scene.clear, scene.depth, ItsHaze(1, 1400)[2]);
  for (size_t y = 0; y < 40; ++y) {
    for (size_t i = 0; i < 3 * 48; ++i) {
      ASSERT_EQ(hazy.rgb[y * 3 * 48 + i],
                whole.rgb[(y + 10) * 3 * 68 + 30 + i]);
    }
  }
}

TEST(Synthesize, OtsHasAllHazesInTrainingAndFiveInTest) {
  const TemporaryFolder folder;
  const SyntheticSet set = Write(Small("ots", 1, 2), folder / "set");
  EXPECT_EQ(set.record.train_pairs, 35);
  EXPECT_EQ(set.record.test_pairs, 10);
  EXPECT_THAT(NamesIn(folder / "set/OTS/hazy"), SizeIs(35));
  EXPECT_THAT(NamesIn(folder / "set/SOTS/outdoor/hazy"), SizeIs(10));
  // JPEG of quality 95: near the model's pixels. The ground truth is exact.
  const Scene scene = *RenderScene(SceneLike::kOts, 1, 2001, 48, 40);
  const Image hazy = ReadPicture(folder / "set/OTS/hazy/2001_0.85_0.16.jpg");
  const Image wanted = ApplyHaze(scene.clear, scene.depth, {0.85, 0.16});
  double sum = 0;
  for (size_t i = 0; i < wanted.rgb.size(); ++i) {
    sum += std::abs(hazy.rgb[i] - wanted.rgb[i]);
  }
  EXPECT_LT(sum / static_cast<double>(wanted.rgb.size()), 4.0);
  EXPECT_EQ(ReadPicture(folder / "set/SOTS/outdoor/gt/0002.png").rgb,
            RenderScene(SceneLike::kOts, 1, 2, 48, 40)->clear.rgb);
}

TEST(Synthesize, PixelsDoNotDependOnThreadsOrSubset) {
  const TemporaryFolder folder;
  const SyntheticSet one = Write(Small("its", 5, 0), folder / "one", 1);
  const SyntheticSet three = Write(Small("its", 5, 0), folder / "three", 3);
  EXPECT_EQ(one.record.pixels_sha256, three.record.pixels_sha256);
  EXPECT_EQ(one.record.pixels_sha256.size(), 64u);
  const SyntheticSet fewer = Write(Small("its", 2, 1), folder / "fewer", 2);
  EXPECT_NE(one.record.pixels_sha256, fewer.record.pixels_sha256);
  for (const std::string& name : NamesIn(folder / "fewer/ITS/hazy")) {
    EXPECT_EQ(*ReadFile(folder / ("fewer/ITS/hazy/" + name)),
              *ReadFile(folder / ("one/ITS/hazy/" + name)))
        << name;
  }
}

TEST(Synthesize, CompleteSetIsLeftAlone) {
  const TemporaryFolder folder;
  const SyntheticSet first = Write(Small("its", 1, 0), folder / "set");
  const auto before =
      std::filesystem::last_write_time(folder / "set/ITS/clear/1.png");
  const SyntheticSet second = Write(Small("its", 1, 0), folder / "set");
  EXPECT_TRUE(second.was_there);
  EXPECT_EQ(second.record.pixels_sha256, first.record.pixels_sha256);
  EXPECT_EQ(std::filesystem::last_write_time(folder / "set/ITS/clear/1.png"),
            before);
}

TEST(Synthesize, RecordIsReadBack) {
  const TemporaryFolder folder;
  SyntheticRequest request = Small("ots", 1, 0);
  request.seed = 18446744073709551615u;
  const SyntheticSet set = Write(request, folder / "set");
  const absl::StatusOr<SyntheticRecord> record =
      ReadSyntheticRecord(folder / "set");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->generator_version, kSyntheticVersion);
  EXPECT_EQ(record->request.like, "ots");
  EXPECT_EQ(record->request.seed, 18446744073709551615u);
  EXPECT_EQ(record->request.width_px, 48);
  EXPECT_EQ(record->pixels_sha256, set.record.pixels_sha256);
}

TEST(Synthesize, BrokenRecordIsAnError) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "SYNTHETIC.json", "{\"gen").ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadSyntheticRecord(folder.path()).status()));
  ASSERT_TRUE(
      WriteFileAtomically(folder / "SYNTHETIC.json", "{\"generator\":3}").ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadSyntheticRecord(folder.path()).status()));
  const std::string text = SyntheticRecordText({});
  EXPECT_TRUE(ParseSyntheticRecord(text, "f").ok());
  // A cast of such a number to an integer is undefined.
  for (const std::string number : {"1e300", "9223372036854775808", "2.5"}) {
    std::string wrong = text;
    wrong.replace(wrong.find("24"), 2, number);
    const absl::Status status = ParseSyntheticRecord(wrong, "f").status();
    EXPECT_TRUE(absl::IsDataLoss(status));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("'f' is not the record of a synthetic set:"));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("field 'scenes': expected a 64-bit integer, found "));
  }
  ASSERT_TRUE(WriteFileAtomically(folder / "SYNTHETIC.json", "[1]").ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadSyntheticRecord(folder.path()).status()));
  EXPECT_TRUE(
      absl::IsNotFound(ReadSyntheticRecord(folder / "nowhere").status()));
}

TEST(Synthesize, OtherArgumentsInTheFolderAreAnError) {
  const TemporaryFolder folder;
  Write(Small("its", 1, 0), folder / "set");
  const absl::Status status =
      WriteSynthetic(Small("its", 2, 0), folder / "set", {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(MessageOf(status), HasSubstr("expected generator"));
  EXPECT_THAT(MessageOf(status), HasSubstr("--scenes=2"));
  EXPECT_THAT(MessageOf(status), HasSubstr("--scenes=1"));
  EXPECT_THAT(NamesIn(folder / "set/ITS/clear"), SizeIs(1));
}

TEST(Synthesize, ForeignFolderFileAndMissingPictureAreErrors) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "mine").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "mine/thesis.txt", "x").ok());
  absl::Status status =
      WriteSynthetic(Small("its", 1, 0), folder / "mine", {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(MessageOf(status), HasSubstr("holds no SYNTHETIC.json"));
  status = WriteSynthetic(Small("its", 1, 0), folder / "mine/thesis.txt", {})
               .status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(MessageOf(status), HasSubstr("is a file"));

  Write(Small("its", 1, 0), folder / "set");
  std::filesystem::remove(folder / "set/ITS/clear/1.png");
  status = WriteSynthetic(Small("its", 1, 0), folder / "set", {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(MessageOf(status), HasSubstr("ITS/clear/1.png"));
  EXPECT_THAT(MessageOf(status), HasSubstr("Remove the folder"));
}

TEST(Synthesize, WrongArgumentsWriteNothing) {
  const TemporaryFolder folder;
  EXPECT_TRUE(absl::IsInvalidArgument(
      WriteSynthetic(Small("its", 0, 0), folder / "set", {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      WriteSynthetic(Small("moon", 1, 0), folder / "set", {}).status()));
  EXPECT_THAT(NamesIn(folder.path()), IsEmpty());
}

// Starts a process that writes `request` to `root`.
pid_t StartWriter(const SyntheticRequest& request, const std::string& root) {
  const pid_t child = ::fork();
  if (child == 0) {
    SyntheticRun run;
    run.threads = 1;
    ::_exit(WriteSynthetic(request, root, run).ok() ? 0 : 1);
  }
  return child;
}

TEST(Synthesize, KilledRunLeavesNothingThatLooksComplete) {
  const TemporaryFolder folder;
  const std::string root = folder / "set";
  // Far more than can be done before the signal.
  const pid_t child = StartWriter(Small("its", 1000, 0), root);
  while (NamesIn(folder.path()).empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(root));
  EXPECT_THAT(NamesIn(folder.path()), SizeIs(1));  // Hidden, partial.
  Write(Small("its", 1, 0), root);
  EXPECT_THAT(NamesIn(folder.path()), testing::ElementsAre("set"));
}

TEST(Synthesize, ProcessesAtOnceAllSucceed) {
  const TemporaryFolder folder;
  const std::string root = folder / "set";
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(StartWriter(Small("its", 2, 0), root));
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_THAT(NamesIn(folder.path()), testing::ElementsAre("set"));
  EXPECT_THAT(NamesIn(root + "/ITS/hazy"), SizeIs(20));
}

TEST(Synthesize, FullDiskIsSaidAndLeavesNothing) {
  const TemporaryFolder folder;
  const SmallDiskResult result =
      RunOnSmallDisk(folder.path(), 32768, [&]() -> std::string {
        SyntheticRun run;
        run.threads = 1;
        const absl::Status status =
            WriteSynthetic(Small("its", 40, 0), folder / "set", run).status();
        if (!absl::IsResourceExhausted(status)) return status.ToString();
        if (MessageOf(status).find("Free space") == std::string::npos) {
          return MessageOf(status);
        }
        return NamesIn(folder.path()).empty() ? "" : "a folder is left";
      });
  if (!result.was_mounted) GTEST_SKIP() << result.reason;
  EXPECT_EQ(result.problem, "");
}

TEST(EnsureSynthetic, MakesTheSetInTheCacheOnFirstUse) {
  const TemporaryFolder folder;
  ASSERT_EQ(::setenv("XDG_CACHE_HOME", folder.path().c_str(), 1), 0);
  const absl::StatusOr<std::string> root = EnsureSynthetic(Small("its", 1, -1));
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(*root, folder.path() + "/bild/synthetic/v" +
                       std::to_string(kSyntheticVersion) +
                       "/its-1-1-seed1-48x40");
  EXPECT_TRUE(ReadSyntheticRecord(*root).ok());
  const absl::StatusOr<std::string> again = EnsureSynthetic(Small("its", 1, 1));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *root);
}

TEST(EnsureSynthetic, FindsTheCacheByHomeOrSaysWhatToSet) {
  const TemporaryFolder folder;
  ASSERT_EQ(::setenv("XDG_CACHE_HOME", "relative", 1), 0);
  ASSERT_EQ(::setenv("HOME", folder.path().c_str(), 1), 0);
  EXPECT_THAT(*SyntheticCacheRoot(Small("ots", 8, 4)),
              HasSubstr(folder / ".cache/bild/synthetic/"));
  ASSERT_EQ(::unsetenv("HOME"), 0);
  const absl::Status status = SyntheticCacheRoot(Small("ots", 8, 4)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(MessageOf(status), HasSubstr("$XDG_CACHE_HOME"));
}

}  // namespace
}  // namespace bild
