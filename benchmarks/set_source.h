// Opens a dataset where it lies: in its files, or in a packed cache.

#ifndef BENCHMARKS_SET_SOURCE_H_
#define BENCHMARKS_SET_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/image_header.h"
#include "datasets/paired_dataset.h"

namespace bild {

struct SetSource {
  std::string set;  // Of //datasets:catalog.
  // The folder of all datasets or the set's own. Not looked at where there is a
  // cache.
  std::string data_root;
  std::string root_flag = "--data_root";
  // The folder of caches, as `pack --output=` was given; empty: the files.
  std::string cache;
  std::string cache_flag = "--cache";
  bool allow_partial = false;
  ImageRules reading;
  bool allow_decoder_mismatch = false;
  // If given, receives what was noticed and is no error, a line each.
  std::vector<std::string>* notes = nullptr;
};

struct OpenedSet {
  std::unique_ptr<PairedDataset> dataset;
  bool is_cached = false;
  // The decoder that reads its files, or that read them when it was packed, is
  // another than the published numbers were measured with. An error unless
  // SetSource::allow_decoder_mismatch.
  bool is_decoder_mismatched = false;
};

// Errors are those of OpenDataset and CachedPairs::Open.
absl::StatusOr<OpenedSet> OpenSet(const SetSource& source);

}  // namespace bild

#endif  // BENCHMARKS_SET_SOURCE_H_
