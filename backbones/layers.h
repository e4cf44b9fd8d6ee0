// The layers of one net, and how a net declares them: with LayerScope, as its
// paper draws it.

#ifndef BACKBONES_LAYERS_H_
#define BACKBONES_LAYERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/batch_norm.h"
#include "backbones/convolution.h"
#include "backbones/layer.h"
#include "backbones/linear.h"
#include "backbones/parameter_set.h"
#include "backbones/pointwise.h"
#include "c10/core/TensorOptions.h"

namespace bild {

class LayerTape;

// The layers of one net, their parameters and their buffers.
class LayerSet {
 public:
  LayerSet() = default;
  LayerSet(const LayerSet&) = delete;
  LayerSet& operator=(const LayerSet&) = delete;

  // Zero padding kernel / 2: "same" for odd kernels at stride 1.
  const Conv2d& AddConv2d(const std::string& name, int64_t in_channels,
                          int64_t out_channels, int64_t kernel_px,
                          int64_t stride_px);
  const Conv2d& AddConv2d(const std::string& name, int64_t in_channels,
                          int64_t out_channels,
                          const ConvolutionGeometry& geometry);
  const ConvTranspose2d& AddConvTranspose2d(
      const std::string& name, int64_t in_channels, int64_t out_channels,
      const ConvolutionGeometry& geometry);
  const Linear& AddLinear(const std::string& name, int64_t in_features,
                          int64_t out_features);
  // Slope 0.25 at first.
  const PRelu& AddPRelu(const std::string& name);
  // Weight 1, bias 0, running mean 0, running variance 1 at first.
  const BatchNorm2d& AddBatchNorm2d(const std::string& name, int64_t channels);
  // A parameter of gains, all 1 at first, whose windows AddChannelGain() names.
  Parameter* AddGains(const std::string& name,
                      const std::vector<int64_t>& shape);
  const ChannelGain& AddChannelGain(Parameter* gains, int64_t start,
                                    int64_t channels);

  // Takes memory for parameters and buffers. Buffers get their initial values,
  // parameters zeros.
  void Materialise(const at::TensorOptions& options);
  // Puts the initial values into the buffers again.
  void ResetBuffers();

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  // What belongs to the net without being learned by gradient: the running
  // statistics of batch norms. Windows into one flat vector, as parameters are.
  ParameterSet& buffers() { return buffers_; }
  const ParameterSet& buffers() const { return buffers_; }
  // Parameters and buffers in order of declaration, which is the order of the
  // published weights.
  const std::vector<const Parameter*>& state() const { return state_; }

  // Null in the plain way.
  LayerTape* tape() const { return tape_; }
  NormStatistics norm_statistics() const { return norm_statistics_; }
  bool has_batch_norm() const { return has_batch_norm_; }

  // Null: nobody is told. Not owned.
  LayerObserver* observer() const { return observer_; }
  void set_observer(LayerObserver* observer) { observer_ = observer; }

 private:
  friend class TapeScope;
  friend class NormScope;

  Parameter* AddParameter(const std::string& name,
                          const std::vector<int64_t>& shape, int64_t fan_in);
  Parameter* AddConstant(const std::string& name,
                         const std::vector<int64_t>& shape, double initial);
  Parameter* AddBuffer(const std::string& name,
                       const std::vector<int64_t>& shape, double initial);
  // Takes over the layer.
  template <typename L>
  const L& Keep(std::unique_ptr<L> layer) {
    const L& reference = *layer;
    layers_.push_back(std::move(layer));
    return reference;
  }

  ParameterSet parameters_;
  ParameterSet buffers_;
  std::vector<const Parameter*> state_;
  std::vector<std::unique_ptr<Layer>> layers_;
  LayerTape* tape_ = nullptr;
  NormStatistics norm_statistics_ = NormStatistics::kRunning;
  bool has_batch_norm_ = false;
  LayerObserver* observer_ = nullptr;
};

// While it lives, the batch norms of the set use these statistics.
class NormScope {
 public:
  NormScope(LayerSet& layers, NormStatistics statistics)
      : layers_(layers), before_(layers.norm_statistics_) {
    layers_.norm_statistics_ = statistics;
  }
  ~NormScope() { layers_.norm_statistics_ = before_; }
  NormScope(const NormScope&) = delete;
  NormScope& operator=(const NormScope&) = delete;

 private:
  LayerSet& layers_;
  NormStatistics before_;
};

// Declares layers under a name prefix, as nested modules do:
// LayerScope(set, "g1") / "gp.0" declares "g1.gp.0.conv1.weight".
class LayerScope {
 public:
  // Of a net that stands by itself: a new set, owned by whoever keeps set().
  LayerScope() : set_(std::make_shared<LayerSet>()) {}
  // Of a set that outlives the scope and what it makes.
  explicit LayerScope(LayerSet& set, const std::string& prefix = "")
      : set_(std::shared_ptr<void>(), &set), prefix_(prefix) {}

  LayerScope operator/(const std::string& name) const {
    return LayerScope(set_, Join(name));
  }
  const Conv2d& Conv(const std::string& name, int64_t in_channels,
                     int64_t out_channels, int64_t kernel_px,
                     int64_t stride_px = 1) const {
    return set_->AddConv2d(Join(name), in_channels, out_channels, kernel_px,
                           stride_px);
  }
  const Conv2d& Conv(const std::string& name, int64_t in_channels,
                     int64_t out_channels,
                     const ConvolutionGeometry& geometry) const {
    return set_->AddConv2d(Join(name), in_channels, out_channels, geometry);
  }
  const ConvTranspose2d& ConvTranspose(
      const std::string& name, int64_t in_channels, int64_t out_channels,
      const ConvolutionGeometry& geometry) const {
    return set_->AddConvTranspose2d(Join(name), in_channels, out_channels,
                                    geometry);
  }
  const Linear& Dense(const std::string& name, int64_t in_features,
                      int64_t out_features) const {
    return set_->AddLinear(Join(name), in_features, out_features);
  }
  const PRelu& Prelu(const std::string& name) const {
    return set_->AddPRelu(Join(name));
  }
  const BatchNorm2d& BatchNorm(const std::string& name,
                               int64_t channels) const {
    return set_->AddBatchNorm2d(Join(name), channels);
  }
  Parameter* Gains(const std::string& name,
                   const std::vector<int64_t>& shape) const {
    return set_->AddGains(Join(name), shape);
  }
  const ChannelGain& Gain(Parameter* gains, int64_t start,
                          int64_t channels) const {
    return set_->AddChannelGain(gains, start, channels);
  }

  const std::shared_ptr<LayerSet>& set() const { return set_; }

 private:
  LayerScope(std::shared_ptr<LayerSet> set, const std::string& prefix)
      : set_(std::move(set)), prefix_(prefix) {}

  std::string Join(const std::string& name) const {
    return prefix_.empty() ? name : prefix_ + "." + name;
  }
  std::shared_ptr<LayerSet> set_;
  std::string prefix_;
};

}  // namespace bild

#endif  // BACKBONES_LAYERS_H_
