// Optimisers over one flat vector that holds all parameters of a net.
//
// Updates are those of torch.optim.SGD and torch.optim.Adam. One vector instead
// of a list of tensors means a handful of kernels per step, whatever the net,
// and moments that line up with the gradients of the bi-level step.

#ifndef BILD_OPTIMIZER_H_
#define BILD_OPTIMIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backbones/named_tensor.h"

namespace bild {

// Defaults are PyTorch's. All are >= 0; betas and momentum are < 1.
struct OptimizerOptions {
  std::string name = "adam";  // "adam" or "sgd".
  double weight_decay = 0;    // Adds weight_decay * parameters to the gradient.
  double momentum = 0;        // sgd: share of the old buffer that stays.
  double beta1 = 0.9;         // adam: the same for the first moment,
  double beta2 = 0.999;       // and for the second.
  double epsilon = 1e-8;      // adam: added to the root of the second moment.
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // One update, in place, without a trace in autograd, the same bits on every
  // run of one device and thread count.
  //
  //   parameters     [P], floating point
  //   gradient       [P], same dtype and device; not changed
  //   learning_rate  >= 0
  //
  // Throws c10::Error when they do not fit each other or the state: a caller's
  // bug. A gradient that is not finite is not looked for.
  void Step(at::Tensor& parameters, const at::Tensor& gradient,
            double learning_rate);

  const OptimizerOptions& options() const { return options_; }
  // Updates made so far, those before a checkpoint included.
  int64_t steps() const { return steps_; }

  // With steps(), all that a checkpoint needs. The tensors, [P] each, are the
  // optimiser's own: the next step changes them. None before the first step.
  virtual std::vector<NamedTensor> State() const = 0;

  // Takes over (copies) what State() and steps() gave, so that the next step
  // has the bits of an unbroken run. `parameters` is the vector that will be
  // stepped. Strict: DataLoss that lists every missing, extra, misshapen or
  // mistyped tensor; nothing changes then.
  absl::Status Restore(int64_t steps, const std::vector<NamedTensor>& state,
                       const at::Tensor& parameters);

 protected:
  explicit Optimizer(const OptimizerOptions& options) : options_(options) {}

  // What State() names after a first step.
  virtual std::vector<std::string> StateNames() const = 0;
  // The state as it is before a first step on such parameters: zeros.
  virtual void Allocate(const at::Tensor& parameters) = 0;
  // `gradient` includes the weight decay; steps() counts this one already.
  virtual void Update(at::Tensor& parameters, const at::Tensor& gradient,
                      double learning_rate) = 0;

 private:
  const OptimizerOptions options_;
  int64_t steps_ = 0;
};

// b = momentum * b + g, the first b being g; parameters -= learning_rate * b.
class Sgd : public Optimizer {
 public:
  explicit Sgd(const OptimizerOptions& options) : Optimizer(options) {}

  // "momentum_buffer"; nothing when momentum is 0.
  std::vector<NamedTensor> State() const override;

 protected:
  std::vector<std::string> StateNames() const override;
  void Allocate(const at::Tensor& parameters) override;
  void Update(at::Tensor& parameters, const at::Tensor& gradient,
              double learning_rate) override;

 private:
  at::Tensor momentum_buffer_;
};

// Kingma and Ba 2015, algorithm 1, step t counted from 1:
//   m = b1 m + (1 - b1) g,  u = b2 u + (1 - b2) g^2,
//   parameters -= learning_rate * mh / (sqrt(uh) + epsilon)
// with mh = m / (1 - b1^t), uh = u / (1 - b2^t).
class Adam : public Optimizer {
 public:
  explicit Adam(const OptimizerOptions& options) : Optimizer(options) {}

  // m and u after the last step, without bias correction; [P], undefined before
  // the first. A preconditioner of the outer gradient reads them.
  const at::Tensor& first_moment() const { return first_moment_; }
  const at::Tensor& second_moment() const { return second_moment_; }

  // "first_moment", "second_moment".
  std::vector<NamedTensor> State() const override;

 protected:
  std::vector<std::string> StateNames() const override;
  void Allocate(const at::Tensor& parameters) override;
  void Update(at::Tensor& parameters, const at::Tensor& gradient,
              double learning_rate) override;

 private:
  at::Tensor first_moment_;
  at::Tensor second_moment_;
};

// InvalidArgument for an unknown name (lists the known ones) or an option out
// of its range.
absl::StatusOr<std::unique_ptr<Optimizer>> MakeOptimizer(
    const OptimizerOptions& options);

// Scales the gradient in place so that its Euclidean norm does not exceed
// max_norm > 0, by min(1, max_norm / (norm + 1e-6)) as
// torch.nn.utils.clip_grad_norm_ does, and returns the norm before. An infinite
// or undefined norm spoils the gradient, as there: look at what is returned.
double ClipGradientNorm(at::Tensor& gradient, double max_norm);

}  // namespace bild

#endif  // BILD_OPTIMIZER_H_
