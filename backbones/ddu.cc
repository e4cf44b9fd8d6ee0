#include "backbones/ddu.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/tanh.h"
#include "absl/strings/str_cat.h"
#include "backbones/ddu_operators.h"

namespace bild {
namespace {

constexpr int64_t kGuideChannels = 16;

std::string DisplayName(const std::string& inner, const DduOptions& options) {
  const DduOptions published;
  std::string name = inner;
  if (name.back() == ']') {
    name.back() = ',';
  } else {
    name += '[';
  }
  absl::StrAppend(&name, "ddu=", options.side_px);
  if (options.grid_side_px != published.grid_side_px) {
    absl::StrAppend(&name, ",ddu_grid=", options.grid_side_px);
  }
  if (options.width != published.width) {
    absl::StrAppend(&name, ",ddu_width=", options.width);
  }
  return name + "]";
}

}  // namespace

// From one colour of the large picture to where its pixels stand between the
// grid's ends: [B, 1, H, W] in (-1, 1).
struct Ddu::Guide {
  // Declared in another order than it runs.
  struct Block {
    Block(const LayerScope& scope, int64_t in_channels)
        : conv(scope.Conv("conv", in_channels, kGuideChannels, 3)),
          activation(scope.Prelu("activation")),
          norm(scope.BatchNorm("bn", kGuideChannels)) {}
    at::Tensor operator()(const at::Tensor& x) const {
      return activation(norm(conv(x)));
    }
    const Conv2d& conv;
    const PRelu& activation;
    const BatchNorm2d& norm;
  };

  explicit Guide(const LayerScope& scope)
      : block1(scope / "conv1", 1),
        block2(scope / "conv2", kGuideChannels),
        last(scope.Conv("conv3.conv", kGuideChannels, 1, 1)) {}
  at::Tensor operator()(const at::Tensor& colour) const {
    return at::tanh(last(block2(block1(colour))));
  }
  Block block1, block2;
  const Conv2d& last;
};

// Two convolutions with a PReLU after each.
struct Ddu::TwoConvs {
  TwoConvs(const LayerScope& scope, int64_t in_channels,
           int64_t middle_channels, int64_t last_kernel_px)
      : conv1(scope.Conv("0", in_channels, middle_channels, 3)),
        activation1(scope.Prelu("1")),
        conv2(scope.Conv("2", middle_channels, 3, last_kernel_px)),
        activation2(scope.Prelu("3")) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return activation2(conv2(activation1(conv1(x))));
  }
  const Conv2d& conv1;
  const PRelu& activation1;
  const Conv2d& conv2;
  const PRelu& activation2;
};

Ddu::Ddu(const DduOptions& options, const Maker& make_inner,
         const LayerScope& scope)
    : Backbone(scope), options_(options) {
  guide_r_ = std::make_unique<Guide>(scope / "guide_r");
  guide_g_ = std::make_unique<Guide>(scope / "guide_g");
  guide_b_ = std::make_unique<Guide>(scope / "guide_b");
  grid_net_ = std::make_unique<DduUnet>(scope / "u_net", options.width);
  inner_ = make_inner(scope / "u_net_mini");
  name_ = DisplayName(inner_->name(), options);
  // In the published weights, and of no effect there.
  scope.Prelu("smooth");
  fusion_ = std::make_unique<TwoConvs>(scope / "fusion", 9, 16, 1);
  multiplier_ = std::make_unique<TwoConvs>(scope / "x_r_fusion", 3, 8, 3);
  activation_ = &scope.Prelu("p");
  point_r_ = &scope.Conv("r_point", 3, 3, 1);
  point_g_ = &scope.Conv("g_point", 3, 3, 1);
  point_b_ = &scope.Conv("b_point", 3, 3, 1);
}

Ddu::~Ddu() = default;

at::Tensor Ddu::InnerInput(const at::Tensor& input) const {
  return inner_->NormaliseInput(
      ResizeBicubic(input, options_.side_px, options_.side_px));
}

// What the small pictures give: the bilateral grid and the restored picture of
// the inner net, both small.
struct Ddu::SmallPicture final : WholePicture {
  at::Tensor grid;
  at::Tensor restored;
};

Ddu::SmallPicture Ddu::LookAt(const at::Tensor& input) const {
  SmallPicture small;
  small.grid = BilateralGrid((*grid_net_)(
      ResizeBicubic(input, options_.grid_side_px, options_.grid_side_px)));
  small.restored = inner_->OutputToUnit(inner_->Forward(InnerInput(input)));
  return small;
}

at::Tensor Ddu::Guided(const at::Tensor& input, const BilateralSlice& slice,
                       const at::Tensor& restored) const {
  const auto guided = [&](const Guide& guide, int64_t colour,
                          const Conv2d& point) {
    return ApplyCoefficients(slice.At(guide(input.narrow(1, colour, 1))),
                             (*activation_)(point(restored)));
  };
  const at::Tensor fused = (*fusion_)(
      at::cat({guided(*guide_r_, 0, *point_r_), guided(*guide_g_, 1, *point_g_),
               guided(*guide_b_, 2, *point_b_)},
              1));
  return (*activation_)((*multiplier_)(fused)*input - fused + 1.0);
}

at::Tensor Ddu::Forward(const at::Tensor& input) const {
  const int64_t height_px = input.size(2);
  const int64_t width_px = input.size(3);
  const SmallPicture small = LookAt(input);
  return Guided(input, BilateralSlice(small.grid, height_px, width_px),
                ResizeBicubic(small.restored, height_px, width_px));
}

std::shared_ptr<const WholePicture> Ddu::LookAtWhole(
    const at::Tensor& hazy01) const {
  return std::make_shared<SmallPicture>(LookAt(hazy01));
}

at::Tensor Ddu::RestoreWindow(const at::Tensor& hazy01,
                              const PictureWindow& place,
                              const WholePicture* whole) const {
  const auto& small = dynamic_cast<const SmallPicture&>(*whole);
  const int64_t height_px = hazy01.size(2);
  const int64_t width_px = hazy01.size(3);
  const at::Tensor window = hazy01.narrow(2, place.y_px, place.height_px)
                                .narrow(3, place.x_px, place.width_px)
                                .contiguous();
  return Guided(
      window,
      BilateralSlice(small.grid, height_px, width_px)
          .Window(place.y_px, place.height_px, place.x_px, place.width_px),
      ResizeBicubicWindow(small.restored, height_px, width_px, place.y_px,
                          place.height_px, place.x_px, place.width_px));
}

std::optional<Liveness> Ddu::CheckLiveness(const at::Tensor& input) const {
  return inner_->CheckLiveness(InnerInput(input));
}

}  // namespace bild
