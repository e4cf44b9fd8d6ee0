// What a picture file says about itself before a pixel is decoded: format, size
// and kind. Everything that a dehazing set must not contain (16-bit, grey,
// palette, CMYK, enormous, cut off) is refused here, by name, unless the caller
// takes it.

#ifndef DATASETS_IMAGE_HEADER_H_
#define DATASETS_IMAGE_HEADER_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "datasets/image_structure.h"

namespace bild {

// "PNG", "JPEG", "BMP".
const char* ImageFormatName(ImageFormat format);

// Whether `path` ends in an extension of `format`, in any case.
bool ExtensionFits(const std::string& path, ImageFormat format);

// Kinds of pictures that are refused unless the caller takes them.
struct ImageRules {
  // Grey pictures become three equal channels, palette ones are expanded by
  // their table. Of 8 bits or fewer.
  bool expand_grey = false;
  // PNG with 16 bits a channel, kept as they are.
  bool depth16 = false;
};

// 8 bits a channel and three colour channels, but for what ImageRules let
// through.
struct ImageHeader {
  ImageFormat format = ImageFormat::kPng;
  int64_t width_px = 0;
  int64_t height_px = 0;
  // The file has an alpha channel or a transparent colour as well; a reader
  // accepts it if it is opaque everywhere, which only decoding can tell.
  bool has_alpha = false;
  bool is_grey = false;     // One channel; only with expand_grey.
  bool is_palette = false;  // Likewise.
  bool is_16_bit = false;   // Only with depth16.
};

// What is larger is refused before memory is taken. The decoders below count a
// file's bytes and a picture's in 32 bits, and libpng refuses longer sides.
constexpr int64_t kMostPixels = int64_t{1} << 28;
constexpr int64_t kMostSidePx = 1000000;
constexpr int64_t kMostBytes = std::numeric_limits<int32_t>::max();

// Parses the start of a file. `bytes` may be a prefix: OutOfRange means that
// the header goes on beyond it; a transparent colour behind it is not seen.
// InvalidArgument: a kind of picture that is not
// taken, one that is too large, or no picture. DataLoss: a damaged header. The
// messages are fragments
// ("is a grey picture, expected three channels"), without the path.
absl::StatusOr<ImageHeader> ParseImageHeader(const std::string& bytes,
                                             const ImageRules& rules = {});

// DataLoss where a BMP file of `bytes` bytes, which begins with `start`, ends
// before the last row that its header promises (a fragment, as above).
absl::Status CheckBmpReachesItsEnd(const ImageHeader& header,
                                   const std::string& start, int64_t bytes);

// Reads the header of a file, and looks at the file's end so that a file that
// was cut off is found without decoding (DataLoss). NotFound, PermissionDenied
// or FailedPrecondition (a folder, a pipe) for files that cannot be read.
// Messages name the path, what was expected and what was found.
absl::StatusOr<ImageHeader> InspectImage(const std::string& path,
                                         const ImageRules& rules = {});

}  // namespace bild

#endif  // DATASETS_IMAGE_HEADER_H_
