// Picture files to RGB bytes. With image_writer, the only library that links
// OpenCV: what trains from packed data need not.

#ifndef DATASETS_IMAGE_READER_H_
#define DATASETS_IMAGE_READER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/image.h"
#include "datasets/image_header.h"

namespace bild {

// Reads a PNG, JPEG or BMP of 8 bits and three channels. The format is taken
// from the bytes, not from the extension. EXIF orientation, gamma and colour
// profiles are ignored, as reference loaders do. The whole picture or an error,
// never a part of one:
//   NotFound, PermissionDenied, FailedPrecondition   cannot be opened; a folder
//   InvalidArgument   16-bit, grey, palette, CMYK, alpha other than 255, too
//                     large (kMostPixels and below it), no picture
//   DataLoss          empty, cut off or damaged, with the decoder's reason
//   ResourceExhausted   more than this machine's memory
// `rules` let some kinds through that are refused otherwise. Thread-safe.
absl::StatusOr<Image> ReadImage(const std::string& path,
                                const ImageRules& rules = {});

// The same for bytes that were read from `path` already.
absl::StatusOr<Image> DecodeImage(const std::string& bytes,
                                  const std::string& path,
                                  const ImageRules& rules = {});

// The pixels of one window of a picture, which `window_of` names when the size
// is known (its errors are returned). All of the file is checked as ReadImage
// does, but of a JPEG only what the window needs is transformed. The window
// must lie in the picture.
absl::StatusOr<Image> ReadImageWindow(
    const std::string& path, const ImageRules& rules,
    const std::function<absl::StatusOr<ImageWindow>(const ImageSize&)>&
        window_of);

// (width, height) in pixels from the header alone, with the same refusals as
// far as the header and the file's end tell.
absl::StatusOr<std::pair<int64_t, int64_t>> ReadImageSize(
    const std::string& path);

// Decodes a JPEG that is built into the program (odd size, 4:2:0) and compares
// the hash of its pixels: decoders that differ here (another DCT, plain
// upsampling) differ on RESIDE by tens of grey levels, and metrics with them.
// FailedPrecondition if it does not match. Programs call it at start.
absl::Status CheckDecoder();

// What the decoder makes of it, whether it matches or not: SHA-256 of its RGB
// bytes. kDecoderProbePixelsSha256 (decoder_probe.h) is what is expected.
absl::StatusOr<std::string> DecoderProbeHash();

}  // namespace bild

#endif  // DATASETS_IMAGE_READER_H_
