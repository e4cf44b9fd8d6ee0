// Which pictures a synthetic set consists of, under which official names.

#ifndef DATASETS_SYNTHETIC_SYNTHETIC_PLAN_H_
#define DATASETS_SYNTHETIC_SYNTHETIC_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/synthetic/haze.h"
#include "datasets/synthetic/scene.h"

namespace bild {

// Raised whenever the same request gives other pixels or other names.
inline constexpr int kSyntheticVersion = 2;

// Everything that decides what is in the set.
struct SyntheticRequest {
  std::string like = "its";  // Which published set: see KnownSyntheticLikes.
  int64_t scenes = 24;       // For training and validation.
  int64_t test_scenes = -1;  // Other scenes, in the test layout; -1: a fifth
                             // of `scenes`, rounded up, or as many as the
                             // layout has numbers for.
  uint64_t seed = 1;
  int64_t width_px = 256;  // Of every hazy picture.
  int64_t height_px = 256;
};

// {"its", "ots", "ohaze", "nhhaze"}.
const std::vector<std::string>& KnownSyntheticLikes();

// `request` with test_scenes filled in. InvalidArgument, all problems at once,
// where `like` is unknown (lists the known ones), a count is too small or
// leaves the numbers that the official names have, or an edge is too small or
// large.
absl::StatusOr<SyntheticRequest> CheckedRequest(
    const SyntheticRequest& request);

struct PlannedHaze {
  std::string path;  // Below the root: "ITS/hazy/1_1_0.90179.png".
  HazeCondition condition;
};

struct PlannedScene {
  uint64_t number = 0;  // Seeds the scene; as in the names, see below.
  bool is_test = false;
  std::string clear_path;
  int64_t border_px = 0;  // By which the clear picture is larger on each side.
  std::vector<PlannedHaze> hazy;
};

// The plan of a checked request, training scenes first, by number.
//   its: ITS/hazy/<n>_<k>_<A>.png, ITS/clear/<n>.png, n = 1, 2, ...;
//        SOTS/indoor/hazy/<n>_<k>.png, SOTS/indoor/gt/<n>.png, n = 1400, ...
//   ots: OTS/hazy/<n>_<A>_<beta>.jpg, OTS/clear/<n>.jpg, n = 2001, ...;
//        SOTS/outdoor/hazy/<n>_<A>_<beta>.jpg, SOTS/outdoor/gt/<n>.png, n =
//        0001, ... (official SOTS outdoor ends at 1988, so that no training
//        scene is taken for a leak)
//   ohaze: # O-HAZY NTIRE 2018/hazy/<nn>_outdoor_hazy.jpg,
//   GT/<nn>_outdoor_GT.jpg
//        beside it; training scenes from 01 on, an eighth of `scenes` (one to
//        five) from 36 on, which the challenge's division takes for
//        validation, and test scenes from 41 on
//   nhhaze: NH-HAZE/<nn>_hazy.png, NH-HAZE/<nn>_GT.png, likewise with 46 and
//        51; the scene of <nn> is number 1000 + nn, not O-HAZE's
std::vector<PlannedScene> PlanSynthetic(const SyntheticRequest& checked);

SceneLike LikeOf(const SyntheticRequest& checked);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SYNTHETIC_PLAN_H_
