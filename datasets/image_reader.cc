#include "datasets/image_reader.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/decoder_probe.h"
#include "datasets/image_header.h"
#include "datasets/image_structure.h"
#include "datasets/jpeg_decoder.h"
#include "datasets/png_decoder.h"
#include "datasets/within_memory.h"
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

// OpenCV's grey, BGR or BGRA rows to RGB. InvalidArgument for an alpha that is
// not the highest value everywhere.
template <typename Value>
absl::Status TakePixels(const cv::Mat& pixels, std::vector<Value>* rgb) {
  constexpr Value kOpaque = std::numeric_limits<Value>::max();
  const int channels = pixels.channels();
  const int green = channels == 1 ? 0 : 1;
  const int red = channels == 1 ? 0 : 2;
  rgb->resize(pixels.total() * 3);
  Value* to = rgb->data();
  for (int y = 0; y < pixels.rows; ++y) {
    const Value* from = pixels.ptr<Value>(y);
    for (int x = 0; x < pixels.cols; ++x, from += channels, to += 3) {
      to[0] = from[red];
      to[1] = from[green];
      to[2] = from[0];
      if (channels == 4 && from[3] != kOpaque) {
        return absl::InvalidArgumentError(fmt::format(
            "has an alpha channel with value {} at x = {}, y = {}, expected "
            "three channels or alpha {} everywhere",
            from[3], x, y, kOpaque));
      }
    }
  }
  return absl::OkStatus();
}

// PNG or BMP to RGB.
absl::StatusOr<Image> DecodeByOpenCv(const std::string& bytes,
                                     const ImageHeader& header) {
  SilenceOpenCv();
  if (bytes.size() > static_cast<size_t>(kMostBytes)) {
    return absl::InvalidArgumentError(fmt::format(
        "has more than the {} bytes of a file that are read", kMostBytes));
  }
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                        const_cast<char*>(bytes.data()));
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    return absl::DataLossError("is damaged; the decoder says: " + error.err);
  }
  if (pixels.empty()) {
    return absl::DataLossError(fmt::format(
        "is damaged: its {} data do not decode to {}x{} pixels",
        ImageFormatName(header.format), header.width_px, header.height_px));
  }
  const int channels = pixels.channels();
  const bool is_grey = channels == 1 && (header.is_grey || header.is_palette);
  const int depth = header.is_16_bit ? CV_16U : CV_8U;
  if (pixels.depth() != depth || (channels != 3 && channels != 4 && !is_grey) ||
      pixels.cols != header.width_px || pixels.rows != header.height_px) {
    return absl::DataLossError(fmt::format(
        "is damaged: decodes to {}x{} with {} channels, its header says {}x{}",
        pixels.cols, pixels.rows, channels, header.width_px, header.height_px));
  }
  Image image;
  image.width_px = header.width_px;
  image.height_px = header.height_px;
  if (header.is_16_bit) {
    BILD_RETURN_IF_ERROR(TakePixels<uint16_t>(pixels, &image.rgb16));
  } else {
    BILD_RETURN_IF_ERROR(TakePixels<uint8_t>(pixels, &image.rgb));
  }
  return image;
}

absl::StatusOr<Image> Decode(const std::string& bytes,
                             const ImageHeader& header,
                             const ImageRules& rules) {
  switch (header.format) {
    case ImageFormat::kJpeg:
      return DecodeJpeg(bytes, rules);
    case ImageFormat::kPng: {
      BILD_ASSIGN_OR_RETURN(const std::string pixels, PngOfPixelsOnly(bytes));
      if (std::optional<Image> image = DecodePlainPng(pixels);
          image.has_value()) {
        return *std::move(image);
      }
      BILD_RETURN_IF_ERROR(CheckPngHoldsItsPixels(pixels));
      return DecodeByOpenCv(pixels, header);
    }
    case ImageFormat::kBmp:
      BILD_RETURN_IF_ERROR(CheckBmpReachesItsEnd(
          header, bytes, static_cast<int64_t>(bytes.size())));
      return DecodeByOpenCv(bytes, header);
  }
  return absl::InternalError("has a format that no decoder is known for");
}

// `image` without what lies outside the window.
template <typename Value>
void CutTo(const ImageWindow& window, int64_t width_px,
           std::vector<Value>* values) {
  const auto row = static_cast<size_t>(window.width_px) * 3;
  std::vector<Value> kept(static_cast<size_t>(window.height_px) * row);
  for (int64_t y = 0; y < window.height_px; ++y) {
    const Value* const from =
        values->data() + ((window.y_px + y) * width_px + window.x_px) * 3;
    std::copy(from, from + row, kept.data() + static_cast<size_t>(y) * row);
  }
  *values = std::move(kept);
}

absl::Status WithPath(const absl::Status& status, const std::string& path,
                      size_t bytes) {
  // A header that asks for more bytes is one that was cut off.
  const absl::StatusCode code =
      absl::IsOutOfRange(status) ? absl::StatusCode::kDataLoss : status.code();
  return absl::Status(code, fmt::format("'{}' {} ({} bytes).", path,
                                        std::string(status.message()), bytes));
}

}  // namespace

absl::StatusOr<Image> DecodeImage(const std::string& bytes,
                                  const std::string& path,
                                  const ImageRules& rules) {
  const absl::StatusOr<ImageHeader> header = ParseImageHeader(bytes, rules);
  if (!header.ok()) return WithPath(header.status(), path, bytes.size());
  return WithinMemory(path, [&]() -> absl::StatusOr<Image> {
    absl::StatusOr<Image> image = Decode(bytes, *header, rules);
    if (image.ok()) return image;
    return WithPath(image.status(), path, bytes.size());
  });
}

absl::StatusOr<Image> ReadImage(const std::string& path,
                                const ImageRules& rules) {
  BILD_RETURN_IF_ERROR(InspectImage(path, rules).status());
  BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return DecodeImage(bytes, path, rules);
}

absl::StatusOr<Image> ReadImageWindow(
    const std::string& path, const ImageRules& rules,
    const std::function<absl::StatusOr<ImageWindow>(const ImageSize&)>&
        window_of) {
  BILD_ASSIGN_OR_RETURN(const ImageHeader header, InspectImage(path, rules));
  BILD_ASSIGN_OR_RETURN(const ImageWindow window,
                        window_of({header.width_px, header.height_px}));
  BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  if (header.format == ImageFormat::kJpeg) {
    absl::StatusOr<Image> image = DecodeJpegWindow(bytes, window, rules);
    if (image.ok()) return image;
    return WithPath(image.status(), path, bytes.size());
  }
  BILD_ASSIGN_OR_RETURN(Image image, DecodeImage(bytes, path, rules));
  if (image.width_px != header.width_px ||
      image.height_px != header.height_px) {
    return absl::FailedPreconditionError(
        fmt::format("'{}' changed while it was read.", path));
  }
  return WithinMemory(path, [&]() -> absl::StatusOr<Image> {
    if (image.rgb16.empty()) {
      CutTo(window, image.width_px, &image.rgb);
    } else {
      CutTo(window, image.width_px, &image.rgb16);
    }
    image.width_px = window.width_px;
    image.height_px = window.height_px;
    return std::move(image);
  });
}

absl::StatusOr<std::pair<int64_t, int64_t>> ReadImageSize(
    const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const ImageHeader header, InspectImage(path));
  return std::make_pair(header.width_px, header.height_px);
}

absl::StatusOr<std::string> DecoderProbeHash() {
  const std::string bytes(reinterpret_cast<const char*>(kDecoderProbeJpeg),
                          kDecoderProbeJpegBytes);
  BILD_ASSIGN_OR_RETURN(const Image image, DecodeJpeg(bytes));
  return Sha256Hex(image.rgb.data(), image.rgb.size());
}

absl::Status CheckDecoder() {
  BILD_ASSIGN_OR_RETURN(const std::string found, DecoderProbeHash());
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
