#include "bild/base/device.h"

#include <sys/resource.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "ATen/Context.h"
#include "ATen/Parallel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

TEST(ParseDeviceTest, KnowsTheCpu) {
  EXPECT_EQ(ParseDevice("cpu")->str(), "cpu");
}

TEST(ParseDeviceTest, RefusesOtherNames) {
  for (const std::string name :
       {"", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda: 1",
        "cuda:0x1", "cuda:128", "cuda:99999999999", "cpu:0"}) {
    const absl::Status status = ParseDevice(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("--device='" + name + "': expected"));
  }
}

#ifndef BILD_CUDA
TEST(ParseDeviceTest, WithoutCudaSaysHowToBuildIt) {
  EXPECT_EQ(ParseDevice("auto")->str(), "cpu");
  for (const std::string name : {"cuda", "cuda:0", "cuda:7"}) {
    const absl::Status status = ParseDevice(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr(name));
    EXPECT_THAT(std::string(status.message()), HasSubstr("--config=cuda"));
  }
}
#endif

TEST(SetUpDeviceTest, AppliesItsSettings) {
  DeviceSettings wanted;
  wanted.threads = 1;
  absl::StatusOr<DeviceSettings> effective = SetUpDevice(wanted);
  ASSERT_TRUE(effective.ok()) << effective.status();
  EXPECT_EQ(effective->threads, 1);
  EXPECT_EQ(at::get_num_threads(), 1);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_FALSE(at::globalContext().deterministicAlgorithmsWarnOnly());
  EXPECT_TRUE(at::globalContext().deterministicCuDNN());
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());

  wanted.threads = 0;  // As they are.
  wanted.is_deterministic = false;
  effective = SetUpDevice(wanted);
  ASSERT_TRUE(effective.ok()) << effective.status();
  EXPECT_EQ(effective->threads, 1);
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
  EXPECT_TRUE(at::globalContext().benchmarkCuDNN());
}

TEST(SetUpDeviceTest, RefusesImpossibleThreads) {
  for (const int threads : {-1, 1025}) {
    DeviceSettings wanted;
    wanted.threads = threads;
    const absl::Status status = SetUpDevice(wanted).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("--threads=" + std::to_string(threads)));
  }
}

#ifndef BILD_CUDA
TEST(SetUpDeviceTest, ADeviceThatCannotBeUsedIsAStatus) {
  DeviceSettings wanted;
  wanted.device = c10::Device(c10::kCUDA, 0);
  const absl::Status status = SetUpDevice(wanted).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Setting up device 'cuda:0'"));
}
#endif

// Pages that the kernel had to supply while large blocks were made, filled and
// freed `rounds` times.
int64_t PageFaults(int rounds) {
  rusage before = {}, after = {};
  ::getrusage(RUSAGE_SELF, &before);
  for (int i = 0; i < rounds; ++i) {
    std::vector<char> large(48 << 20, static_cast<char>(i));
    std::vector<char> medium(1 << 20, static_cast<char>(i));
    EXPECT_EQ(large.back(), medium.back());
  }
  ::getrusage(RUSAGE_SELF, &after);
  return after.ru_minflt - before.ru_minflt;
}

TEST(KeepMemoryTest, FreedBlocksAreUsedAgain) {
  constexpr int64_t kPages = (48 << 20) / 4096;
  EXPECT_GT(PageFaults(3), 3 * kPages * 9 / 10);
  KeepMemory();
  PageFaults(1);
  EXPECT_LT(PageFaults(3), kPages / 10);
}

}  // namespace
}  // namespace bild
