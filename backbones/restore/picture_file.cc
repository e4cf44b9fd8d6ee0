#include "backbones/restore/picture_file.h"

#include <algorithm>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/flip.h"
#include "ATen/ops/from_blob.h"
#include "absl/status/status.h"
#include "bild/base/status.h"
#include "datasets/image_header.h"
#include "datasets/image_structure.h"
#include "datasets/jpeg_decoder.h"
#include "fmt/format.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"

namespace bild {
namespace {

// [H, W, C] numbers to [1, C, H, W] in [0, 1].
at::Tensor ToUnit(const at::Tensor& pixels, int depth_bits) {
  const double largest = depth_bits == 16 ? 65535.0 : 255.0;
  return pixels.to(at::kFloat).div_(largest).permute({2, 0, 1}).unsqueeze(0);
}

// Turned so that the first row is the top and the first column the left edge.
at::Tensor Upright(const at::Tensor& x, int orientation) {
  switch (orientation) {
    case 2:
      return x.flip({3});
    case 3:
      return x.flip({2, 3});
    case 4:
      return x.flip({2});
    case 5:
      return x.transpose(2, 3);
    case 6:
      return x.transpose(2, 3).flip({3});
    case 7:
      return x.transpose(2, 3).flip({2, 3});
    case 8:
      return x.transpose(2, 3).flip({2});
    default:
      return x;
  }
}

absl::Status CheckSize(const PictureSize& size) {
  if (size.width_px < 1 || size.height_px < 1 ||
      size.width_px > kMostPixels / size.height_px) {
    return absl::InvalidArgumentError(
        fmt::format("has {}x{} pixels, expected from 1 to {} in all",
                    size.width_px, size.height_px, kMostPixels));
  }
  if (size.width_px > kMostSidePx || size.height_px > kMostSidePx) {
    return absl::InvalidArgumentError(
        fmt::format("has {}x{} pixels, expected sides of {} at most",
                    size.width_px, size.height_px, kMostSidePx));
  }
  return absl::OkStatus();
}

// Pixels of a PNG as the file has them, [H, W, C] with colours in the order
// R, G, B and C = 3 or 4, as float tensors in [0, 1].
absl::Status DecodePng(const std::string& bytes, Picture* picture) {
  BILD_ASSIGN_OR_RETURN(const std::string pixels_only, PngOfPixelsOnly(bytes));
  const cv::Mat encoded(1, static_cast<int>(pixels_only.size()), CV_8UC1,
                        const_cast<char*>(pixels_only.data()));
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    return absl::DataLossError("is damaged; the decoder says: " + error.err);
  }
  if (pixels.empty() || (pixels.depth() != CV_8U && pixels.depth() != CV_16U)) {
    return absl::DataLossError("is damaged: its data do not decode to pixels");
  }
  picture->depth_bits = pixels.depth() == CV_16U ? 16 : 8;
  const int64_t channels = pixels.channels();
  const at::Tensor raw =
      at::from_blob(pixels.data, {pixels.rows, pixels.cols, channels},
                    {static_cast<int64_t>(pixels.step1()), channels, 1},
                    picture->depth_bits == 16 ? at::kUInt16 : at::kByte);
  const at::Tensor unit = ToUnit(raw, picture->depth_bits);
  if (channels >= 3) {
    picture->rgb01 = unit.narrow(1, 0, 3).flip({1});
  } else {
    picture->rgb01 = unit.narrow(1, 0, 1).expand({1, 3, -1, -1});
  }
  if (channels == 2 || channels == 4) {
    picture->alpha01 = unit.narrow(1, channels - 1, 1);
  }
  return absl::OkStatus();
}

absl::Status DecodeJpegInto(const std::string& bytes, Picture* picture) {
  BILD_RETURN_IF_ERROR(CheckJpegReachesItsEnd(bytes));
  BILD_ASSIGN_OR_RETURN(Image image, DecodeJpeg(bytes));
  picture->rgb01 =
      ToUnit(at::from_blob(image.rgb.data(),
                           {image.height_px, image.width_px, 3}, at::kByte),
             8);
  return absl::OkStatus();
}

// Rows that are brought to the file's numbers at a time, in double precision.
constexpr int64_t kBandRows = 64;

// [1, C, H, W] in [0, 1] and, where there is one, the transparency -> a matrix
// of the depth, channels in the order B, G, R, A. FailedPrecondition (a
// fragment) for values that are not finite.
absl::StatusOr<cv::Mat> ToMatrix(const at::Tensor& rgb01,
                                 const at::Tensor& alpha01, int depth_bits) {
  const double largest = depth_bits == 16 ? 65535.0 : 255.0;
  const int64_t height_px = rgb01.size(2);
  const int64_t width_px = rgb01.size(3);
  const int64_t channels = alpha01.defined() ? 4 : 3;
  cv::Mat matrix(static_cast<int>(height_px), static_cast<int>(width_px),
                 CV_MAKETYPE(depth_bits == 16 ? CV_16U : CV_8U,
                             static_cast<int>(channels)));
  for (int64_t row = 0; row < height_px; row += kBandRows) {
    const int64_t rows = std::min(kBandRows, height_px - row);
    const auto band = [row, rows](const at::Tensor& x) {
      return x.narrow(2, row, rows).to(at::kDouble);
    };
    at::Tensor numbers = band(rgb01).flip({1});
    if (!numbers.isfinite().all().item<bool>()) {
      return absl::FailedPreconditionError(
          "was restored to values that are not finite: the weights are not for "
          "such a picture, or damaged");
    }
    if (alpha01.defined()) numbers = at::cat({numbers, band(alpha01)}, 1);
    at::from_blob(matrix.ptr(static_cast<int>(row)), {rows, width_px, channels},
                  {static_cast<int64_t>(matrix.step1()), channels, 1},
                  depth_bits == 16 ? at::kUInt16 : at::kByte)
        .copy_(numbers[0]
                   .permute({1, 2, 0})
                   .clamp(0.0, 1.0)
                   .mul_(largest)
                   .round_());
  }
  return matrix;
}

}  // namespace

absl::StatusOr<PictureSize> ReadPictureSize(const std::string& bytes) {
  BILD_ASSIGN_OR_RETURN(const PictureMetadata metadata,
                        ReadPictureMetadata(bytes));
  PictureSize size;
  if (metadata.format == ImageFormat::kPng) {
    if (bytes.size() < 24) {
      return absl::DataLossError("is cut off in its header");
    }
    size.width_px = BigEndian32(bytes, 16);
    size.height_px = BigEndian32(bytes, 20);
  } else {
    BILD_ASSIGN_OR_RETURN(const ImageHeader header, ParseImageHeader(bytes));
    size = {header.width_px, header.height_px};
  }
  BILD_RETURN_IF_ERROR(CheckSize(size));
  return size;
}

absl::StatusOr<Picture> DecodePicture(const std::string& bytes) {
  if (bytes.size() > static_cast<size_t>(kMostBytes)) {
    return absl::InvalidArgumentError(
        fmt::format("is a file of {} bytes, expected {} at most", bytes.size(),
                    kMostBytes));
  }
  BILD_RETURN_IF_ERROR(ReadPictureSize(bytes).status());
  Picture picture;
  BILD_ASSIGN_OR_RETURN(picture.metadata, ReadPictureMetadata(bytes));
  BILD_RETURN_IF_ERROR(picture.metadata.format == ImageFormat::kPng
                           ? DecodePng(bytes, &picture)
                           : DecodeJpegInto(bytes, &picture));
  const int orientation = picture.metadata.orientation;
  picture.rgb01 = Upright(picture.rgb01, orientation).contiguous();
  if (picture.alpha01.defined()) {
    picture.alpha01 = Upright(picture.alpha01, orientation).contiguous();
  }
  return picture;
}

absl::StatusOr<std::string> EncodePicture(const Picture& original,
                                          const at::Tensor& restored01,
                                          int jpeg_quality) {
  BILD_ASSIGN_OR_RETURN(
      const cv::Mat matrix,
      ToMatrix(restored01, original.alpha01, original.depth_bits));
  const bool is_png = original.metadata.format == ImageFormat::kPng;
  std::vector<uint8_t> encoded;
  const std::vector<int> parameters =
      is_png ? std::vector<int>{}
             : std::vector<int>{cv::IMWRITE_JPEG_QUALITY, jpeg_quality};
  try {
    if (!cv::imencode(is_png ? ".png" : ".jpg", matrix, encoded, parameters)) {
      return absl::InternalError("could not be encoded");
    }
  } catch (const cv::Exception& error) {
    return absl::InternalError("could not be encoded: " + error.err);
  }
  return WithColour(std::string(encoded.begin(), encoded.end()),
                    original.metadata);
}

}  // namespace bild
