// Times PSNR and SSIM of one pair of pictures, on demand: the partner of
// benchmarks/parity/metrics.py, which times scikit-image in between.
//
//   metrics_speed FILE HEIGHT WIDTH PROFILE
//
// FILE holds the restored picture, then the clear one: float64 of this machine,
// [HEIGHT, WIDTH, 3] each, within [0, 1]. Every line on standard input asks for
// one measurement; the answer is a line "seconds psnr_db ssim". The time is
// that of PSNR and SSIM alone, on one thread, with the pictures in memory.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "bild/base/atomic_file.h"
#include "bild/metrics/profile.h"
#include "bild/metrics/psnr.h"
#include "bild/metrics/rgb_values.h"
#include "bild/metrics/ssim.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr char kUsage[] =
    "usage: metrics_speed FILE HEIGHT WIDTH {default|grid-bild}\n"
    "FILE: restored and clear picture, float64, [HEIGHT, WIDTH, 3] each.\n";

bool TakePicture(const std::string& bytes, size_t offset, int64_t height_px,
                 int64_t width_px, RgbValues* picture) {
  picture->height_px = height_px;
  picture->width_px = width_px;
  picture->values.resize(
      static_cast<size_t>(height_px * width_px * RgbValues::kChannels));
  const size_t size = picture->values.size() * sizeof(double);
  if (bytes.size() < offset + size) return false;
  std::memcpy(picture->values.data(), bytes.data() + offset, size);
  return true;
}

int Main(int argc, char** argv) {
  int64_t height_px = 0;
  int64_t width_px = 0;
  if (argc != 5 || !absl::SimpleAtoi(argv[2], &height_px) ||
      !absl::SimpleAtoi(argv[3], &width_px) || height_px < 11 ||
      width_px < 11) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const auto profile = FindProfile(argv[4]);
  // The others change the pictures first, which is not what is timed.
  if (!profile.ok() || profile->values != ComparedIn::kReal ||
      profile->border != SsimBorder::kValid || profile->shrinks_for_ssim) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const auto bytes = ReadFile(argv[1]);
  if (!bytes.ok()) {
    std::fprintf(stderr, "%s\n", std::string(bytes.status().message()).c_str());
    return 1;
  }
  RgbValues restored, clear;
  if (!TakePicture(*bytes, 0, height_px, width_px, &restored) ||
      !TakePicture(*bytes, bytes->size() / 2, height_px, width_px, &clear)) {
    std::fprintf(stderr,
                 "'%s': expected two float64 pictures of %lldx%lld px, found "
                 "%zu bytes\n",
                 argv[1], static_cast<long long>(width_px),
                 static_cast<long long>(height_px), bytes->size());
    return 1;
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto start = std::chrono::steady_clock::now();
    const double psnr_db = PsnrDb(MeanSquaredError(restored, clear), *profile);
    const double ssim = Ssim(restored, clear,
                             {profile->window, profile->uses_sample_covariance,
                              PeakOf(profile->values)});
    const std::chrono::duration<double> taken =
        std::chrono::steady_clock::now() - start;
    std::cout << fmt::format("{} {} {}", taken.count(), psnr_db, ssim)
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
