// What a run writes while it trains: curve values and, once per logging window,
// the weights of a batch. One JSON object a line; a checkpoint knows how many
// bytes of it are valid.

#ifndef BILD_JOURNAL_H_
#define BILD_JOURNAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

struct JournalCurve {
  int64_t step = 0;
  std::string name;  // "validation_psnr_db", "gain_normalised_mean", ...
  double value = 0.0;
};

// One patch of a logged batch.
struct PatchWeight {
  int64_t step = 0;
  int64_t place = 0;  // In the batch, from 0.
  std::string id;     // Of the pair.
  int64_t x_px = 0;
  int64_t y_px = 0;
  int64_t crop_px = 0;
  double weight = 0.0;
  double loss = 0.0;
  std::optional<double> reward;  // Empty for methods without one.
};

// The rows of a run, in order of step.
struct JournalRows {
  std::vector<JournalCurve> curves;
  std::vector<PatchWeight> weights;
};

class Journal {
 public:
  explicit Journal(const std::string& path) : path_(path) {}

  // Cuts the file to its first `bytes` (0: starts it anew). DataLoss when it is
  // shorter than that.
  absl::Status CutTo(int64_t bytes);

  // Keeps rows in memory until Flush(). Numbers need not be finite; bytes of a
  // text that are not UTF-8 are replaced.
  void Add(const JournalCurve& point);
  void Add(const PatchWeight& weight);

  // Appends and fsyncs what was added; returns the file's length.
  absl::StatusOr<int64_t> Flush();

 private:
  std::string path_;
  std::string pending_;
  int64_t bytes_ = 0;
};

// The whole journal. DataLoss names the line that cannot be read.
absl::StatusOr<JournalRows> ReadJournal(const std::string& path);

}  // namespace bild

#endif  // BILD_JOURNAL_H_
