#include "datasets/label_fault.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

// 52 bits fit a double exactly.
constexpr size_t kDigits = 13;

// Hexadecimal digits [13 part, 13 part + 13) of the pair's hash, as a number.
uint64_t Bits(const std::string& hash, size_t part) {
  return std::strtoull(hash.substr(part * kDigits, kDigits).c_str(), nullptr,
                       16);
}

}  // namespace

absl::StatusOr<LabelFault> ParseLabelFault(const std::string& text) {
  if (text == "none") return LabelFault();
  const size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  LabelFault fault;
  const bool has_share = colon != std::string::npos &&
                         absl::SimpleAtod(text.substr(colon + 1), &fault.share);
  // With NaN the comparisons are false.
  if ((kind != "hazy" && kind != "other") || !has_share ||
      !(fault.share > 0 && fault.share <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--label_fault='", text,
        "': expected none, hazy:SHARE or other:SHARE with 0 < SHARE <= 1, as "
        "in hazy:0.3."));
  }
  fault.kind = kind == "hazy" ? LabelFaultKind::kHazy : LabelFaultKind::kOther;
  return fault;
}

std::string LabelFaultText(const LabelFault& fault) {
  if (fault.kind == LabelFaultKind::kNone) return "none";
  return fmt::format("{}:{}",
                     fault.kind == LabelFaultKind::kHazy ? "hazy" : "other",
                     fault.share);
}

absl::StatusOr<std::vector<FaultyPair>> DrawLabelFaults(
    const PairedDataset& dataset, const std::vector<int64_t>& indices,
    const LabelFault& fault, uint64_t seed) {
  std::vector<FaultyPair> faulty;
  if (fault.kind == LabelFaultKind::kNone) return faulty;
  const std::vector<PairName>& pairs = dataset.pairs();
  std::vector<ImageSize> sizes;
  if (fault.kind == LabelFaultKind::kOther) {
    for (const int64_t index : indices) {
      BILD_ASSIGN_OR_RETURN(const ImageSize size, dataset.ReadSize(index));
      sizes.push_back(size);
    }
  }
  std::vector<std::string> alone;
  for (size_t i = 0; i < indices.size(); ++i) {
    const PairName& pair = pairs[static_cast<size_t>(indices[i])];
    const std::string hash =
        Sha256Hex(absl::StrCat("label_fault:", seed, ":", pair.id));
    if (std::ldexp(static_cast<double>(Bits(hash, 0)), -52) >= fault.share) {
      continue;
    }
    if (fault.kind == LabelFaultKind::kHazy) {
      faulty.push_back({indices[i], indices[i]});
      continue;
    }
    const size_t start = Bits(hash, 1) % indices.size();
    size_t tried = 0;
    for (; tried < indices.size(); ++tried) {
      const size_t j = (start + tried) % indices.size();
      if (pairs[static_cast<size_t>(indices[j])].scene == pair.scene ||
          !(sizes[j] == sizes[i])) {
        continue;
      }
      faulty.push_back({indices[i], indices[j]});
      break;
    }
    if (tried == indices.size()) {
      alone.push_back(absl::StrCat(pair.id, ": ", sizes[i].width_px, "x",
                                   sizes[i].height_px));
    }
  }
  if (alone.empty()) return faulty;
  return absl::FailedPreconditionError(ListProblems(
      absl::StrCat(dataset.name(),
                   ": no other training scene has a picture of the size of "
                   "these pairs:"),
      alone, "Use --label_fault=hazy:SHARE, or a set with more scenes."));
}

FaultyLabels::FaultyLabels(std::shared_ptr<const PairedDataset> source,
                           LabelFaultKind kind,
                           const std::vector<FaultyPair>& faulty)
    : source_(std::move(source)), kind_(kind) {
  for (const FaultyPair& pair : faulty) sources_[pair.index] = pair.source;
}

absl::StatusOr<ImagePair> FaultyLabels::Read(int64_t index) const {
  BILD_ASSIGN_OR_RETURN(ImagePair pair, source_->Read(index));
  const auto found = sources_.find(index);
  if (found == sources_.end()) return pair;
  if (kind_ == LabelFaultKind::kHazy) {
    pair.clear = pair.hazy;
    return pair;
  }
  BILD_ASSIGN_OR_RETURN(const ImagePair other, source_->Read(found->second));
  pair.clear = other.clear;
  return pair;
}

}  // namespace bild
