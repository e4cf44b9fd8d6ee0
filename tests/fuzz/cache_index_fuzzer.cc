// The index of a packed cache: whatever is taken for one holds together.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "datasets/cache_index.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckPlaces(const CacheIndex& index) {
  int64_t end = kCacheHeaderBytes;
  for (const CachedImage& image : index.images) {
    FUZZ_REQUIRE(image.width_px > 0 && image.height_px > 0);
    FUZZ_REQUIRE(image.offset >= end && image.offset % kCacheAlignment == 0);
    FUZZ_REQUIRE(image.bytes() > 0 &&
                 image.bytes() <= index.data_bytes - image.offset);
    end = image.offset + image.bytes();
  }
  const auto images = static_cast<int64_t>(index.images.size());
  for (size_t i = 0; i < index.pairs.size(); ++i) {
    const CachedPair& pair = index.pairs[i];
    FUZZ_REQUIRE(pair.hazy >= 0 && pair.hazy < images);
    FUZZ_REQUIRE(pair.clear >= 0 && pair.clear < images);
    FUZZ_REQUIRE(i == 0 || index.pairs[i - 1].id < pair.id);
  }
}

void CheckBody(const std::string& body) {
  const absl::StatusOr<CacheIndex> index = ParseCacheIndexBody(body, "f");
  if (!index.ok()) {
    FUZZ_REQUIRE(index.status().code() ==
                     absl::StatusCode::kFailedPrecondition ||
                 index.status().code() == absl::StatusCode::kDataLoss);
    FUZZ_REQUIRE(!index.status().message().empty());
    return;
  }
  CheckPlaces(*index);
  // What was read is written so that it reads as the same, checksum included.
  const std::string text = CacheIndexText(*index);
  const absl::StatusOr<CacheIndex> again = ParseCacheIndex(text, "f");
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(CacheIndexText(*again) == text);
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bild::CheckBody(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
