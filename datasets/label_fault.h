// Training pairs made faulty on purpose: does a method that reweights patches
// notice? Real collections have such pairs.

#ifndef DATASETS_LABEL_FAULT_H_
#define DATASETS_LABEL_FAULT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/paired_dataset.h"

namespace bild {

enum class LabelFaultKind {
  kNone,
  kHazy,   // The clear picture is a copy of the pair's own hazy one.
  kOther,  // The clear picture is that of another scene.
};

struct LabelFault {
  LabelFaultKind kind = LabelFaultKind::kNone;
  double share = 0.0;  // Of the pairs, 0 < share <= 1 unless kNone.
};

// "none", "hazy:0.3", "other:0.1". InvalidArgument for anything else.
absl::StatusOr<LabelFault> ParseLabelFault(const std::string& text);
// The same, one text for each fault: "hazy:0.3" for "hazy:.30".
std::string LabelFaultText(const LabelFault& fault);

// A faulty pair and whose picture stands for its clear one, as places in the
// dataset's pairs().
struct FaultyPair {
  int64_t index = 0;
  int64_t source = 0;  // kHazy: the pair itself, its hazy picture.
};

// Draws among the pairs `indices`. Whether a pair is faulty depends on the seed
// and its id alone: the first 52 bits of SHA-256("label_fault:<seed>:<id>"), as
// a fraction of 1, are below the share. So other pairs and another kind do not
// matter, and a larger share only adds pairs. With kOther the next 52 bits say
// at which of the pairs the search for another scene's picture of the same size
// begins. In the order of `indices`.
//
// FailedPrecondition where no other scene has a picture of that size; else the
// dataset's errors.
absl::StatusOr<std::vector<FaultyPair>> DrawLabelFaults(
    const PairedDataset& dataset, const std::vector<int64_t>& indices,
    const LabelFault& fault, uint64_t seed);

// `source` with the clear pictures of `faulty` replaced. Names and sizes stay
// what they were: nobody who reads it is told.
class FaultyLabels : public PairedDataset {
 public:
  FaultyLabels(std::shared_ptr<const PairedDataset> source, LabelFaultKind kind,
               const std::vector<FaultyPair>& faulty);

  const std::string& name() const override { return source_->name(); }
  const std::string& layout() const override { return source_->layout(); }
  const std::vector<std::string>& invalid_reasons() const override {
    return source_->invalid_reasons();
  }
  const std::vector<PairName>& pairs() const override {
    return source_->pairs();
  }
  absl::StatusOr<ImagePair> Read(int64_t index) const override;
  absl::StatusOr<ImageSize> ReadSize(int64_t index) const override {
    return source_->ReadSize(index);
  }

 private:
  const std::shared_ptr<const PairedDataset> source_;
  const LabelFaultKind kind_;
  std::map<int64_t, int64_t> sources_;  // By place of the faulty pair.
};

}  // namespace bild

#endif  // DATASETS_LABEL_FAULT_H_
