// RGB bytes to picture files.

#ifndef DATASETS_IMAGE_WRITER_H_
#define DATASETS_IMAGE_WRITER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/image.h"

namespace bild {

// A PNG (lossless), written atomically. Errors as WriteFileAtomically.
absl::Status WriteImagePng(const std::string& path, const Image& image);

// A JPEG, written atomically. `quality` 1..100.
absl::Status WriteImageJpeg(const std::string& path, const Image& image,
                            int quality = 95);

// The same in memory.
absl::StatusOr<std::string> EncodePng(const Image& image);
absl::StatusOr<std::string> EncodeJpeg(const Image& image, int quality = 95);

}  // namespace bild

#endif  // DATASETS_IMAGE_WRITER_H_
