#include "benchmarks/parity/plain_net.h"

#include <vector>

#include "ATen/ops/cat.h"
#include "ATen/ops/zeros_like.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

std::shared_ptr<PlainNet> MakeByName(const Backbone& backbone) {
  const std::string& name = backbone.name();
  const NetShape shape(backbone);
  const std::string family = name.substr(0, name.find('['));
  const bool is_variant = absl::StrContains(name, "variant=");
  if (absl::StrContains(name, "ddu=")) {
    return family == "aodnet" && !is_variant ? MakePlainDdu(shape) : nullptr;
  }
  if (is_variant) return nullptr;
  if (family == "aodnet") return MakePlainAodNet();
  if (family == "dehazenet") return MakePlainDehazeNet();
  if (family == "ffa") return MakePlainFfa(shape);
  if (family == "griddehazenet") return MakePlainGridDehazeNet(shape);
  if (family == "msbdn") return MakePlainMsbdn(shape);
  return nullptr;
}

}  // namespace

const Parameter* NetShape::Find(const std::string& parameter) const {
  for (const Parameter* one : backbone_->layers().state()) {
    if (one->name == prefix_ + parameter) return one;
  }
  return nullptr;
}

int64_t NetShape::Extent(const std::string& parameter, size_t dimension) const {
  const Parameter* found = Find(parameter);
  TORCH_CHECK(found != nullptr, "no parameter '", prefix_, parameter, "'");
  return found->shape.at(dimension);
}

int64_t NetShape::Option(const std::string& name, int64_t otherwise) const {
  int64_t value = otherwise;
  const std::vector<std::string> pieces =
      absl::StrSplit(backbone_->name(), absl::ByAnyChar("[],"));
  for (const std::string& piece : pieces) {
    if (absl::StartsWith(piece, name + "=")) {
      TORCH_CHECK(absl::SimpleAtoi(piece.substr(name.size() + 1), &value),
                  "option '", piece, "' is no number");
    }
  }
  return value;
}

torch::nn::Conv2d PlainConv(int64_t in_channels, int64_t out_channels,
                            int64_t kernel_px, int64_t stride_px) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in_channels, out_channels, kernel_px)
          .stride(stride_px)
          .padding(kernel_px / 2));
}

absl::StatusOr<std::shared_ptr<PlainNet>> MakePlainTwin(
    const Backbone& backbone) {
  const std::shared_ptr<PlainNet> twin = MakeByName(backbone);
  if (twin == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", backbone.name(),
        "' has no twin in plain PyTorch. Those that have: aodnet, dehazenet, "
        "ffa, griddehazenet, msbdn and aodnet[ddu=S], of any width, without "
        "variant=."));
  }
  twin->to(backbone.parameters().flat().scalar_type());
  auto theirs = twin->named_parameters();
  for (const auto& buffer : twin->named_buffers()) {
    // Counted by the library, used by nobody.
    if (absl::EndsWith(buffer.key(), "num_batches_tracked")) continue;
    theirs.insert(buffer.key(), buffer.value());
  }
  const c10::NoGradGuard no_grad;
  std::vector<std::string> problems;
  size_t found = 0;
  for (const Parameter* ours : backbone.layers().state()) {
    at::Tensor* const value = theirs.find(ours->name);
    if (value == nullptr) {
      problems.push_back(absl::StrCat(ours->name, ": not in the twin"));
      continue;
    }
    ++found;
    if (value->sizes() != at::IntArrayRef(ours->shape)) {
      problems.push_back(absl::StrCat(
          ours->name, ": [", absl::StrJoin(ours->shape, ", "),
          "], in the twin [", absl::StrJoin(value->sizes(), ", "), "]"));
      continue;
    }
    value->copy_(ours->value);
  }
  if (found != theirs.size()) {
    for (const auto& item : theirs) {
      if (!NetShape(backbone).Has(item.key())) {
        problems.push_back(absl::StrCat(item.key(), ": only in the twin"));
      }
    }
  }
  if (problems.empty()) return twin;
  return absl::DataLossError(ListProblems(
      absl::StrCat("The twin of '", backbone.name(), "' is another net:"),
      problems, "Mend benchmarks/parity."));
}

at::Tensor TwinGradient(const PlainNet& twin, const Backbone& backbone) {
  const auto theirs = twin.named_parameters();
  std::vector<at::Tensor> pieces;
  for (const auto& ours : backbone.parameters().list()) {
    const at::Tensor& value = theirs[ours->name];
    const at::Tensor& gradient = value.grad();
    pieces.push_back(
        (gradient.defined() ? gradient : at::zeros_like(value)).flatten());
  }
  return at::cat(pieces);
}

}  // namespace bild
