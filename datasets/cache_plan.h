// What a packed cache of a set is going to hold, before a picture is decoded.

#ifndef DATASETS_CACHE_PLAN_H_
#define DATASETS_CACHE_PLAN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/cache_index.h"
#include "datasets/image_header.h"

namespace bild {

struct PackRequest {
  std::string set;        // As in --dataset.
  std::string data_root;  // The folder of all sets, or the set's own.
  std::string output;     // The folder of caches; made where it is missing.
  bool allow_partial = false;
  ImageRules reading;
  bool allow_decoder_mismatch = false;
};

// What is going to be packed: an index without hashes.
struct PackPlan {
  std::string output;
  CacheIndex index;
  // By image: a clear picture that the border rule cuts.
  std::vector<char> is_cut;
};

// Opens the set as training would: every name, header and file end is looked
// at, and all problems come back together. Writes nothing.
absl::StatusOr<PackPlan> PlanCache(const PackRequest& request);

}  // namespace bild

#endif  // DATASETS_CACHE_PLAN_H_
