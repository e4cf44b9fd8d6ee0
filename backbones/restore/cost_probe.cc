#include "backbones/restore/cost_probe.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "ATen/ops/full.h"
#include "bild/base/interleaved_times.h"
#include "bild/base/live_bytes.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

// Two small probes, where the net takes them: below 128 px the coarse maps of
// deep nets, of a few pixels, have other layouts and other peaks. And the side
// of the picture that probes are cut from, which is the largest.
constexpr int64_t kSmallProbePx = 128;
constexpr int64_t kLargerProbePx = 192;
constexpr int64_t kPicturePx = 1024;
// Of the work of a plan that timing a window may take.
constexpr double kTimedShare = 1.0 / 32.0;
// Windows that take less are run again and the fastest pass counts, since the
// first of a size takes new memory.
constexpr double kEnoughSeconds = 2.0;
constexpr int kMostPasses = 3;
// oneDNN's scratch memory, reordered weights, malloc's own: seen from 1.1
// to 1.3 of the tensors' bytes.
constexpr double kLibraryShare = 4.0 / 3.0;

int64_t RoundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double size_pages = 0.0;
  double resident_pages = 0.0;
  statm >> size_pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

double WorthTiming(const RestorePlan& plan, const PassTimes& timed) {
  constexpr double kLargest = kPicturePx * kPicturePx;
  const double wanted = std::min(
      {plan.WorkPixels() * kTimedShare, plan.LargestTilePixels(), kLargest});
  return timed.LargestPixels() >= wanted / 2 ? 0.0 : wanted;
}

CostProbe::CostProbe(const Backbone& backbone) : backbone_(backbone) {
  const at::NoGradGuard no_grad;
  cost_.process_bytes = ResidentBytes();
  // One pixel, seen a million times: only windows of it take memory.
  picture_ = at::full({1, 3, 1, 1}, 0.5, backbone.parameters().flat().options())
                 .expand({1, 3, kPicturePx, kPicturePx});
  const LiveBytesScope scope;
  const double start = WallSeconds();
  whole_ = backbone.LookAtWhole(picture_);
  if (whole_ != nullptr) {
    look_seconds_ = WallSeconds() - start;
    cost_.look_bytes =
        static_cast<double>(scope.PeakAboveStart()) * kLibraryShare;
  }
  const auto fitting = [&backbone](int64_t side_px) {
    return RoundUp(std::max(side_px, backbone.SmallestSide()),
                   backbone.SizeMultiple());
  };
  const int64_t small_px = fitting(kSmallProbePx);
  const int64_t larger_px = fitting(std::max(kLargerProbePx, small_px + 1));
  Run(small_px);  // Warms up.
  const double small_bytes = Run(small_px);
  const double larger_bytes = Run(larger_px);
  const auto small = static_cast<double>(small_px * small_px);
  const auto larger = static_cast<double>(larger_px * larger_px);
  cost_.bytes_per_pixel =
      std::max(0.0, (larger_bytes - small_bytes) / (larger - small));
  cost_.base_bytes =
      std::max(0.0, larger_bytes - cost_.bytes_per_pixel * larger);
}

double CostProbe::Run(int64_t side_px) {
  const PictureWindow window{0, 0, side_px, side_px};
  double fastest = std::numeric_limits<double>::infinity();
  double spent = 0.0;
  double bytes = 0.0;
  for (int pass = 0; pass < kMostPasses && spent < kEnoughSeconds; ++pass) {
    const LiveBytesScope scope;
    const double start = WallSeconds();
    if (backbone_.tiling() == Tiling::kNone) {
      backbone_.Restore(
          picture_.narrow(2, 0, side_px).narrow(3, 0, side_px).contiguous());
    } else {
      backbone_.RestoreWindow(picture_, window, whole_.get());
    }
    const double seconds = WallSeconds() - start;
    fastest = std::min(fastest, seconds);
    spent += seconds;
    bytes = static_cast<double>(scope.PeakAboveStart());
  }
  times_.Add(static_cast<double>(side_px * side_px), fastest);
  return bytes * kLibraryShare;
}

double CostProbe::PredictSeconds(const RestorePlan& plan) {
  const at::NoGradGuard no_grad;
  const double pixels = WorthTiming(plan, times_);
  if (pixels > 0) {
    const auto side_px = static_cast<int64_t>(std::sqrt(pixels));
    Run(std::min(kPicturePx, RoundUp(side_px, backbone_.SizeMultiple())));
  }
  double seconds = look_seconds_;
  for (const TileSpan& row : plan.rows) {
    for (const TileSpan& column : plan.columns) {
      seconds += times_.Seconds(PixelsOf(row, column));
    }
  }
  return seconds;
}

}  // namespace bild
