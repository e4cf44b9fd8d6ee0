// A user's own photographs: PNG and JPEG files to sRGB tensors and back, in the
// depth and with the colour profile that they came with.

#ifndef BACKBONES_RESTORE_PICTURE_FILE_H_
#define BACKBONES_RESTORE_PICTURE_FILE_H_

#include <cstdint>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "backbones/restore/picture_metadata.h"

namespace bild {

struct Picture {
  PictureMetadata metadata;
  int depth_bits = 8;  // 8 or 16.
  // [1, 3, H, W] float32 in [0, 1] on the CPU, turned as its EXIF orientation
  // asks. The numbers are the file's; its profile is carried over, not applied.
  at::Tensor rgb01;
  // [1, 1, H, W] likewise; undefined for a picture without transparency.
  at::Tensor alpha01;
};

// Decodes a file's bytes. A grey or palette picture becomes three channels.
// InvalidArgument for what is no such picture (CMYK, more than 2^28 pixels),
// DataLoss for a damaged one: fragments, without the path.
absl::StatusOr<Picture> DecodePicture(const std::string& bytes);

// Height and width as stored in the file, from its header alone.
struct PictureSize {
  int64_t width_px = 0;
  int64_t height_px = 0;
};
absl::StatusOr<PictureSize> ReadPictureSize(const std::string& bytes);

// `restored01` [1, 3, H, W], clamped to [0, 1] and rounded half to even, with
// the depth, transparency, format and colour profile of `original`. JPEG: of
// `jpeg_quality`, 1..100. FailedPrecondition where a value is not finite.
absl::StatusOr<std::string> EncodePicture(const Picture& original,
                                          const at::Tensor& restored01,
                                          int jpeg_quality);

}  // namespace bild

#endif  // BACKBONES_RESTORE_PICTURE_FILE_H_
