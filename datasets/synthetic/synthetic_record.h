// The file in the root of a synthetic set that says how the set was made.

#ifndef DATASETS_SYNTHETIC_SYNTHETIC_RECORD_H_
#define DATASETS_SYNTHETIC_SYNTHETIC_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "datasets/synthetic/synthetic_plan.h"

namespace bild {

// The file by which a synthetic set is known.
inline constexpr char kSyntheticRecordName[] = "SYNTHETIC.json";

// What that file says.
struct SyntheticRecord {
  int64_t generator_version = 0;
  SyntheticRequest request;  // Checked: test_scenes filled in.
  int64_t train_pairs = 0;
  int64_t test_pairs = 0;
  // SHA-256 over a line `path<tab>width<tab>height<tab>sha256 of the RGB bytes`
  // for each picture, sorted bytewise: of the pixels before encoding.
  std::string pixels_sha256;
};

// The text of the file.
std::string SyntheticRecordText(const SyntheticRecord& record);

// DataLoss, with every field that is wrong, for any other text. `path` names
// the file in messages.
absl::StatusOr<SyntheticRecord> ParseSyntheticRecord(const std::string& text,
                                                     const std::string& path);

// NotFound where the root holds no such file; DataLoss where it is not readable
// as one.
absl::StatusOr<SyntheticRecord> ReadSyntheticRecord(const std::string& root);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SYNTHETIC_RECORD_H_
