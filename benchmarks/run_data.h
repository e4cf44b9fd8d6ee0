// Opens what a run works on: the training set and its split, the test set.

#ifndef BENCHMARKS_RUN_DATA_H_
#define BENCHMARKS_RUN_DATA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "benchmarks/run_spec.h"
#include "datasets/label_fault.h"
#include "datasets/paired_dataset.h"
#include "datasets/split.h"

namespace bild {

struct RunData {
  // Kept in memory as far as --image_cache_mib goes, or mapped (--cache).
  std::shared_ptr<const PairedDataset> train;
  Split split;                               // Of `train`.
  std::vector<int64_t> validation_pictures;  // In order(seed of the split).
  LabelFault label_fault;  // Of what is trained on; `train` itself is sound.
  // Places in `train` that the patches of the validation objective come from.
  std::vector<int64_t> outer_indices;
  // The test set, or the validation side of `train` where there is none.
  std::shared_ptr<const PairedDataset> test;
  std::string test_name;
  SplitList test_list;

  std::string split_text;  // "tenth scene_block=4 seed=1 leak=drop", for rows.
  std::string file_sizes_sha256;  // Over FileSizes() of both sets.
  std::string decoder_probe;  // "match", or "mismatch" where that was allowed.
  // Why rows can never stand under a published protocol; empty if they may.
  std::vector<std::string> invalid_reasons;
  // What was noticed and is no error, a line each.
  std::vector<std::string> notes;
};

// What of the rest of a run matters to its data.
struct RunDataOptions {
  int64_t image_cache_mib = 0;      // For training and test set each.
  int64_t validation_pictures = 0;  // Whole ones, as many as there are.
  int64_t crop_px = 0;              // What --small=drop goes by.
};

// Makes the synthetic set where neither --data_root nor --cache is given. From
// a cache comes what comes from the files that it was packed from. Errors are
// those of the datasets; nothing is written but the synthetic set in the user's
// cache.
//
// --small=drop takes the pairs whose pictures are smaller than a crop out of
// the training and the validation list, before anything else goes by these, and
// says so by name in the notes and (the first ten) in the reasons.
absl::StatusOr<RunData> OpenRunData(const DataSpec& spec,
                                    const RunDataOptions& options);

// The sizes in bytes of a set's files, a line a pair with its id. In a run's
// identity: ids alone do not tell two sets with the same names apart. Errors
// are those of PairedDataset::FileBytes().
absl::StatusOr<std::string> FileSizes(const PairedDataset& dataset);

// Distinct scenes among the pairs at `indices`.
int64_t CountScenes(const PairedDataset& dataset,
                    const std::vector<int64_t>& indices);

}  // namespace bild

#endif  // BENCHMARKS_RUN_DATA_H_
