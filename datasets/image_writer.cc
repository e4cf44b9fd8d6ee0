#include "datasets/image_writer.h"

#include <cstdint>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "fmt/format.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"

namespace bild {
namespace {

absl::StatusOr<std::string> Encode(const Image& image, const char* extension,
                                   const std::vector<int>& parameters) {
  const size_t wanted =
      static_cast<size_t>(image.width_px * image.height_px * 3);
  if (image.width_px <= 0 || image.height_px <= 0 ||
      image.rgb.size() != wanted) {
    return absl::InvalidArgumentError(fmt::format(
        "Cannot write a picture of {}x{} pixels from {} bytes, expected {}.",
        image.width_px, image.height_px, image.rgb.size(), wanted));
  }
  cv::Mat pixels(static_cast<int>(image.height_px),
                 static_cast<int>(image.width_px), CV_8UC3);
  const uint8_t* from = image.rgb.data();
  for (int y = 0; y < pixels.rows; ++y) {
    uint8_t* to = pixels.ptr<uint8_t>(y);
    for (int x = 0; x < pixels.cols; ++x, from += 3, to += 3) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
    }
  }
  std::vector<uint8_t> encoded;
  try {
    if (!cv::imencode(extension, pixels, encoded, parameters)) {
      return absl::InternalError(
          fmt::format("OpenCV cannot encode a {} picture.", extension));
    }
  } catch (const cv::Exception& error) {
    return absl::InternalError("OpenCV cannot encode a picture: " + error.err);
  }
  return std::string(encoded.begin(), encoded.end());
}

}  // namespace

absl::StatusOr<std::string> EncodePng(const Image& image) {
  return Encode(image, ".png", {});
}

absl::StatusOr<std::string> EncodeJpeg(const Image& image, int quality) {
  return Encode(image, ".jpg", {cv::IMWRITE_JPEG_QUALITY, quality});
}

absl::Status WriteImagePng(const std::string& path, const Image& image) {
  BILD_ASSIGN_OR_RETURN(const std::string encoded, EncodePng(image));
  return WriteFileAtomically(path, encoded);
}

absl::Status WriteImageJpeg(const std::string& path, const Image& image,
                            int quality) {
  BILD_ASSIGN_OR_RETURN(const std::string encoded, EncodeJpeg(image, quality));
  return WriteFileAtomically(path, encoded);
}

}  // namespace bild
