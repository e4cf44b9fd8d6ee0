// Batch normalisation, with the statistics to use chosen from outside.

#ifndef BACKBONES_BATCH_NORM_H_
#define BACKBONES_BATCH_NORM_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "backbones/layer.h"

namespace bild {

// Which mean and variance the batch norms of a net normalise with.
enum class NormStatistics {
  kRunning,         // The buffers: every patch by itself.
  kBatch,           // Of the batch; the buffers stay as they are.
  kBatchAndUpdate,  // Of the batch; the buffers move towards them.
};

// (x - mean) / sqrt(variance + 1e-5) weight + bias per channel (Ioffe and
// Szegedy, ICML 2015). Input [B, C, H, W]; weight, bias and both buffers [C].
// Running statistics move by 0.1 of the difference and keep the unbiased
// variance, as PyTorch's do. Statistics of the batch mix its patches: a tape
// refuses to record then.
class BatchNorm2d final : public Layer {
 public:
  BatchNorm2d(const LayerSet& set, Parameter* weight, Parameter* bias,
              Parameter* running_mean, Parameter* running_variance)
      : Layer(set, weight, bias),
        running_mean_(running_mean),
        running_variance_(running_variance) {}

  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  // What follows holds for running statistics; c10::Error otherwise.
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;
  int64_t MultiplyAdds(const at::Tensor& input,
                       const at::Tensor& output) const override;

 private:
  // [1, C, 1, 1]: 1 / sqrt(running variance + epsilon).
  at::Tensor InverseDeviation() const;
  // (x - running mean) / deviation.
  at::Tensor Normalised(const at::Tensor& input) const;

  Parameter* running_mean_;
  Parameter* running_variance_;
};

}  // namespace bild

#endif  // BACKBONES_BATCH_NORM_H_
