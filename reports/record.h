// One result as one flat line of JSON: what records.jsonl holds.
//
// A record belongs to one (method, seed, checkpoint, metric profile). It says
// the numbers and, beside them, everything that a reader needs to know how they
// were measured. Tables, plots, exporters and the regression gate read records
// and nothing else.

#ifndef REPORTS_RECORD_H_
#define REPORTS_RECORD_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// The only schema that this code writes and reads. A field that is added,
// dropped or changes its meaning takes the next number.
inline constexpr char kRecordSchema[] = "bild-record/3";

// Empty optionals are null in the file: "does not apply" or "undefined".
struct Record {
  std::string schema = kRecordSchema;

  // What was run.
  std::string run_id;  // Hash of everything that changes the result.
  std::string target;  // What the user typed, e.g. "ots_ffa".
  std::string
      method;  // "input" (the hazy image as it is), "plain", "bild", ...
  std::optional<int64_t> seed;  // Empty for "input" and for given weights.
  std::string checkpoint;       // "best@val", "last"; empty for "input".
  std::optional<int64_t> checkpoint_step;
  std::string profile;  // Metric profile: "default", "grid-bild", ...

  // What was measured: means over the n test images, full precision.
  int64_t n = 0;            // Hazy images.
  int64_t n_clear = 0;      // Distinct clear images among their partners.
  int64_t n_identical = 0;  // Restored images equal to the clear one.
  double psnr_db = std::numeric_limits<double>::quiet_NaN();  // May be +inf.
  double ssim = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> ciede2000;           // Profile "default" only.
  std::optional<double> validation_psnr_db;  // Of this checkpoint.
  std::string evaluation_resolution = "full";
  std::string tiling = "none";
  std::string decoder_probe;  // What the image decoder makes of a known file.

  // The data.
  std::string dataset;        // Tested on.
  std::string train_dataset;  // Trained on.
  std::string layout;         // How the folders of what is trained on are read.
  std::string test_layout;    // And of what is tested on.
  std::string test_list_sha256;
  std::string train_list_sha256;
  std::string validation_list_sha256;
  int64_t n_train = 0;
  int64_t n_validation = 0;
  std::string split;  // E.g. "pair scene_block=4 seed=1".

  // The network and its training.
  std::string backbone;     // With its options: "ffa[dim=16,blocks=2]".
  int64_t parameters = 0;   // Trainable scalars of the backbone.
  bool published = false;   // The recipe is the backbone's published one.
  std::string run_profile;  // "ci", "quick" or "paper".
  int64_t steps = 0;
  int64_t batch = 0;
  int64_t crop_px = 0;
  std::string loss;
  std::string config;  // The effective training configuration, as flags.
  std::string reward_engine;

  // What the weights did: statistics over the last logging window of the run,
  // the same in the records of all its checkpoints.
  std::optional<double> gain_mean;            // Normalised weight gain.
  std::optional<double> gain_standard_error;  // Of gain_mean.
  std::optional<double> gain_t;               // mean / standard error.
  std::optional<double> agreement_mean;       // Cosine of two half batches' v.
  std::optional<double> phi_gradient_norm;
  std::optional<double> entropy_mean;          // Nats; log(batch) if uniform.
  std::optional<double> effective_batch_mean;  // 1 / sum of squared weights.
  std::optional<double> weight_loss_correlation;
  // Normalised gain of the network's own weights where others stepped the net.
  std::optional<double> own_gain_mean;
  std::optional<double> gradient_cosine;  // Training and validation gradient.
  std::optional<double> reward_spread;    // Deviation within a batch.
  // Of the outer steps that were to teach the reweighting network, those whose
  // gradient was zero but for rounding: 1 says that it was taught nothing.
  std::optional<double> zero_gradient_share;
  std::optional<double> training_loss;    // Mean over the patches.
  std::optional<double> validation_loss;  // J_v, after the step.

  // Where it ran.
  std::string commit;
  bool dirty = false;  // The working tree differed from the commit.
  std::string device;
  int64_t threads = 0;
  std::string libraries;  // E.g. "LibTorch 2.11.0, OpenCV 4.6.0".

  // May the row stand under a published protocol? Not unless somebody says so.
  std::string verdict = "INVALID";  // Or "VALID".
  std::string invalid_reasons;      // "; " between them; empty when VALID.

  // Last, the fields in which two identical runs may differ.
  std::optional<double> wall_seconds;
  std::optional<double> step_milliseconds_median;
  std::optional<double> peak_memory_mib;
  std::string started_at;  // ISO 8601, UTC.
};

// The record as one line of JSON, without the line feed: keys always in the
// same order, numbers as the shortest decimal that reads back to the same
// double, infinities as the strings "inf" and "-inf", NaN as null.
std::string ToJsonLine(const Record& record);

// Reads what ToJsonLine wrote, strictly: every field once, of its type, no
// other field, no nesting. InvalidArgument lists everything that is wrong;
// FailedPrecondition for another schema.
absl::StatusOr<Record> ParseRecord(const std::string& line);

// All records of a file in its order; record i stands on line i + 1. The error
// names the path and, with its number, each line that is wrong (the first ten).
absl::StatusOr<std::vector<Record>> ReadRecords(const std::string& path);

// Writes the file whole, or leaves the old one.
absl::Status WriteRecords(const std::string& path,
                          const std::vector<Record>& records);

// The record with the fields emptied in which two identical runs may differ:
// their records must then be equal byte for byte.
Record RecordWithoutTimes(Record record);

// The names of those fields.
std::vector<std::string> RecordTimeFields();

}  // namespace bild

#endif  // REPORTS_RECORD_H_
