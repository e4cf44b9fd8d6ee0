// What a benchmark target was asked to do, before any file is opened.

#ifndef BENCHMARKS_RUN_SPEC_H_
#define BENCHMARKS_RUN_SPEC_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bild/train_config.h"

namespace bild {

// Where pictures come from and how they are divided. Changes the result.
struct DataSpec {
  std::string dataset;       // "its", "ots", "pair".
  std::string test_dataset;  // Empty: the test set that belongs to `dataset`.
  std::string data_root;     // Empty: the synthetic set of the same shape.
  std::string test_root;     // Empty: the test set lies below data_root.
  // Folders of packed caches to read instead of the files. They hold the same
  // pixels, so they do not change the result.
  std::string cache;
  std::string test_cache;
  bool allow_partial = false;
  bool allow_decoder_mismatch = false;
  bool expand_grey = false;
  bool depth16 = false;
  // auto, paper, paper4500, full, tenth, challenge.
  std::string split = "auto";
  uint64_t split_seed = 1;  // 0: the challenges' own division.
  int64_t scene_block = 1;
  std::string leak = "drop";  // drop, keep.
  // Where the patches of the validation objective come from: apart is the
  // validation split; training is the training split, in sound pairs.
  std::string validation_scenes = "apart";
  std::string label_fault = "none";  // Of datasets/label_fault.h.
  // Pictures smaller than the crop: error, or drop them from the lists.
  std::string small = "error";
  std::string evaluation_resolution = "full";  // full, half, fit1600.
  // The synthetic set.
  int64_t scenes = 24;
  int64_t test_scenes = -1;  // -1: a fifth of `scenes`, rounded up.
  int64_t synthetic_width_px = 256;
  int64_t synthetic_height_px = 256;
  uint64_t synthetic_seed = 1;

  // Whether the pictures are made, for want of any others.
  bool IsSynthetic() const { return data_root.empty() && cache.empty(); }
};

// Where and how it runs. Must not change the result, but for `device` and
// `threads`, which change its last bits and are part of the run's identity.
struct RunConfig {
  std::string device = "cpu";
  int threads = 0;  // 0: all cores.
  bool is_deterministic = true;
  int64_t workers = 1;
  int64_t image_cache_mib = 4096;
  std::string out;     // Empty: results/<target>/<run id> in the workspace.
  bool resume = true;  // Continue a half-done folder.
};

// --ddu: the net works on a small picture and the bilateral grid of
// backbones/ddu.h brings its result up. Changes the result.
struct DduSpec {
  bool is_on = false;
  int64_t side_px = 320;  // Of the small picture.
  int64_t grid_px = 256;  // Side of the grid net's input.
  int64_t width = 64;     // The grid net's first.
};

struct RunSpec {
  std::string target;       // "ots_ffa".
  std::string profile;      // ci, quick, paper.
  std::string recipe_note;  // What of a published recipe is not had here.
  // How the run departs from the published recipe that it started from.
  std::vector<std::string> recipe_changes;
  std::vector<std::string> methods;
  std::vector<uint64_t> seeds;
  std::vector<std::string> metric_profiles;
  TrainConfig train;  // Its backbone as --backbone names it, see NetOf.
  DduSpec ddu;
  DataSpec data;
  RunConfig run;
};

// What is tested on: --test_dataset, or what belongs to --dataset. Empty where
// that is unknown.
std::string TestedSet(const DataSpec& data);

// What the catalogue of nets is asked for: --backbone, with the options of
// --ddu where it is on and the brackets do not say ddu= themselves:
// "aodnet[ddu=64,ddu_grid=64,ddu_width=8]".
std::string NetOf(const RunSpec& spec);

// (flag, value) of everything that changes the result, data lists apart.
std::vector<std::pair<std::string, std::string>> DescribeRunSpec(
    const RunSpec& spec);

// The flags that make up a net's published recipe: a run that changes one of
// them does not follow it.
const std::vector<std::string>& PublishedRecipeFlags();

// A flag file that runs the same again.
std::string ConfigFlagsText(const RunSpec& spec);

// Every value that cannot be, at once, after the `problems` that are known
// already. Opens no file. `target_backbone` is what the target is named after;
// empty for one that takes any.
absl::Status ValidateRunSpec(const RunSpec& spec,
                             const std::string& target_backbone,
                             std::vector<std::string> problems = {});

}  // namespace bild

#endif  // BENCHMARKS_RUN_SPEC_H_
