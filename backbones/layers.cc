#include "backbones/layers.h"

#include <utility>

#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {

Parameter* LayerSet::AddParameter(const std::string& name,
                                  const std::vector<int64_t>& shape,
                                  int64_t fan_in) {
  Parameter* parameter = parameters_.Add(name, shape, fan_in);
  state_.push_back(parameter);
  return parameter;
}

Parameter* LayerSet::AddConstant(const std::string& name,
                                 const std::vector<int64_t>& shape,
                                 double initial) {
  Parameter* parameter = AddParameter(name, shape, /*fan_in=*/1);
  parameter->initial = initial;
  return parameter;
}

Parameter* LayerSet::AddBuffer(const std::string& name,
                               const std::vector<int64_t>& shape,
                               double initial) {
  Parameter* buffer = buffers_.Add(name, shape, /*fan_in=*/1);
  buffer->initial = initial;
  state_.push_back(buffer);
  return buffer;
}

const Conv2d& LayerSet::AddConv2d(const std::string& name, int64_t in_channels,
                                  int64_t out_channels, int64_t kernel_px,
                                  int64_t stride_px) {
  ConvolutionGeometry geometry;
  geometry.kernel_px = kernel_px;
  geometry.stride_px = stride_px;
  geometry.padding_px = kernel_px / 2;
  return AddConv2d(name, in_channels, out_channels, geometry);
}

const Conv2d& LayerSet::AddConv2d(const std::string& name, int64_t in_channels,
                                  int64_t out_channels,
                                  const ConvolutionGeometry& geometry) {
  TORCH_CHECK(geometry.padding_px < geometry.kernel_px, "convolution '", name,
              "': padding ", geometry.padding_px,
              " px, expected less than the kernel's ", geometry.kernel_px);
  const int64_t fan_in = in_channels * geometry.kernel_px * geometry.kernel_px;
  Parameter* weight = AddParameter(
      name + ".weight",
      {out_channels, in_channels, geometry.kernel_px, geometry.kernel_px},
      fan_in);
  Parameter* bias = AddParameter(name + ".bias", {out_channels}, fan_in);
  return Keep(std::make_unique<Conv2d>(*this, weight, bias, geometry));
}

const ConvTranspose2d& LayerSet::AddConvTranspose2d(
    const std::string& name, int64_t in_channels, int64_t out_channels,
    const ConvolutionGeometry& geometry) {
  // PyTorch's default initialisation reads the second extent as the inputs.
  const int64_t fan_in = out_channels * geometry.kernel_px * geometry.kernel_px;
  Parameter* weight = AddParameter(
      name + ".weight",
      {in_channels, out_channels, geometry.kernel_px, geometry.kernel_px},
      fan_in);
  Parameter* bias = AddParameter(name + ".bias", {out_channels}, fan_in);
  return Keep(std::make_unique<ConvTranspose2d>(*this, weight, bias, geometry));
}

const Linear& LayerSet::AddLinear(const std::string& name, int64_t in_features,
                                  int64_t out_features) {
  Parameter* weight =
      AddParameter(name + ".weight", {out_features, in_features}, in_features);
  Parameter* bias = AddParameter(name + ".bias", {out_features}, in_features);
  return Keep(std::make_unique<Linear>(*this, weight, bias));
}

const PRelu& LayerSet::AddPRelu(const std::string& name) {
  return Keep(
      std::make_unique<PRelu>(*this, AddConstant(name + ".weight", {1}, 0.25)));
}

const BatchNorm2d& LayerSet::AddBatchNorm2d(const std::string& name,
                                            int64_t channels) {
  has_batch_norm_ = true;
  Parameter* weight = AddConstant(name + ".weight", {channels}, 1.0);
  Parameter* bias = AddConstant(name + ".bias", {channels}, 0.0);
  Parameter* mean = AddBuffer(name + ".running_mean", {channels}, 0.0);
  Parameter* variance = AddBuffer(name + ".running_var", {channels}, 1.0);
  return Keep(
      std::make_unique<BatchNorm2d>(*this, weight, bias, mean, variance));
}

Parameter* LayerSet::AddGains(const std::string& name,
                              const std::vector<int64_t>& shape) {
  return AddConstant(name, shape, 1.0);
}

const ChannelGain& LayerSet::AddChannelGain(Parameter* gains, int64_t start,
                                            int64_t channels) {
  TORCH_CHECK(start >= 0 && channels >= 1 && start + channels <= gains->numel,
              "gain window [", start, ", ", start + channels, ") of '",
              gains->name, "' with ", gains->numel, " elements");
  return Keep(std::make_unique<ChannelGain>(*this, gains, start, channels));
}

void LayerSet::Materialise(const at::TensorOptions& options) {
  parameters_.Materialise(options);
  buffers_.Materialise(options, /*requires_grad=*/false);
  ResetBuffers();
}

void LayerSet::ResetBuffers() {
  for (const auto& buffer : buffers_.list()) {
    buffer->value.fill_(*buffer->initial);
  }
}

}  // namespace bild
