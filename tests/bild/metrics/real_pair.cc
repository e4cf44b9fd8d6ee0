#include <filesystem>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/image.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/bild/metrics/golden_pictures.h"

namespace bild {
namespace {

// The folders in which a data set may lie, the official one first.
std::vector<std::string> FoldersOf(const std::string& dataset) {
  static const auto& folders =
      *new std::map<std::string, std::vector<std::string>>{
          {"sots_indoor", {"SOTS/indoor", "SOTS_indoor"}},
          {"sots_outdoor", {"SOTS/outdoor", "SOTS_outdoor"}},
          {"nhhaze_400", {"NH-HAZE_400", "NH-HAZE"}},
          {"nhhaze", {"NH-HAZE", "NH-HAZE_full"}},
          {"ohaze", {"O-HAZE", "O-HAZE_full"}},
          {"ihaze_small", {"I-HAZE_small", "I-HAZE"}},
          {"densehaze_400", {"Dense-HAZE_400", "Dense-HAZE"}},
          {"its", {"ITS"}},
      };
  const auto found = folders.find(dataset);
  std::vector<std::string> all =
      found == folders.end() ? std::vector<std::string>{} : found->second;
  all.push_back(dataset);
  return all;
}

// The first of the places where the file may be that has the right bytes.
absl::StatusOr<std::string> Find(const std::string& data_root,
                                 const std::string& dataset,
                                 const std::vector<std::string>& subfolders,
                                 const std::string& name,
                                 const std::string& file_sha256) {
  std::string other_file;
  for (const std::string& folder : FoldersOf(dataset)) {
    for (const std::string& subfolder : subfolders) {
      const std::string path =
          absl::StrCat(data_root, "/", folder, "/", subfolder, "/", name);
      if (!std::filesystem::exists(path)) continue;
      BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
      if (Sha256Hex(bytes) == file_sha256) return path;
      other_file = path;
    }
  }
  if (!other_file.empty()) {
    return absl::DataLossError(
        absl::StrCat("'", other_file,
                     "' is another file than the vector's: "
                     "its SHA-256 is not ",
                     file_sha256));
  }
  return absl::NotFoundError(
      absl::StrCat("no '", name, "' of ", dataset, " under '", data_root, "'"));
}

absl::StatusOr<Image> Decode(const std::string& path) {
  const cv::Mat bgr =
      cv::imread(path, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  if (bgr.empty()) {
    return absl::DataLossError(absl::StrCat("cannot decode '", path, "'"));
  }
  Image image{bgr.cols, bgr.rows, {}};
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      const auto& pixel = bgr.at<cv::Vec3b>(y, x);
      image.rgb.insert(image.rgb.end(), {pixel[2], pixel[1], pixel[0]});
    }
  }
  return image;
}

Image WithoutBorder(const Image& image, int64_t border_px) {
  Image inner{
      image.width_px - 2 * border_px, image.height_px - 2 * border_px, {}};
  for (int64_t y = border_px; y < image.height_px - border_px; ++y) {
    const auto row = image.rgb.begin() + 3 * (y * image.width_px + border_px);
    inner.rgb.insert(inner.rgb.end(), row, row + 3 * inner.width_px);
  }
  return inner;
}

absl::Status CheckPixels(const Image& image, const std::string& path,
                         const std::string& pixels_sha256) {
  if (Sha256Hex(image.rgb.data(), image.rgb.size()) == pixels_sha256) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("'", path,
                   "' decodes to other pixels than the vector's: "
                   "the decoder is wrong, not the metric"));
}

}  // namespace

absl::StatusOr<GoldenPair> RealPair(const nlohmann::json& real_case,
                                    const std::string& data_root) {
  const auto field = [&](const std::string& name) {
    return real_case.at(name).get<std::string>();
  };
  BILD_ASSIGN_OR_RETURN(
      const std::string hazy_path,
      Find(data_root, field("dataset"), {"hazy", "input", "."}, field("hazy"),
           field("hazy_file_sha256")));
  BILD_ASSIGN_OR_RETURN(
      const std::string clear_path,
      Find(data_root, field("dataset"), {"clear", "gt", "GT", "target", "."},
           field("clear"), field("clear_file_sha256")));
  BILD_ASSIGN_OR_RETURN(const Image hazy, Decode(hazy_path));
  BILD_ASSIGN_OR_RETURN(Image clear, Decode(clear_path));
  if (clear.width_px - hazy.width_px == 20 &&
      clear.height_px - hazy.height_px == 20) {
    clear = WithoutBorder(clear, 10);
  }
  BILD_RETURN_IF_ERROR(
      CheckPixels(hazy, hazy_path, field("hazy_pixels_sha256")));
  BILD_RETURN_IF_ERROR(
      CheckPixels(clear, clear_path, field("clear_pixels_sha256")));
  return GoldenPair{FromBytes(hazy), FromBytes(clear)};
}

}  // namespace bild
