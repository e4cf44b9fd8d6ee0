#include "backbones/msbdn.h"

#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/lerp.h"
#include "ATen/ops/reflection_pad2d.h"
#include "ATen/ops/upsample_bilinear2d.h"
#include "ATen/ops/where.h"
#include "absl/strings/str_cat.h"

namespace bild {
namespace {

// Halvings of the resolution.
constexpr int64_t kScales = 4;
constexpr int64_t kRefineBlocks = 3;
constexpr int64_t kDehazeBlocks = 18;
// Of a residual branch.
constexpr double kResidualGain = 0.1;

std::string DisplayName(const MsbdnOptions& options) {
  if (options.width == MsbdnOptions().width) return "msbdn";
  return absl::StrCat("msbdn[width=", options.width, "]");
}

// n + 1 rows to n: a resampling, not a crop.
at::Tensor ResizeWhole(const at::Tensor& x, int64_t height_px,
                       int64_t width_px) {
  return at::upsample_bilinear2d(x, {height_px, width_px},
                                 /*align_corners=*/false);
}

// Output i of such a resize is a mixture of inputs i and i + 1. The share of
// the latter, for `count` of the whole's `outputs` from `start` on; taken from
// the resize itself, so that it is rounded as on the whole picture.
at::Tensor ShareOfNext(int64_t outputs, int64_t start, int64_t count,
                       const at::TensorOptions& options) {
  const at::Tensor is_odd = at::arange(outputs + 1, options).remainder(2);
  const at::Tensor share_of_odd =
      ResizeWhole(is_odd.view({1, 1, outputs + 1, 1}), outputs, 1).flatten();
  return at::where(is_odd.narrow(0, 0, outputs) == 0, share_of_odd,
                   1 - share_of_odd)
      .narrow(0, start, count);
}

}  // namespace

// Of a window, in pixels of the finest scale.
struct Msbdn::PlaceInWhole {
  int64_t x_px, y_px;
  int64_t whole_width_px, whole_height_px;

  // ResizeWhole() of a window of the whole's map at 1 / `reduction` of the
  // resolution, to height_px x width_px.
  at::Tensor Resize(const at::Tensor& x, int64_t height_px, int64_t width_px,
                    int64_t reduction) const {
    const at::Tensor down =
        ShareOfNext(whole_height_px / reduction, y_px / reduction, height_px,
                    x.options())
            .view({-1, 1});
    const at::Tensor across = ShareOfNext(
        whole_width_px / reduction, x_px / reduction, width_px, x.options());
    const at::Tensor rows =
        at::lerp(x.narrow(2, 0, height_px), x.narrow(2, 1, height_px), down);
    return at::lerp(rows.narrow(3, 0, width_px), rows.narrow(3, 1, width_px),
                    across);
  }
};

// A convolution that reflects the picture at its edges.
struct Msbdn::ReflectConv {
  ReflectConv(const LayerScope& scope, int64_t in_channels,
              int64_t out_channels, int64_t kernel_px, int64_t stride_px = 1)
      : padding_px(kernel_px / 2) {
    ConvolutionGeometry geometry;
    geometry.kernel_px = kernel_px;
    geometry.stride_px = stride_px;
    convolution = &scope.Conv("conv2d", in_channels, out_channels, geometry);
  }
  at::Tensor operator()(const at::Tensor& x) const {
    return (*convolution)(at::reflection_pad2d(
        x, {padding_px, padding_px, padding_px, padding_px}));
  }
  int64_t padding_px;
  const Conv2d* convolution;
};

// Residual blocks in series, named `prefix`0, `prefix`1, ...
struct Msbdn::ResidualBlocks {
  struct Block {
    Block(const LayerScope& scope, int64_t channels)
        : conv1(scope / "conv1", channels, channels, 3),
          conv2(scope / "conv2", channels, channels, 3),
          activation(scope.Prelu("relu")) {}
    at::Tensor operator()(const at::Tensor& x) const {
      at::Tensor branch = conv1(x);
      branch = activation(branch);
      branch = conv2(branch);
      return branch.mul_(kResidualGain).add_(x);
    }
    ReflectConv conv1, conv2;
    const PRelu& activation;
  };

  ResidualBlocks(const LayerScope& scope, const std::string& prefix,
                 int64_t count, int64_t channels) {
    for (int64_t i = 0; i < count; ++i) {
      blocks.push_back(
          std::make_unique<Block>(scope / absl::StrCat(prefix, i), channels));
    }
  }
  at::Tensor operator()(const at::Tensor& x) const {
    at::Tensor features = x;
    for (const auto& block : blocks) features = (*block)(features);
    return features;
  }
  std::vector<std::unique_ptr<Block>> blocks;
};

// Dense feature fusion by back-projection: the
// feature is brought to the scale of every stored one in turn, compared there,
// and the difference brought back. All rounds share their units, and the
// feature moves between rounds.
struct Msbdn::BackProjection {
  // Twice or half the resolution, and an activation.
  struct Unit {
    at::Tensor operator()(const at::Tensor& x) const {
      return (*activation)((*convolution)(x));
    }
    const Layer* convolution;
    const PRelu* activation;
  };

  static ConvolutionGeometry UnitGeometry() {
    ConvolutionGeometry geometry;
    geometry.kernel_px = 4;
    geometry.stride_px = 2;
    geometry.padding_px = 1;
    return geometry;
  }
  static Unit UpUnit(const LayerScope& scope, int64_t in_channels) {
    const Layer& convolution = scope.ConvTranspose(
        "deconv", in_channels, in_channels / 2, UnitGeometry());
    return {&convolution, &scope.Prelu("act")};
  }
  static Unit DownUnit(const LayerScope& scope, int64_t in_channels) {
    const Layer& convolution =
        scope.Conv("conv", in_channels, in_channels * 2, UnitGeometry());
    return {&convolution, &scope.Prelu("act")};
  }

  // `stored` is the number of stored features. In the encoder they are finer
  // than the feature: away is up.
  static BackProjection OfEncoder(const LayerScope& scope, int64_t channels,
                                  int64_t stored) {
    BackProjection fusion;
    for (int64_t q = 0; q < stored; ++q) {
      fusion.away.push_back(
          UpUnit(scope / absl::StrCat("up_convs.", q), channels >> q));
    }
    for (int64_t q = 0; q < stored; ++q) {
      fusion.back.push_back(DownUnit(scope / absl::StrCat("down_convs.", q),
                                     channels >> (q + 1)));
    }
    return fusion;
  }
  // In the decoder they are coarser.
  static BackProjection OfDecoder(const LayerScope& scope, int64_t channels,
                                  int64_t stored) {
    BackProjection fusion;
    for (int64_t q = 0; q < stored; ++q) {
      fusion.away.push_back(
          DownUnit(scope / absl::StrCat("down_convs.", q), channels << q));
    }
    for (int64_t q = 0; q < stored; ++q) {
      fusion.back.push_back(
          UpUnit(scope / absl::StrCat("up_convs.", q), channels << (q + 1)));
    }
    return fusion;
  }

  // `stored`: the farthest scale first.
  at::Tensor operator()(const at::Tensor& x,
                        const std::vector<at::Tensor>& stored) const {
    at::Tensor feature = x;
    for (size_t r = 0; r < stored.size(); ++r) {
      const size_t steps = stored.size() - r;
      at::Tensor error = feature;
      for (size_t q = 0; q < steps; ++q) error = away[q](error);
      error.sub_(stored[r]);
      for (size_t q = steps; q > 0; --q) error = back[q - 1](error);
      feature = error.add_(feature);
    }
    return feature;
  }
  std::vector<Unit> away;  // From the feature's scale on.
  std::vector<Unit> back;  // away[q]'s way back.
};

// Scale 1 is half the resolution, scale 4 a sixteenth.
struct Msbdn::EncoderStage {
  EncoderStage(const LayerScope& scope, int64_t scale, int64_t channels)
      : down(scope / absl::StrCat("conv", 1 << scale, "x"), channels / 2,
             channels, 3, /*stride_px=*/2),
        fusion(BackProjection::OfEncoder(scope / absl::StrCat("fusion", scale),
                                         channels, scale)) {
    if (scale == kScales) return;  // What follows is the dehazing itself.
    refine = std::make_unique<ResidualBlocks>(
        scope / absl::StrCat("dense", scale), "", kRefineBlocks, channels);
  }
  ReflectConv down;
  BackProjection fusion;
  std::unique_ptr<ResidualBlocks> refine;
};

struct Msbdn::DecoderStage {
  // From `scale` to the next finer one, of `channels`.
  DecoderStage(const LayerScope& scope, int64_t scale, int64_t channels)
      : reduction(int64_t{1} << (scale - 1)),
        up((scope / absl::StrCat("convd", 1 << scale, "x"))
               .ConvTranspose("conv2d", channels * 2, channels, UpGeometry())),
        refine(scope / absl::StrCat("dense_", scale), "", kRefineBlocks,
               channels),
        fusion(BackProjection::OfDecoder(scope / absl::StrCat("fusion_", scale),
                                         channels, kScales + 1 - scale)) {}
  static ConvolutionGeometry UpGeometry() {
    ConvolutionGeometry geometry;
    geometry.kernel_px = 3;
    geometry.stride_px = 2;
    return geometry;
  }
  // Strengthen, operate, subtract: refine(u + skip) - u. Lets go of the skip.
  at::Tensor operator()(const at::Tensor& coarse, at::Tensor skip,
                        const std::vector<at::Tensor>& stored,
                        const PlaceInWhole* place) const {
    const at::Tensor u =
        place == nullptr
            ? ResizeWhole(up(coarse), skip.size(2), skip.size(3))
            : place->Resize(up(coarse), skip.size(2), skip.size(3), reduction);
    const at::Tensor strengthened = u + skip;
    skip = at::Tensor();
    return fusion(refine(strengthened).add_(strengthened).sub_(u), stored);
  }
  int64_t reduction;  // Of the resolution, after it.
  const ConvTranspose2d& up;
  ResidualBlocks refine;
  BackProjection fusion;
};

Msbdn::Msbdn(const MsbdnOptions& options, const LayerScope& scope)
    : Backbone(scope), name_(DisplayName(options)) {
  const int64_t width = options.width;
  first_ = std::make_unique<ReflectConv>(scope / "conv_input", 3, width, 11);
  refine_first_ = std::make_unique<ResidualBlocks>(scope / "dense0", "",
                                                   kRefineBlocks, width);
  for (int64_t scale = 1; scale <= kScales; ++scale) {
    encoder_.push_back(
        std::make_unique<EncoderStage>(scope, scale, width << scale));
  }
  dehaze_ = std::make_unique<ResidualBlocks>(scope / "dehaze", "res",
                                             kDehazeBlocks, width << kScales);
  for (int64_t scale = kScales; scale >= 1; --scale) {
    decoder_.push_back(
        std::make_unique<DecoderStage>(scope, scale, width << (scale - 1)));
  }
  last_ = std::make_unique<ReflectConv>(scope / "conv_output", width, 3, 3);
}

Msbdn::~Msbdn() = default;

at::Tensor Msbdn::Forward(const at::Tensor& input) const {
  return Run(input, nullptr);
}

at::Tensor Msbdn::RestoreWindow(const at::Tensor& hazy01,
                                const PictureWindow& place,
                                const WholePicture* /*whole*/) const {
  const PlaceInWhole in_whole{place.x_px, place.y_px, hazy01.size(3),
                              hazy01.size(2)};
  return Run(hazy01.narrow(2, place.y_px, place.height_px)
                 .narrow(3, place.x_px, place.width_px)
                 .contiguous(),
             &in_whole);
}

at::Tensor Msbdn::Run(const at::Tensor& input,
                      const PlaceInWhole* place) const {
  at::Tensor feature = (*first_)(input);
  // What later stages compare with is fused but not yet refined; what the
  // decoder is handed is refined. Both finest first.
  std::vector<at::Tensor> stored = {feature};
  std::vector<at::Tensor> skips = {(*refine_first_)(feature).add_(feature)};
  for (const auto& stage : encoder_) {
    feature = stage->fusion(stage->down(skips.back()), stored);
    if (stage->refine == nullptr) break;
    stored.push_back(feature);
    skips.push_back((*stage->refine)(feature).add_(feature));
  }
  const at::Tensor doubled = feature * 2.0;
  feature = (*dehaze_)(doubled).add_(doubled).sub_(feature);
  stored = {feature};
  for (const auto& stage : decoder_) {
    at::Tensor skip = std::move(skips.back());
    skips.pop_back();
    feature = (*stage)(feature, std::move(skip), stored, place);
    stored.push_back(feature);
  }
  return (*last_)(feature);
}

}  // namespace bild
