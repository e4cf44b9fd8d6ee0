// Layers that treat every pixel by itself: PReLU and the gain of a channel.

#ifndef BACKBONES_POINTWISE_H_
#define BACKBONES_POINTWISE_H_

#include <cstdint>
#include <memory>

#include "ATen/core/Tensor.h"
#include "backbones/layer.h"

namespace bild {

// max(x, 0) + weight min(x, 0) with one slope for all channels (He et al.,
// "Delving Deep into Rectifiers", ICCV 2015). Weight [1], no bias. Input
// [B, ...].
class PRelu final : public Layer {
 public:
  PRelu(const LayerSet& set, Parameter* weight) : Layer(set, weight, nullptr) {}
  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  at::Tensor Movement(const at::Tensor& input, const at::Tensor& weight,
                      const at::Tensor& bias) const override;
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;
  int64_t MultiplyAdds(const at::Tensor& input,
                       const at::Tensor& output) const override;
};

// One factor per channel, a window of [C] into a larger parameter. Input
// [B, C, H, W], no bias.
class ChannelGain final : public Layer {
 public:
  // `whole`'s elements [start, start + channels) are the factors.
  ChannelGain(const LayerSet& set, Parameter* whole, int64_t start,
              int64_t channels);
  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;
  int64_t MultiplyAdds(const at::Tensor& input,
                       const at::Tensor& output) const override;

 protected:
  at::Tensor CurrentWeight() const override;

 private:
  ChannelGain(const LayerSet& set, Parameter* whole, int64_t start,
              std::unique_ptr<Parameter> window);

  Parameter* whole_;
  int64_t start_;
  std::unique_ptr<Parameter> window_;
};

}  // namespace bild

#endif  // BACKBONES_POINTWISE_H_
