// Writes a picture in memory as a PNG or JPEG file.

#ifndef DATASETS_SYNTHETIC_PICTURE_WRITER_H_
#define DATASETS_SYNTHETIC_PICTURE_WRITER_H_

#include <string>

#include "absl/status/status.h"
#include "datasets/image.h"

namespace bild {

// The ending of `path` decides: .png without loss (level 1, quick), .jpg with
// quality 95 and the encoder's default 4:2:0. The file is not synced; a folder
// that is renamed when complete is (staging_folder.h). Errors name the path and
// the system's reason.
absl::Status WritePicture(const std::string& path, const Image& image);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_PICTURE_WRITER_H_
