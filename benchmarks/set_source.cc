#include "benchmarks/set_source.h"

#include <utility>

#include "absl/status/status.h"
#include "bild/base/status.h"
#include "datasets/cached_pairs.h"
#include "datasets/catalog.h"
#include "datasets/decoder_probe.h"
#include "datasets/image_reader.h"
#include "fmt/format.h"

namespace bild {
namespace {

absl::StatusOr<OpenedSet> OpenCache(const SetSource& source) {
  CacheRequest request;
  request.folder = source.cache;
  request.folder_flag = source.cache_flag;
  request.set = source.set;
  request.allow_partial = source.allow_partial;
  request.reading = source.reading;
  request.notes = source.notes;
  BILD_ASSIGN_OR_RETURN(std::unique_ptr<CachedPairs> cache,
                        CachedPairs::Open(request));
  OpenedSet opened;
  opened.is_cached = true;
  const std::string& decoder = cache->index().decoder_sha256;
  opened.is_decoder_mismatched = decoder != kDecoderProbePixelsSha256;
  if (opened.is_decoder_mismatched && !source.allow_decoder_mismatch) {
    return absl::FailedPreconditionError(fmt::format(
        "'{}' was packed with an image decoder that makes {} of the built-in "
        "probe, expected {}. Pack it with libjpeg-turbo 2.1.5 or newer, or go "
        "on with --allow_decoder_mismatch.",
        CacheIndexPath(source.cache, source.set), decoder,
        kDecoderProbePixelsSha256));
  }
  opened.dataset = std::move(cache);
  return opened;
}

}  // namespace

absl::StatusOr<OpenedSet> OpenSet(const SetSource& source) {
  if (!source.cache.empty()) return OpenCache(source);
  OpenedSet opened;
  if (const absl::Status decoder = CheckDecoder(); !decoder.ok()) {
    if (!source.allow_decoder_mismatch) return decoder;
    opened.is_decoder_mismatched = true;
  }
  DatasetRequest request;
  request.name = source.set;
  request.data_root = source.data_root;
  request.root_flag = source.root_flag;
  request.allow_partial = source.allow_partial;
  request.reading = source.reading;
  request.notes = source.notes;
  BILD_ASSIGN_OR_RETURN(opened.dataset, OpenDataset(request));
  return opened;
}

}  // namespace bild
