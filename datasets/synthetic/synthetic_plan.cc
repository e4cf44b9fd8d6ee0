#include "datasets/synthetic/synthetic_plan.h"

#include <algorithm>

#include "bild/base/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace bild {
namespace {

// The numbers that training and test scenes have.
struct Numbering {
  int64_t first_scene;
  int64_t most_scenes;
  int64_t first_test_scene;
  int64_t most_test_scenes;
};

constexpr Numbering kItsNumbering{1, 1399, 1400, 8600};
constexpr Numbering kOtsNumbering{2001, 7999, 1, 2000};

// By which RESIDE's indoor ground truth is larger, each side.
constexpr int64_t kItsTestBorder_px = 10;

PlannedScene PlanIts(uint64_t number, bool is_test, uint64_t seed) {
  PlannedScene scene;
  const std::string folder = is_test ? "SOTS/indoor" : "ITS";
  scene.clear_path =
      fmt::format("{}/{}/{}.png", folder, is_test ? "gt" : "clear", number);
  scene.border_px = is_test ? kItsTestBorder_px : 0;
  int k = 0;
  for (const HazeCondition& condition : ItsHaze(seed, number)) {
    ++k;
    const std::string airlight =
        is_test ? "" : fmt::format("_{}", condition.airlight);
    scene.hazy.push_back(
        {fmt::format("{}/hazy/{}_{}{}.png", folder, number, k, airlight),
         condition});
  }
  return scene;
}

PlannedScene PlanOts(uint64_t number, bool is_test, uint64_t seed) {
  PlannedScene scene;
  const std::string folder = is_test ? "SOTS/outdoor" : "OTS";
  scene.clear_path = is_test
                         ? fmt::format("{}/gt/{:04}.png", folder, number)
                         : fmt::format("{}/clear/{:04}.jpg", folder, number);
  const std::vector<HazeCondition> conditions =
      is_test ? OtsTestHaze(seed, number) : OtsTrainHaze();
  for (const HazeCondition& condition : conditions) {
    scene.hazy.push_back({fmt::format("{}/hazy/{:04}_{}_{}.jpg", folder, number,
                                      condition.airlight, condition.beta),
                          condition});
  }
  return scene;
}

}  // namespace

const std::vector<std::string>& KnownSyntheticLikes() {
  static const auto& likes = *new std::vector<std::string>{"its", "ots"};
  return likes;
}

absl::StatusOr<SyntheticRequest> CheckedRequest(
    const SyntheticRequest& request) {
  const std::vector<std::string>& likes = KnownSyntheticLikes();
  if (std::find(likes.begin(), likes.end(), request.like) == likes.end()) {
    return absl::InvalidArgumentError(
        fmt::format("Synthetic set: --like='{}' is unknown. Known: {}.",
                    request.like, fmt::join(likes, ", ")));
  }
  SyntheticRequest checked = request;
  std::vector<std::string> problems;
  const Numbering& numbering =
      request.like == "its" ? kItsNumbering : kOtsNumbering;
  if (request.scenes < 1 || request.scenes > numbering.most_scenes) {
    problems.push_back(fmt::format("--scenes={}: expected 1 to {}",
                                   request.scenes, numbering.most_scenes));
  }
  if (request.test_scenes == -1) {
    checked.test_scenes =
        std::min((std::max(request.scenes, int64_t{1}) + 4) / 5,
                 numbering.most_test_scenes);
  } else if (request.test_scenes < 0 ||
             request.test_scenes > numbering.most_test_scenes) {
    problems.push_back(fmt::format("--test_scenes={}: expected 0 to {}",
                                   request.test_scenes,
                                   numbering.most_test_scenes));
  }
  // Test pictures may have a border on top of the size.
  const int64_t most_px = kMostEdge_px - 2 * kItsTestBorder_px;
  for (const int64_t edge : {request.width_px, request.height_px}) {
    if (edge < kLeastEdge_px || edge > most_px) {
      problems.push_back(fmt::format(
          "--size={}x{}: expected edges of {} to {} px", request.width_px,
          request.height_px, kLeastEdge_px, most_px));
      break;
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(ListProblems(
        fmt::format("Synthetic set like '{}': arguments out of range",
                    request.like),
        problems, ""));
  }
  return checked;
}

std::vector<PlannedScene> PlanSynthetic(const SyntheticRequest& checked) {
  const bool is_its = checked.like == "its";
  const Numbering& numbering = is_its ? kItsNumbering : kOtsNumbering;
  std::vector<PlannedScene> plan;
  for (const bool is_test : {false, true}) {
    const int64_t first =
        is_test ? numbering.first_test_scene : numbering.first_scene;
    const int64_t count = is_test ? checked.test_scenes : checked.scenes;
    for (int64_t n = first; n < first + count; ++n) {
      const uint64_t number = static_cast<uint64_t>(n);
      PlannedScene scene = is_its ? PlanIts(number, is_test, checked.seed)
                                  : PlanOts(number, is_test, checked.seed);
      scene.number = number;
      scene.is_test = is_test;
      plan.push_back(std::move(scene));
    }
  }
  return plan;
}

SceneLike LikeOf(const SyntheticRequest& checked) {
  return checked.like == "its" ? SceneLike::kIts : SceneLike::kOts;
}

}  // namespace bild
