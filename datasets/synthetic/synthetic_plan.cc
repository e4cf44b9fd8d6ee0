#include "datasets/synthetic/synthetic_plan.h"

#include <algorithm>

#include "bild/base/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace bild {
namespace {

// The numbers that training and test scenes have in the names.
struct Numbering {
  int64_t least_scenes;
  int64_t most_scenes;
  int64_t first_test_scene;
  int64_t most_test_scenes;
  int64_t first_scene = 1;
  // Of the sets whose names tell validation scenes as well; 0: they do not.
  int64_t first_validation_scene = 0;
};

constexpr int64_t kMostValidationScenes = 5;

Numbering NumberingOf(const std::string& like) {
  if (like == "its") return {1, 1399, 1400, 8600};
  if (like == "ots") return {1, 7999, 1, 2000, 2001};
  if (like == "ohaze") return {2, 40, 41, 5, 1, 36};
  return {2, 50, 51, 5, 1, 46};
}

// By which RESIDE's indoor ground truth is larger, each side.
constexpr int64_t kItsTestBorder_px = 10;

PlannedScene PlanIts(uint64_t number, bool is_test, uint64_t seed) {
  PlannedScene scene;
  const std::string folder = is_test ? "SOTS/indoor" : "ITS";
  scene.number = number;
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
  scene.number = number;
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

PlannedScene PlanOHaze(uint64_t number, uint64_t seed) {
  PlannedScene scene;
  const std::string folder = "# O-HAZY NTIRE 2018";
  scene.clear_path = fmt::format("{}/GT/{:02}_outdoor_GT.jpg", folder, number);
  scene.hazy.push_back(
      {fmt::format("{}/hazy/{:02}_outdoor_hazy.jpg", folder, number),
       OHazeHaze(seed, number)});
  scene.number = number;
  return scene;
}

PlannedScene PlanNhHaze(uint64_t number, uint64_t seed) {
  constexpr uint64_t kFirstNumber = 1000;
  PlannedScene scene;
  scene.number = kFirstNumber + number;
  scene.clear_path = fmt::format("NH-HAZE/{:02}_GT.png", number);
  scene.hazy.push_back({fmt::format("NH-HAZE/{:02}_hazy.png", number),
                        NhHazeHaze(seed, scene.number)});
  return scene;
}

PlannedScene PlanScene(const std::string& like, uint64_t number, bool is_test,
                       uint64_t seed) {
  if (like == "its") return PlanIts(number, is_test, seed);
  if (like == "ots") return PlanOts(number, is_test, seed);
  if (like == "ohaze") return PlanOHaze(number, seed);
  return PlanNhHaze(number, seed);
}

// The numbers in the names of the scenes that are not for testing.
std::vector<int64_t> TrainingNumbers(const Numbering& numbering,
                                     int64_t scenes) {
  int64_t validation = 0;
  if (numbering.first_validation_scene != 0) {
    validation = std::clamp<int64_t>(scenes / 8, 1, kMostValidationScenes);
  }
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < scenes - validation; ++i) {
    numbers.push_back(numbering.first_scene + i);
  }
  for (int64_t i = 0; i < validation; ++i) {
    numbers.push_back(numbering.first_validation_scene + i);
  }
  return numbers;
}

}  // namespace

const std::vector<std::string>& KnownSyntheticLikes() {
  static const auto& likes =
      *new std::vector<std::string>{"its", "ots", "ohaze", "nhhaze"};
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
  const Numbering numbering = NumberingOf(request.like);
  if (request.scenes < numbering.least_scenes ||
      request.scenes > numbering.most_scenes) {
    problems.push_back(fmt::format("--scenes={}: expected {} to {}",
                                   request.scenes, numbering.least_scenes,
                                   numbering.most_scenes));
  }
  if (request.test_scenes == -1) {
    // Of a number that is refused above, too.
    const int64_t scenes =
        std::clamp(request.scenes, int64_t{1}, int64_t{numbering.most_scenes});
    checked.test_scenes =
        std::min((scenes + 4) / 5, numbering.most_test_scenes);
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
  const Numbering numbering = NumberingOf(checked.like);
  std::vector<PlannedScene> plan;
  const auto add = [&](int64_t number, bool is_test) {
    plan.push_back(PlanScene(checked.like, static_cast<uint64_t>(number),
                             is_test, checked.seed));
    plan.back().is_test = is_test;
  };
  for (const int64_t number : TrainingNumbers(numbering, checked.scenes)) {
    add(number, /*is_test=*/false);
  }
  for (int64_t i = 0; i < checked.test_scenes; ++i) {
    add(numbering.first_test_scene + i, /*is_test=*/true);
  }
  return plan;
}

SceneLike LikeOf(const SyntheticRequest& checked) {
  if (checked.like == "its") return SceneLike::kIts;
  return checked.like == "ots" ? SceneLike::kOts : SceneLike::kGarden;
}

}  // namespace bild
