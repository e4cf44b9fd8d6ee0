// The nets of the suite once more, as PyTorch's users write them: ordinary
// torch::nn modules and nothing of ours, from backbones' papers and published
// code. What our own nets are held against, in numbers and in time.
//
// LibTorch's front end calls the kernels and the autograd that Python calls.

#ifndef BENCHMARKS_PARITY_PLAIN_NET_H_
#define BENCHMARKS_PARITY_PLAIN_NET_H_

#include <cstdint>
#include <memory>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "torch/nn/module.h"
#include "torch/nn/modules/conv.h"

namespace bild {

// From the net's input form to its output form, as Backbone::Forward().
class PlainNet : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& input) = 0;
};

// The widths and depths of a net of ours, read off its parameters.
class NetShape {
 public:
  explicit NetShape(const Backbone& backbone, const std::string& prefix = "")
      : backbone_(&backbone), prefix_(prefix) {}

  NetShape operator/(const std::string& name) const {
    return NetShape(*backbone_, prefix_ + name + ".");
  }
  bool Has(const std::string& parameter) const {
    return Find(parameter) != nullptr;
  }
  // Of a parameter that is there.
  int64_t Extent(const std::string& parameter, size_t dimension) const;
  // An option of the net's name, "ddu" of "aodnet[ddu=64]".
  int64_t Option(const std::string& name, int64_t otherwise) const;

 private:
  const Parameter* Find(const std::string& parameter) const;
  const Backbone* backbone_;
  std::string prefix_;
};

// Stride 1 and "same" zeros unless told otherwise, with a bias.
torch::nn::Conv2d PlainConv(int64_t in_channels, int64_t out_channels,
                            int64_t kernel_px, int64_t stride_px = 1);

// Nets of default initial values, float32 on the CPU.
std::shared_ptr<PlainNet> MakePlainAodNet();
std::shared_ptr<PlainNet> MakePlainDehazeNet();
std::shared_ptr<PlainNet> MakePlainFfa(const NetShape& shape);
std::shared_ptr<PlainNet> MakePlainGridDehazeNet(const NetShape& shape);
std::shared_ptr<PlainNet> MakePlainMsbdn(const NetShape& shape);
// The guided upsampling around AOD-Net.
std::shared_ptr<PlainNet> MakePlainDdu(const NetShape& shape);

// The twin of a net, with copies of its parameters and buffers, by name.
// InvalidArgument for a net that has none (lists those that have), DataLoss
// that lists every name and shape in which the two differ.
absl::StatusOr<std::shared_ptr<PlainNet>> MakePlainTwin(
    const Backbone& backbone);

// The twin's gradients as one vector in the order of our parameters, zeros
// where it has none.
at::Tensor TwinGradient(const PlainNet& twin, const Backbone& backbone);

}  // namespace bild

#endif  // BENCHMARKS_PARITY_PLAIN_NET_H_
