#include "datasets/image_reader.h"

#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/decoder_probe.h"
#include "datasets/image_header.h"
#include "datasets/image_structure.h"
#include "datasets/jpeg_decoder.h"
#include "fmt/format.h"
#include "opencv2/core.hpp"
#include "opencv2/core/utils/logger.hpp"
#include "opencv2/imgcodecs.hpp"

namespace bild {
namespace {

// Errors travel as statuses; OpenCV's own lines on stderr would only repeat
// them without the path.
void SilenceOpenCv() {
  static const auto previous =
      cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  (void)previous;
}

// PNG or BMP to RGB. `has_alpha`: a fourth channel or a transparent colour.
absl::StatusOr<Image> DecodeByOpenCv(const std::string& bytes,
                                     const ImageHeader& header) {
  SilenceOpenCv();
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                        const_cast<char*>(bytes.data()));
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    return absl::DataLossError("is damaged; the decoder says: " + error.err);
  }
  if (pixels.empty()) {
    return absl::DataLossError(fmt::format(
        "is damaged: its {} data do not decode to {}x{} pixels",
        ImageFormatName(header.format), header.width_px, header.height_px));
  }
  const int channels = pixels.channels();
  if (pixels.depth() != CV_8U || (channels != 3 && channels != 4) ||
      pixels.cols != header.width_px || pixels.rows != header.height_px) {
    return absl::DataLossError(fmt::format(
        "is damaged: decodes to {}x{} with {} channels, its header says {}x{}",
        pixels.cols, pixels.rows, channels, header.width_px, header.height_px));
  }
  Image image;
  image.width_px = header.width_px;
  image.height_px = header.height_px;
  image.rgb.resize(static_cast<size_t>(header.width_px * header.height_px * 3));
  uint8_t* to = image.rgb.data();
  for (int y = 0; y < pixels.rows; ++y) {
    const uint8_t* from = pixels.ptr<uint8_t>(y);
    for (int x = 0; x < pixels.cols; ++x, from += channels, to += 3) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
      if (channels == 4 && from[3] != 255) {
        return absl::InvalidArgumentError(fmt::format(
            "has an alpha channel with value {} at x = {}, y = {}, expected "
            "three channels or alpha 255 everywhere",
            from[3], x, y));
      }
    }
  }
  return image;
}

absl::StatusOr<Image> Decode(const std::string& bytes,
                             const ImageHeader& header) {
  switch (header.format) {
    case ImageFormat::kJpeg:
      return DecodeJpeg(bytes);
    case ImageFormat::kPng: {
      BILD_ASSIGN_OR_RETURN(const std::string pixels, PngOfPixelsOnly(bytes));
      return DecodeByOpenCv(pixels, header);
    }
    case ImageFormat::kBmp:
      return DecodeByOpenCv(bytes, header);
  }
  return absl::InternalError("has a format that no decoder is known for");
}

}  // namespace

absl::StatusOr<Image> ReadImage(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const ImageHeader header, InspectImage(path));
  BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  absl::StatusOr<Image> image = Decode(bytes, header);
  if (!image.ok()) {
    return absl::Status(
        image.status().code(),
        fmt::format("'{}' {} ({} bytes).", path,
                    std::string(image.status().message()), bytes.size()));
  }
  return image;
}

absl::StatusOr<std::pair<int64_t, int64_t>> ReadImageSize(
    const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const ImageHeader header, InspectImage(path));
  return std::make_pair(header.width_px, header.height_px);
}

absl::Status CheckDecoder() {
  const std::string bytes(reinterpret_cast<const char*>(kDecoderProbeJpeg),
                          kDecoderProbeJpegBytes);
  BILD_ASSIGN_OR_RETURN(const Image image, DecodeJpeg(bytes));
  const std::string found = Sha256Hex(image.rgb.data(), image.rgb.size());
  if (found != kDecoderProbePixelsSha256) {
    return absl::FailedPreconditionError(fmt::format(
        "The JPEG decoder of this program gives other pixels than the one its "
        "published numbers were measured with: the built-in probe decodes to "
        "{}, expected {}. Use libjpeg-turbo 2.1.5 or newer with its defaults.",
        found, kDecoderProbePixelsSha256));
  }
  return absl::OkStatus();
}

}  // namespace bild
