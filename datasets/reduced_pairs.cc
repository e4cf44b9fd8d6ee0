#include "datasets/reduced_pairs.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Which inputs one output is the mean of, on one axis.
struct Share {
  int64_t first = 0;
  std::vector<double> weights;  // Of first, first + 1, ...; they sum to 1.
};

// The shares of `outputs` equal parts of `inputs` pixels. Overlaps are counted
// in units of 1 / outputs, whole numbers.
std::vector<Share> SharesOf(int64_t inputs, int64_t outputs) {
  std::vector<Share> shares(static_cast<size_t>(outputs));
  for (int64_t i = 0; i < outputs; ++i) {
    Share& share = shares[static_cast<size_t>(i)];
    const int64_t start = i * inputs;
    const int64_t end = start + inputs;
    share.first = start / outputs;
    for (int64_t j = share.first; j * outputs < end; ++j) {
      const int64_t overlap =
          std::min(end, (j + 1) * outputs) - std::max(start, j * outputs);
      share.weights.push_back(static_cast<double>(overlap) /
                              static_cast<double>(inputs));
    }
  }
  return shares;
}

template <typename Value>
std::vector<Value> ReduceValues(const std::vector<Value>& values,
                                const ImageSize& from, const ImageSize& to) {
  const std::vector<Share> columns = SharesOf(from.width_px, to.width_px);
  const std::vector<Share> rows = SharesOf(from.height_px, to.height_px);
  std::vector<Value> reduced;
  reduced.reserve(static_cast<size_t>(to.width_px * to.height_px * 3));
  std::vector<double> line(static_cast<size_t>(from.width_px * 3));
  for (const Share& row : rows) {
    std::fill(line.begin(), line.end(), 0.0);
    for (size_t i = 0; i < row.weights.size(); ++i) {
      const Value* const in = values.data() +
                              static_cast<size_t>(row.first) * line.size() +
                              i * line.size();
      for (size_t k = 0; k < line.size(); ++k) {
        line[k] += row.weights[i] * static_cast<double>(in[k]);
      }
    }
    for (const Share& column : columns) {
      for (size_t channel = 0; channel < 3; ++channel) {
        double sum = 0.0;
        for (size_t i = 0; i < column.weights.size(); ++i) {
          const size_t place = static_cast<size_t>(column.first) + i;
          sum += column.weights[i] * line[place * 3 + channel];
        }
        reduced.push_back(static_cast<Value>(std::nearbyint(sum)));
      }
    }
  }
  return reduced;
}

class ReducedPairs : public PairedDataset {
 public:
  ReducedPairs(std::shared_ptr<const PairedDataset> source,
               Resolution resolution)
      : source_(std::move(source)), resolution_(resolution) {}

  const std::string& name() const override { return source_->name(); }
  const std::string& layout() const override { return source_->layout(); }
  const std::vector<std::string>& invalid_reasons() const override {
    return source_->invalid_reasons();
  }
  const std::vector<PairName>& pairs() const override {
    return source_->pairs();
  }
  absl::StatusOr<ImagePair> Read(int64_t index) const override {
    BILD_ASSIGN_OR_RETURN(const ImagePair pair, source_->Read(index));
    const ImageSize size =
        ReducedSize({pair.hazy->width_px, pair.hazy->height_px}, resolution_);
    return ImagePair{std::make_shared<const Image>(Reduced(*pair.hazy, size)),
                     std::make_shared<const Image>(Reduced(*pair.clear, size))};
  }
  absl::StatusOr<ImageSize> ReadSize(int64_t index) const override {
    BILD_ASSIGN_OR_RETURN(const ImageSize size, source_->ReadSize(index));
    return ReducedSize(size, resolution_);
  }
  absl::StatusOr<PairFileBytes> FileBytes(int64_t index) const override {
    return source_->FileBytes(index);
  }

 private:
  const std::shared_ptr<const PairedDataset> source_;
  const Resolution resolution_;
};

}  // namespace

absl::StatusOr<Resolution> ParseResolution(const std::string& name) {
  if (name == "full") return Resolution::kFull;
  if (name == "half") return Resolution::kHalf;
  if (name == "fit1600") return Resolution::kFit1600;
  return absl::InvalidArgumentError(fmt::format(
      "--evaluation_resolution='{}': expected one of full, half, fit1600.",
      name));
}

ImageSize ReducedSize(const ImageSize& size, Resolution resolution) {
  constexpr int64_t kLongest = 1600;
  const int64_t longer = std::max(size.width_px, size.height_px);
  switch (resolution) {
    case Resolution::kFull:
      break;
    case Resolution::kHalf:
      return {std::max<int64_t>(1, size.width_px / 2),
              std::max<int64_t>(1, size.height_px / 2)};
    case Resolution::kFit1600:
      if (longer <= kLongest) break;
      const auto fitted = [longer](int64_t side) {
        const double exact =
            static_cast<double>(side * kLongest) / static_cast<double>(longer);
        return std::max<int64_t>(1,
                                 static_cast<int64_t>(std::nearbyint(exact)));
      };
      return {fitted(size.width_px), fitted(size.height_px)};
  }
  return size;
}

Image Reduced(const Image& image, const ImageSize& size) {
  const ImageSize from{image.width_px, image.height_px};
  if (size == from) return image;
  Image reduced;
  reduced.width_px = size.width_px;
  reduced.height_px = size.height_px;
  if (image.rgb16.empty()) {
    reduced.rgb = ReduceValues(image.rgb, from, size);
  } else {
    reduced.rgb16 = ReduceValues(image.rgb16, from, size);
  }
  return reduced;
}

std::shared_ptr<const PairedDataset> AtResolution(
    std::shared_ptr<const PairedDataset> source, Resolution resolution) {
  if (resolution == Resolution::kFull) return source;
  return std::make_shared<ReducedPairs>(std::move(source), resolution);
}

}  // namespace bild
