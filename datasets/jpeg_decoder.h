// JPEG to RGB bytes by libjpeg-turbo itself: the library that OpenCV decodes
// JPEG with, but OpenCV gives a half-grey picture and no error where the file
// is damaged, and hides the decoder's warnings.

#ifndef DATASETS_JPEG_DECODER_H_
#define DATASETS_JPEG_DECODER_H_

#include <string>

#include "absl/status/statusor.h"
#include "datasets/image.h"
#include "datasets/image_header.h"

namespace bild {

// Decodes with the accurate integer DCT (`islow`) and fancy upsampling. Colour
// profiles and EXIF orientation are ignored. Every warning of the decoder is an
// error: DataLoss with the decoder's own words (a fragment, without the path).
// Grey pictures only with rules.expand_grey.
//
// Memory is taken as rows are decoded: a header that promises more pixels than
// the file can hold is DataLoss and costs none. ResourceExhausted where there
// is not enough of it.
absl::StatusOr<Image> DecodeJpeg(const std::string& bytes,
                                 const ImageRules& rules = {});

// The same bits for a window alone, which must lie in the picture, for less:
// all of the file is read and checked, but only the blocks that the window
// needs are transformed.
absl::StatusOr<Image> DecodeJpegWindow(const std::string& bytes,
                                       const ImageWindow& window,
                                       const ImageRules& rules = {});

}  // namespace bild

#endif  // DATASETS_JPEG_DECODER_H_
