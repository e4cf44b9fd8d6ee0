#include "datasets/synthetic/picture_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <vector>

#include "fmt/format.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"

namespace bild {
namespace {

absl::Status WriteError(int error, const std::string& path, size_t bytes) {
  const std::string text = fmt::format("Cannot write '{}' ({} bytes): {}.",
                                       path, bytes, std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(
        text + " Free space there or choose another --out.");
  }
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(text + " Choose another --out.");
  }
  return absl::UnavailableError(text);
}

absl::Status WriteBytes(const std::string& path,
                        const std::vector<uint8_t>& bytes) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return WriteError(errno, path, bytes.size());
  int error = 0;
  size_t written = 0;
  while (written < bytes.size() && error == 0) {
    const ssize_t count =
        ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count >= 0) {
      written += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) return WriteError(error, path, bytes.size());
  return absl::OkStatus();
}

}  // namespace

absl::Status WritePicture(const std::string& path, const Image& image) {
  const size_t dot = path.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : path.substr(dot);
  const std::vector<int> parameters =
      ending == ".png" ? std::vector<int>{cv::IMWRITE_PNG_COMPRESSION, 1}
                       : std::vector<int>{cv::IMWRITE_JPEG_QUALITY, 95};
  std::vector<uint8_t> bgr(image.rgb.size());
  for (size_t i = 0; i + 2 < bgr.size(); i += 3) {
    bgr[i] = image.rgb[i + 2];
    bgr[i + 1] = image.rgb[i + 1];
    bgr[i + 2] = image.rgb[i];
  }
  std::vector<uint8_t> bytes;
  try {
    const cv::Mat matrix(static_cast<int>(image.height_px),
                         static_cast<int>(image.width_px), CV_8UC3, bgr.data());
    if (!cv::imencode(ending, matrix, bytes, parameters)) {
      return absl::InternalError(
          fmt::format("Cannot encode '{}': OpenCV gives no reason.", path));
    }
  } catch (const std::exception& error) {
    return absl::InternalError(
        fmt::format("Cannot encode '{}': {}", path, error.what()));
  }
  return WriteBytes(path, bytes);
}

}  // namespace bild
