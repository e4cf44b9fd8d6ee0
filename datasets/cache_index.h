// The index of a packed cache: what lies where in its file of pixels, and which
// source file it was made from. Text, so that a person can read it, and strict,
// so that nothing but what was written is ever taken for a cache.
//
//   # bild-cache 1
//   set<tab>sots_indoor            as in --dataset
//   name<tab>sots_indoor[n=60]     as in every row
//   layout<tab>flat-name
//   root<tab>DATA                  what --data_root was
//   source<tab>DATA/SOTS_indoor    the set's folder in it
//   partial<tab>1                  packed with --allow_partial
//   expand_grey<tab>0
//   depth16<tab>0
//   decoder<tab>sha256             of what the decoder made of the probe
//   manifest<tab>sha256            of the set's manifest (manifest.h)
//   plan<tab>sha256                stands in the file of pixels too
//   bytes<tab>n                    of the file of pixels
//   invalid<tab>text               one line a reason
//   note<tab>text                  one line a note
//   image<tab>offset<tab>width<tab>height<tab>bits<tab>path<tab>bytes
//        <tab>mtime_ns<tab>sha256<tab>pixels_sha256
//   pair<tab>id<tab>scene<tab>image of hazy<tab>image of clear
//   sha256<tab>of everything before this line
//
// A tab, a line feed or a backslash inside a field is written \t, \n, \\.
// Images are numbered from 0 in the order of their lines; pairs are sorted
// bytewise by id. The file of pixels has kCacheHeaderBytes of header, then the
// images in order, each at the next multiple of kCacheAlignment.

#ifndef DATASETS_CACHE_INDEX_H_
#define DATASETS_CACHE_INDEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/image_header.h"

namespace bild {

constexpr int64_t kCacheHeaderBytes = 128;
constexpr int64_t kCacheAlignment = 64;

// One picture as it is stored: decoded, and a clear one cut by the border rule.
struct CachedImage {
  int64_t offset = 0;  // Bytes from the start of the file of pixels.
  int64_t width_px = 0;
  int64_t height_px = 0;
  bool is_16_bit = false;  // [height, width, 3] uint16, else uint8.
  // The file that it was decoded from, at the time.
  std::string source_path;
  int64_t source_bytes = 0;
  int64_t source_mtime_ns = 0;  // Since 1970.
  std::string source_sha256;
  std::string pixels_sha256;  // PixelHash of what is stored.

  int64_t bytes() const {
    return width_px * height_px * 3 * (is_16_bit ? 2 : 1);
  }
};

struct CachedPair {
  std::string id;
  std::string scene;
  int64_t hazy = 0;  // Numbers of images.
  int64_t clear = 0;
};

struct CacheIndex {
  std::string set;
  std::string name;
  std::string layout;
  std::string root;
  std::string source_folder;
  bool is_partial = false;
  ImageRules reading;
  std::string decoder_sha256;
  std::string manifest_sha256;
  std::string plan_sha256;
  int64_t data_bytes = 0;
  std::vector<std::string> invalid_reasons;
  std::vector<std::string> notes;
  std::vector<CachedImage> images;
  std::vector<CachedPair> pairs;
};

// Gives every image its offset and sets data_bytes.
void PlaceImages(CacheIndex* index);

// SHA-256 over all that is known before a picture is decoded: files, sizes,
// times, places. Two caches with one plan hold the same pictures in the same
// places, as far as sizes and times tell.
std::string PlanSha256(const CacheIndex& index);

// The first kCacheHeaderBytes of a file of pixels.
std::string CacheDataHeader(const std::string& plan_sha256);

std::string CacheIndexText(const CacheIndex& index);

// FailedPrecondition for an index of another version; DataLoss for one that was
// cut off, changed (checksum) or does not hold together: images that overlap or
// leave the file, pairs of images that are not there or differ in size, lines
// that do not read (the first ten and how many). `name` names the file in
// messages. Any bytes at all may be given.
absl::StatusOr<CacheIndex> ParseCacheIndex(const std::string& text,
                                           const std::string& name);

// The same for a text without its last line, the checksum, which keeps fuzzers
// away from everything else.
absl::StatusOr<CacheIndex> ParseCacheIndexBody(const std::string& body,
                                               const std::string& name);

}  // namespace bild

#endif  // DATASETS_CACHE_INDEX_H_
