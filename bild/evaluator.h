// Scores of a net (or of the hazy input itself) over a list of pictures.

#ifndef BILD_EVALUATOR_H_
#define BILD_EVALUATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/base/progress.h"
#include "bild/metrics/metrics.h"
#include "bild/metrics/profile.h"
#include "datasets/paired_dataset.h"

namespace bild {

// One picture, one profile.
struct PictureScore {
  int64_t pair_index = 0;  // Into the dataset's pairs().
  int64_t width_px = 0;
  int64_t height_px = 0;
  ImageScore score;
};

// One profile over the whole list, in its order.
struct ProfileScores {
  MetricProfile profile;
  std::vector<PictureScore> pictures;
  MeanScore mean;
};

// Restores every picture at full size, whole, and scores it; with several
// profiles it is decoded and restored once. `backbone` null: the hazy picture
// is scored as it is. The net's parameters decide device and precision.
// Memory does not grow with the number of pictures, and the result does not
// depend on how many are scored at a time. `progress` may be null.
//
// Errors: every picture that the dataset cannot read, with what it says of it;
// else every one with a value that is not finite, or every one smaller than a
// profile's window (first ten and the count); an empty list.
absl::StatusOr<std::vector<ProfileScores>> Evaluate(
    const Backbone* backbone, const PairedDataset& dataset,
    const std::vector<int64_t>& indices,
    const std::vector<MetricProfile>& profiles, Progress* progress);

// Mean PSNR in dB by the profile `default` alone, for choosing checkpoints.
absl::StatusOr<double> MeanDefaultPsnrDb(const Backbone& backbone,
                                         const PairedDataset& dataset,
                                         const std::vector<int64_t>& indices);

}  // namespace bild

#endif  // BILD_EVALUATOR_H_
