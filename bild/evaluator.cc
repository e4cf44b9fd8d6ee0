#include "bild/evaluator.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "bild/metrics/psnr.h"
#include "bild/metrics/rgb_values.h"
#include "c10/core/InferenceMode.h"

namespace bild {
namespace {

// Pictures that may be restored and not yet scored: enough to keep a second
// core busy, few enough for 4000x3000 px pictures.
constexpr size_t kScoredAtATime = 2;

// [1, 3, H, W] float32, value = byte / 255, or value / 65535 of 16 bits.
at::Tensor ToTensor(const Image& image) {
  if (!image.rgb16.empty()) {
    at::Tensor values =
        at::empty({image.height_px, image.width_px, 3}, at::kFloat);
    std::copy(image.rgb16.begin(), image.rgb16.end(), values.data_ptr<float>());
    return (values.permute({2, 0, 1}) / 65535.0).contiguous().unsqueeze(0);
  }
  at::Tensor bytes = at::empty({image.height_px, image.width_px, 3}, at::kByte);
  std::memcpy(bytes.data_ptr(), image.rgb.data(), image.rgb.size());
  return (bytes.permute({2, 0, 1}).to(at::kFloat) / 255.0).unsqueeze(0);
}

RgbValues ToValues(const at::Tensor& picture) {
  const at::Tensor rows = picture.squeeze(0)
                              .permute({1, 2, 0})
                              .to(at::kCPU, at::kDouble)
                              .contiguous();
  RgbValues values;
  values.height_px = rows.size(0);
  values.width_px = rows.size(1);
  const double* data = rows.const_data_ptr<double>();
  values.values.assign(data, data + rows.numel());
  return values;
}

absl::StatusOr<RgbValues> Restore(const Backbone* backbone, const Image& hazy) {
  if (backbone == nullptr) return FromBytes(hazy);
  const c10::InferenceMode inference;
  const auto& options = backbone->parameters().flat().options();
  return ToValues(backbone->Restore(ToTensor(hazy).to(options)));
}

using ScoresOfOne = absl::StatusOr<std::vector<ImageScore>>;

ScoresOfOne ScoreOne(const RgbValues& restored, const Image& clear,
                     const std::vector<MetricProfile>& profiles,
                     const std::string& name) {
  const RgbValues truth = FromBytes(clear);
  std::vector<ImageScore> scores;
  for (const MetricProfile& profile : profiles) {
    BILD_ASSIGN_OR_RETURN(const ImageScore score,
                          Score(restored, truth, profile, name));
    scores.push_back(score);
  }
  return scores;
}

// Takes scores in the order of the list, whenever they are ready.
class Collector {
 public:
  explicit Collector(const std::vector<MetricProfile>& profiles) {
    for (const MetricProfile& profile : profiles) {
      result_.push_back({profile, {}, {}});
    }
  }

  // A pair that the dataset cannot give. Pairs of one clear picture have the
  // same to say of it, which is listed once.
  void TakeUnread(const absl::Status& status) {
    std::string message(status.message());
    if (known_unread_.insert(message).second) {
      unread_.push_back(std::move(message));
    }
  }
  // No mean will be given.
  bool HasUnread() const { return !unread_.empty(); }

  absl::Status Take(int64_t pair_index, const ImagePair& pair,
                    const ScoresOfOne& scores) {
    if (scores.status().code() == kNonFinitePixel) {
      not_finite_.emplace_back(scores.status().message());
      return absl::OkStatus();
    }
    if (absl::IsFailedPrecondition(scores.status())) {
      too_small_.emplace_back(scores.status().message());
      return absl::OkStatus();
    }
    BILD_RETURN_IF_ERROR(scores.status());
    for (size_t p = 0; p < result_.size(); ++p) {
      result_[p].pictures.push_back({pair_index, pair.hazy->width_px,
                                     pair.hazy->height_px, (*scores)[p]});
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ProfileScores>> Finish() {
    // By itself: nothing behind the first of these has been restored, so the
    // other lists would not be whole.
    if (!unread_.empty()) {
      return absl::DataLossError(ListProblems(
          "Pictures that cannot be read cannot be scored, and no mean is given "
          "without them:",
          unread_, "Get these files again."));
    }
    if (!not_finite_.empty()) {
      return absl::DataLossError(ListProblems(
          "Pictures with values that are not finite cannot be scored, and no "
          "mean is given without them:",
          not_finite_,
          "The weights have diverged; use an earlier checkpoint."));
    }
    if (!too_small_.empty()) {
      return absl::FailedPreconditionError(ListProblems(
          "These pictures are too small to be scored:", too_small_, ""));
    }
    for (ProfileScores& scores : result_) {
      std::vector<ImageScore> list;
      for (const PictureScore& picture : scores.pictures) {
        list.push_back(picture.score);
      }
      BILD_ASSIGN_OR_RETURN(scores.mean, MeanOfScores(list));
    }
    return std::move(result_);
  }

 private:
  std::vector<ProfileScores> result_;
  std::vector<std::string> unread_;
  std::set<std::string> known_unread_;
  std::vector<std::string> not_finite_;
  std::vector<std::string> too_small_;
};

absl::StatusOr<std::vector<ProfileScores>> EvaluateUnguarded(
    const Backbone* backbone, const PairedDataset& dataset,
    const std::vector<int64_t>& indices,
    const std::vector<MetricProfile>& profiles, Progress* progress) {
  struct Pending {
    int64_t pair_index;
    ImagePair pair;
    std::future<ScoresOfOne> scores;
  };
  std::deque<Pending> pending;
  Collector collector(profiles);
  int64_t done = 0;
  const auto count_one = [&] {
    if (progress != nullptr) progress->Update(++done);
  };
  const auto take_first = [&]() -> absl::Status {
    Pending first = std::move(pending.front());
    pending.pop_front();
    BILD_RETURN_IF_ERROR(
        collector.Take(first.pair_index, first.pair, first.scores.get()));
    count_one();
    return absl::OkStatus();
  };
  for (int64_t index : indices) {
    const absl::StatusOr<ImagePair> read = dataset.Read(index);
    if (!read.ok()) collector.TakeUnread(read.status());
    // The rest is read all the same, so that a user repairs a set once. There
    // is nothing to restore it for.
    if (collector.HasUnread()) {
      count_one();
      continue;
    }
    const ImagePair pair = *read;
    BILD_ASSIGN_OR_RETURN(RgbValues restored, Restore(backbone, *pair.hazy));
    const std::string name =
        dataset.pairs()[static_cast<size_t>(index)].hazy_path;
    auto shared = std::make_shared<RgbValues>(std::move(restored));
    pending.push_back(
        {index, pair, std::async(std::launch::async, [=, &profiles] {
           return ScoreOne(*shared, *pair.clear, profiles, name);
         })});
    if (pending.size() > kScoredAtATime) BILD_RETURN_IF_ERROR(take_first());
  }
  while (!pending.empty()) BILD_RETURN_IF_ERROR(take_first());
  if (progress != nullptr) progress->Finish();
  return collector.Finish();
}

}  // namespace

absl::StatusOr<std::vector<ProfileScores>> Evaluate(
    const Backbone* backbone, const PairedDataset& dataset,
    const std::vector<int64_t>& indices,
    const std::vector<MetricProfile>& profiles, Progress* progress) {
  return CatchTorchErrors("evaluating", [&] {
    return EvaluateUnguarded(backbone, dataset, indices, profiles, progress);
  });
}

absl::StatusOr<double> MeanDefaultPsnrDb(const Backbone& backbone,
                                         const PairedDataset& dataset,
                                         const std::vector<int64_t>& indices) {
  if (indices.empty()) {
    return absl::FailedPreconditionError(
        "no validation picture: a mean over nothing is not 0");
  }
  BILD_ASSIGN_OR_RETURN(const MetricProfile profile, FindProfile("default"));
  double sum = 0.0;
  for (int64_t index : indices) {
    BILD_ASSIGN_OR_RETURN(const ImagePair pair, dataset.Read(index));
    BILD_ASSIGN_OR_RETURN(RgbValues restored, Restore(&backbone, *pair.hazy));
    const RgbValues clear = FromBytes(*pair.clear);
    BILD_RETURN_IF_ERROR(
        CheckScorable(restored, clear,
                      dataset.pairs()[static_cast<size_t>(index)].hazy_path));
    for (double& value : restored.values) value = std::clamp(value, 0.0, 1.0);
    sum += PsnrDb(MeanSquaredError(restored, clear), profile);
  }
  return sum / static_cast<double>(indices.size());
}

}  // namespace bild
