// What stands in a picture file beside its pixels and changes how they look:
// EXIF orientation, and the meaning of its colours.

#ifndef BACKBONES_RESTORE_PICTURE_METADATA_H_
#define BACKBONES_RESTORE_PICTURE_METADATA_H_

#include <string>

#include "absl/status/statusor.h"
#include "datasets/image_structure.h"

namespace bild {

struct PictureMetadata {
  ImageFormat format = ImageFormat::kPng;  // kPng or kJpeg.
  // EXIF 2.3, tag 274, 1..8: which edge of the picture the first row and the
  // first column of the file are. 1 where the file says nothing.
  int orientation = 1;
  // Segments (JPEG: ICC profile) or chunks (PNG: iCCP, sRGB, gAMA, cHRM), as
  // they stand in the file, in its order.
  std::string colour;
};

// Walks a PNG or JPEG file up to its pixels. InvalidArgument for another
// format, DataLoss for a file that ends before its pixels (fragments, without
// the path). An EXIF block that cannot be read counts as none.
absl::StatusOr<PictureMetadata> ReadPictureMetadata(const std::string& bytes);

// Puts `colour` of a file of the same format into an encoded picture, in place
// of whatever the encoder says about colours.
absl::StatusOr<std::string> WithColour(const std::string& encoded,
                                       const PictureMetadata& metadata);

}  // namespace bild

#endif  // BACKBONES_RESTORE_PICTURE_METADATA_H_
