#include "backbones/catalog.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "backbones/aodnet.h"
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

using OptionMap = std::map<std::string, std::string>;
using Maker = std::function<absl::StatusOr<std::unique_ptr<Backbone>>(
    OptionMap, const LayerScope&)>;

// Takes an integer option out of the map.
absl::Status TakeInteger(OptionMap& options, const std::string& name,
                         int64_t least, int64_t multiple_of, int64_t* value) {
  const auto found = options.find(name);
  if (found == options.end()) return absl::OkStatus();
  if (!absl::SimpleAtoi(found->second, value) || *value < least ||
      *value > 4096 || *value % multiple_of != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "option ", name, "='", found->second, "': expected ",
        multiple_of > 1 ? absl::StrCat("a multiple of ", multiple_of)
                        : std::string("an integer"),
        " from ", least, " to 4096"));
  }
  options.erase(found);
  return absl::OkStatus();
}

// Takes an option that is one of a few words out of the map.
absl::Status TakeWord(OptionMap& options, const std::string& name,
                      const std::vector<std::string>& known,
                      std::string* value) {
  const auto found = options.find(name);
  if (found == options.end()) return absl::OkStatus();
  *value = found->second;
  if (std::find(known.begin(), known.end(), *value) == known.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("option ", name, "='", *value, "': expected one of '",
                     absl::StrJoin(known, "', '"), "'"));
  }
  options.erase(found);
  return absl::OkStatus();
}

absl::Status NothingLeft(const OptionMap& options) {
  if (options.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("unknown option '", options.begin()->first, "'"));
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeAodNet(OptionMap options,
                                                     const LayerScope& scope) {
  std::string variant = "published";
  BILD_RETURN_IF_ERROR(
      TakeWord(options, "variant", {"published", "gunet"}, &variant));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  if (variant == "gunet") return std::make_unique<AodNetGunet>(scope);
  return std::make_unique<AodNet>(scope);
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeDehazeNet(
    OptionMap options, const LayerScope& scope) {
  std::string variant = "gunet";
  BILD_RETURN_IF_ERROR(
      TakeWord(options, "variant", {"gunet", "patch", "original"}, &variant));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  if (variant == "patch") return std::make_unique<DehazeNetPatch>(scope);
  if (variant == "original") return std::make_unique<DehazeNetOriginal>(scope);
  return std::make_unique<DehazeNet>(scope);
}

absl::StatusOr<std::unique_ptr<Backbone>> MakeFfa(OptionMap options,
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
    OptionMap options, const LayerScope& scope) {
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

absl::StatusOr<std::unique_ptr<Backbone>> MakeMsbdn(OptionMap options,
                                                    const LayerScope& scope) {
  MsbdnOptions msbdn;
  BILD_RETURN_IF_ERROR(TakeInteger(options, "width", /*least=*/1,
                                   /*multiple_of=*/1, &msbdn.width));
  BILD_RETURN_IF_ERROR(NothingLeft(options));
  return std::make_unique<Msbdn>(msbdn, scope);
}

// Takes the options of the wrapper that every net can have. Nothing where they
// do not ask for it.
absl::StatusOr<std::optional<DduOptions>> TakeDduOptions(OptionMap& options) {
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
                                                   OptionMap options) {
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

// "ffa[dim=16,blocks=2]" -> "ffa", {dim: 16, blocks: 2}.
absl::Status ParseSpec(const std::string& spec, std::string* name,
                       OptionMap* options) {
  const size_t bracket = spec.find('[');
  *name = spec.substr(0, bracket);
  if (bracket == std::string::npos) return absl::OkStatus();
  if (spec.back() != ']') {
    return absl::InvalidArgumentError(
        "expected NAME or NAME[option=value,...]");
  }
  const std::string inside =
      spec.substr(bracket + 1, spec.size() - bracket - 2);
  const std::vector<std::string> texts = absl::StrSplit(inside, ',');
  for (const std::string& text : texts) {
    const std::vector<std::string> pair =
        absl::StrSplit(text, absl::MaxSplits('=', 1));
    if (pair.size() != 2 || pair[0].empty() || pair[1].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' is not option=value"));
    }
    if (!options->emplace(pair[0], pair[1]).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("option '", pair[0], "' is given twice"));
    }
  }
  return absl::OkStatus();
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
  std::string name;
  OptionMap option_map;
  const absl::Status parsed = ParseSpec(spec, &name, &option_map);
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
  if (!parsed.ok()) return explain(parsed);
  auto backbone = MakeFrom(*row, std::move(option_map));
  if (!backbone.ok()) return explain(backbone.status());
  (*backbone)->layers().Materialise(options);
  return backbone;
}

}  // namespace bild
