#include "backbones/ffa.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/tensor.h"
#include "absl/strings/str_cat.h"

namespace bild {
namespace {

constexpr int64_t kGroups = 3;

// [B, C, H, W] -> [B, C, 1, 1].
at::Tensor GlobalAveragePool(const at::Tensor& x) {
  return x.mean({2, 3}, /*keepdim=*/true);
}

std::string DisplayName(const FfaOptions& options) {
  const FfaOptions published;
  std::string list;
  if (options.dim != published.dim) {
    absl::StrAppend(&list, "dim=", options.dim);
  }
  if (options.blocks != published.blocks) {
    absl::StrAppend(&list, list.empty() ? "" : ",", "blocks=", options.blocks);
  }
  return list.empty() ? "ffa" : absl::StrCat("ffa[", list, "]");
}

}  // namespace

// One weight per channel, from the channel's mean.
struct Ffa::ChannelAttention {
  ChannelAttention(const LayerScope& scope, int64_t dim)
      : squeeze(scope.Conv("ca.0", dim, dim / 8, 1)),
        excite(scope.Conv("ca.2", dim / 8, dim, 1)) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return x * excite(squeeze(GlobalAveragePool(x)).relu_()).sigmoid_();
  }
  const Conv2d &squeeze, &excite;
};

// One weight per pixel, the same for all channels.
struct Ffa::PixelAttention {
  PixelAttention(const LayerScope& scope, int64_t dim)
      : squeeze(scope.Conv("pa.0", dim, dim / 8, 1)),
        excite(scope.Conv("pa.2", dim / 8, 1, 1)) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return x * excite(squeeze(x).relu_()).sigmoid_();
  }
  const Conv2d &squeeze, &excite;
};

struct Ffa::Block {
  Block(const LayerScope& scope, int64_t dim)
      : conv1(scope.Conv("conv1", dim, dim, 3)),
        conv2(scope.Conv("conv2", dim, dim, 3)),
        channel_attention(scope / "calayer", dim),
        pixel_attention(scope / "palayer", dim) {}
  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor inner = conv2(conv1(x).relu_() + x);
    return pixel_attention(channel_attention(inner)).add_(x);
  }
  const Conv2d &conv1, &conv2;
  ChannelAttention channel_attention;
  PixelAttention pixel_attention;
};

struct Ffa::Group {
  Group(const LayerScope& scope, const FfaOptions& options) {
    for (int64_t i = 0; i < options.blocks; ++i) {
      blocks.push_back(
          std::make_unique<Block>(scope / absl::StrCat("gp.", i), options.dim));
    }
    last = &scope.Conv(absl::StrCat("gp.", options.blocks), options.dim,
                       options.dim, 3);
  }
  at::Tensor operator()(const at::Tensor& x) const {
    at::Tensor features = x;
    for (const auto& block : blocks) features = (*block)(features);
    return (*last)(features).add_(x);
  }
  std::vector<std::unique_ptr<Block>> blocks;
  const Conv2d* last;
};

// Channel attention over the groups' outputs side by side, which weighs the
// groups against each other: the group is the slow index of the 3 * dim
// weights.
struct Ffa::GroupFusion {
  GroupFusion(const LayerScope& scope, int64_t dim)
      : squeeze(scope.Conv("ca.1", kGroups * dim, dim / 16, 1)),
        excite(scope.Conv("ca.3", dim / 16, kGroups * dim, 1)) {}
  at::Tensor operator()(const std::vector<at::Tensor>& groups) const {
    const at::Tensor weights =
        excite(squeeze(GlobalAveragePool(at::cat(groups, 1))).relu_())
            .sigmoid_();
    const std::vector<at::Tensor> parts = weights.chunk(kGroups, 1);
    return parts[0] * groups[0] + parts[1] * groups[1] + parts[2] * groups[2];
  }
  const Conv2d &squeeze, &excite;
};

Ffa::Ffa(const FfaOptions& options, const LayerScope& scope)
    : Backbone(scope), name_(DisplayName(options)) {
  for (int64_t g = 1; g <= kGroups; ++g) {
    groups_.push_back(
        std::make_unique<Group>(scope / absl::StrCat("g", g), options));
  }
  fusion_ = std::make_unique<GroupFusion>(scope, options.dim);
  pixel_attention_ =
      std::make_unique<PixelAttention>(scope / "palayer", options.dim);
  pre_ = &scope.Conv("pre.0", 3, options.dim, 3);
  post0_ = &scope.Conv("post.0", options.dim, options.dim, 3);
  post1_ = &scope.Conv("post.1", options.dim, 3, 3);
}

Ffa::~Ffa() = default;

at::Tensor Ffa::Forward(const at::Tensor& input) const {
  std::vector<at::Tensor> groups;
  at::Tensor features = (*pre_)(input);
  for (const auto& group : groups_) {
    features = (*group)(features);
    groups.push_back(features);
  }
  const at::Tensor fused = (*pixel_attention_)((*fusion_)(groups));
  return (*post1_)((*post0_)(fused)).add_(input);
}

at::Tensor Ffa::NormaliseInput(const at::Tensor& hazy01) const {
  const at::Tensor mean =
      at::tensor({0.64, 0.60, 0.58}, hazy01.options()).view({1, 3, 1, 1});
  const at::Tensor deviation =
      at::tensor({0.14, 0.15, 0.152}, hazy01.options()).view({1, 3, 1, 1});
  return (hazy01 - mean) / deviation;
}

}  // namespace bild
