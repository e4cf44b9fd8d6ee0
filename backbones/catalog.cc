#include "backbones/catalog.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/aodnet.h"
#include "backbones/backbone_spec.h"
#include "backbones/ddu.h"
#include "backbones/dehazenet.h"
#include "backbones/dehazenet_original.h"
#include "backbones/dehazenet_patch.h"
#include "backbones/ffa.h"
#include "backbones/griddehazenet.h"
#include "backbones/msbdn.h"
#include "bild/base/status.h"

namespace bild {
namespace {

// For messages.
constexpr char kDduOptionList[] = "ddu=S, ddu_grid (256), ddu_width (64)";

using Maker = std::function<absl::StatusOr<std::unique_ptr<Backbone>>(
    BackboneOptions, const LayerScope&)>;

absl::StatusOr<std::unique_ptr<Backbone>> MakeAodNet(BackboneOptions options,
                                                     const LayerScope& scope) {
  std::string variant = "published";
  BILD_RETURN_IF_ERROR(
      TakeWord(options, "variant", {"published", "gunet"}, &variant));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  if (variant == "gunet") return std::make_unique<AodNetGunet>(scope);
  return std::make_unique<AodNet>(scope);
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeDehazeNet(
    BackboneOptions options, const LayerScope& scope) {
  std::string variant = "gunet";
  BILD_RETURN_IF_ERROR(
      TakeWord(options, "variant", {"gunet", "patch", "original"}, &variant));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  if (variant == "patch") return std::make_unique<DehazeNetPatch>(scope);
  if (variant == "original") return std::make_unique<DehazeNetOriginal>(scope);
  return std::make_unique<DehazeNet>(scope);
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeFfa(BackboneOptions options,
                                                  const LayerScope& scope) {
  FfaOptions ffa;
  BILD_RETURN_IF_ERROR(TakeInteger(options, "dim", /*least=*/16,
                                   /*multiple_of=*/16, &ffa.dim));
  BILD_RETURN_IF_ERROR(TakeInteger(options, "blocks", /*least=*/1,
                                   /*multiple_of=*/1, &ffa.blocks));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  return std::make_unique<Ffa>(ffa, scope);
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeGridDehazeNet(
    BackboneOptions options, const LayerScope& scope) {
  GridDehazeNetOptions grid;
  std::string input = "published";
  BILD_RETURN_IF_ERROR(TakeInteger(options, "width", /*least=*/1,
                                   /*multiple_of=*/1, &grid.width));
  BILD_RETURN_IF_ERROR(TakeInteger(options, "growth", /*least=*/1,
                                   /*multiple_of=*/1, &grid.growth));
  BILD_RETURN_IF_ERROR(
      TakeWord(options, "input", {"published", "unit"}, &input));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  grid.reads_unit = input == "unit";
  return std::make_unique<GridDehazeNet>(grid, scope);
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeMsbdn(BackboneOptions options,
                                                    const LayerScope& scope) {
  MsbdnOptions msbdn;
  BILD_RETURN_IF_ERROR(TakeInteger(options, "width", /*least=*/1,
                                   /*multiple_of=*/1, &msbdn.width));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  return std::make_unique<Msbdn>(msbdn, scope);
}

// Takes the options of the wrapper that every net can have. Nothing where they
// do not ask for it.
absl::StatusOr<std::optional<DduOptions>> TakeDduOptions(
    BackboneOptions& options) {
  if (options.count("ddu") == 0) {
    for (const std::string name : {"ddu_grid", "ddu_width"}) {
      if (options.count(name) == 0) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "option ", name, " without ddu=S, the side of the small picture"));
    }
    return std::optional<DduOptions>();
  }
  DduOptions ddu;
  BILD_RETURN_IF_ERROR(TakeInteger(options, "ddu", /*least=*/2,
                                   /*multiple_of=*/1, &ddu.side_px));
  BILD_RETURN_IF_ERROR(TakeInteger(options, "ddu_width", /*least=*/1,
                                   /*multiple_of=*/1, &ddu.width));
  if (auto found = options.find("ddu_grid"); found != options.end()) {
    if (found->second != "256" && found->second != "64") {
      return absl::InvalidArgumentError(absl::StrCat(
          "option ddu_grid='", found->second, "': expected 256 or 64"));
    }
    ddu.grid_side_px = found->second == "256" ? 256 : 64;
    options.erase(found);
  }
  return std::make_optional(ddu);
}

absl::Status CheckSmallPicture(const DduOptions& ddu, const Backbone& inner) {
  if (ddu.side_px % inner.SizeMultiple() == 0 &&
      ddu.side_px >= inner.SmallestSide()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "option ddu='", ddu.side_px, "': ", inner.name(),
      " dehazes the small picture, and takes sides that are multiples of ",
      inner.SizeMultiple(), " px, from ", inner.SmallestSide(), " px on"));
}

struct Row {
  BackboneInfo info;
  Maker make;
};

const std::vector<Row>& Rows() {
  static const auto* rows = new std::vector<Row>{
      {{"aodnet", "one map K(x) from five small convolutions, 1,761 parameters",
        "Li et al., AOD-Net: All-in-One Dehazing Network, ICCV 2017",
        "variant=published|gunet"},
       MakeAodNet},
      {{"dehazenet",
        "a transmission map from maxout and multi-scale convolutions, 8,929 "
        "parameters",
        "Cai et al., DehazeNet: An End-to-End System for Single Image Haze "
        "Removal, IEEE TIP 2016",
        "variant=gunet|patch|original"},
       MakeDehazeNet},
      {{"ffa", "three groups of channel and pixel attention, 4.46 M parameters",
        "Qin et al., FFA-Net: Feature Fusion Attention Network for Single "
        "Image Dehazing, AAAI 2020",
        "dim (64), blocks (19)"},
       MakeFfa},
      {{"griddehazenet",
        "a grid of residual dense blocks, three scales by six columns, 0.96 M "
        "parameters",
        "Liu et al., GridDehazeNet: Attention-Based Multi-Scale Network for "
        "Image Dehazing, ICCV 2019",
        "width (16), growth (16), input=published|unit"},
       MakeGridDehazeNet},
      {{"msbdn",
        "U-Net with boosted decoder and back-projection of all scales, 31.4 M "
        "parameters",
        "Dong et al., Multi-Scale Boosted Dehazing Network with Dense Feature "
        "Fusion, CVPR 2020",
        "width (16)"},
       MakeMsbdn},
  };
  return *rows;
}

// With the wrapper where the options ask for it.
absl::StatusOr<std::unique_ptr<Backbone>> MakeFrom(const Row& row,
                                                   BackboneOptions options) {
  BILD_ASSIGN_OR_RETURN(const std::optional<DduOptions> ddu,
                        TakeDduOptions(options));
  // Of a wrapped net only to see that it can be made and takes the picture: its
  // layers are declared among the wrapper's.
  auto bare = row.make(options, LayerScope());
  if (!bare.ok() || !ddu.has_value()) return bare;
  if (const std::string why = (*bare)->WhyNotTrainable(); !why.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("option ddu='", ddu->side_px, "': ", (*bare)->name(),
                     " cannot be part of another net: ", why));
  }
  BILD_RETURN_IF_ERROR(CheckSmallPicture(*ddu, **bare));
  return std::make_unique<Ddu>(*ddu, [&](const LayerScope& scope) {
    return row.make(options, scope).value();
  });
}

}  // namespace

const std::vector<BackboneInfo>& BackboneCatalog() {
  static const auto* infos = [] {
    auto* list = new std::vector<BackboneInfo>;
    for (const Row& row : Rows()) list->push_back(row.info);
    return list;
  }();
  return *infos;
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeBackbone(
    const std::string& spec, const at::TensorOptions& options) {
  const std::string name = BackboneNameOf(spec);
  const Row* row = nullptr;
  std::vector<std::string> known;
  for (const Row& candidate : Rows()) {
    known.push_back(candidate.info.name);
    if (candidate.info.name == name) row = &candidate;
  }
  if (row == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("backbone '", spec, "': there is no net '", name,
                     "'. Known backbones: ", absl::StrJoin(known, ", "), "."));
  }
  const auto explain = [&](const absl::Status& status) {
    return absl::InvalidArgumentError(absl::StrCat(
        "backbone '", spec, "': ", status.message(), ". Options of ", name,
        ": ", row->info.options, "; of every net: ", kDduOptionList, "."));
  };
  const auto option_map = ParseBackboneOptions(spec);
  if (!option_map.ok()) return explain(option_map.status());
  auto backbone = MakeFrom(*row, *option_map);
  if (!backbone.ok()) return explain(backbone.status());
  (*backbone)->layers().Materialise(options);
  return backbone;
}

}  // namespace bild
