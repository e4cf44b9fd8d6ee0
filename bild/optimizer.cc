#include "bild/optimizer.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ATen/Parallel.h"
#include "ATen/ops/add.h"
#include "ATen/ops/linalg_vector_norm.h"
#include "ATen/ops/sqrt.h"
#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

// Adam has five vectors in hand: five megabytes in float32 for every thread.
// Less costs more in calls than it saves, at a sixteenth of this twice the
// whole; more leaves the cache (seen with two threads and 32 MB).
constexpr int64_t kNumbersInCache = 1 << 18;

std::string ShapeAndType(at::IntArrayRef shape, at::ScalarType type) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "] of ",
                      c10::toString(type));
}

std::string ShapeAndType(const at::Tensor& tensor) {
  return tensor.defined() ? ShapeAndType(tensor.sizes(), tensor.scalar_type())
                          : "no tensor";
}

void CheckFits(const at::Tensor& parameters, const at::Tensor& tensor,
               const std::string& what) {
  TORCH_CHECK(tensor.defined() && tensor.sizes() == parameters.sizes() &&
                  tensor.scalar_type() == parameters.scalar_type() &&
                  tensor.device() == parameters.device(),
              "Step: expected ", what, " as the parameters, ",
              ShapeAndType(parameters), " on ", parameters.device(), ", found ",
              ShapeAndType(tensor));
}

}  // namespace

void Optimizer::Step(at::Tensor& parameters, const at::Tensor& gradient,
                     double learning_rate) {
  TORCH_CHECK(parameters.defined() && parameters.dim() == 1 &&
                  parameters.is_floating_point(),
              "Step: expected a vector of floating-point parameters, found ",
              ShapeAndType(parameters));
  CheckFits(parameters, gradient, "a gradient");
  TORCH_CHECK(std::isfinite(learning_rate) && learning_rate >= 0,
              "Step: expected a finite learning rate >= 0, found ",
              learning_rate);
  c10::NoGradGuard no_grad;
  if (steps_ == 0) Allocate(parameters);
  for (const NamedTensor& tensor : State()) {
    CheckFits(parameters, tensor.value, absl::StrCat("a ", tensor.name));
  }
  ++steps_;
  Update(parameters,
         options_.weight_decay == 0
             ? gradient
             : at::add(gradient, parameters, options_.weight_decay),
         learning_rate);
}

absl::Status Optimizer::Restore(int64_t steps,
                                const std::vector<NamedTensor>& state,
                                const at::Tensor& parameters) {
  const std::vector<std::string> wanted =
      steps == 0 ? std::vector<std::string>() : StateNames();
  std::map<std::string, at::Tensor> given;
  std::vector<std::string> problems;
  if (steps < 0) {
    problems.push_back(absl::StrCat("expected steps >= 0, found ", steps));
  }
  for (const NamedTensor& tensor : state) {
    if (std::find(wanted.begin(), wanted.end(), tensor.name) == wanted.end()) {
      problems.push_back(absl::StrCat(tensor.name, ": extra"));
    } else if (!given.emplace(tensor.name, tensor.value).second) {
      problems.push_back(absl::StrCat(tensor.name, ": there twice"));
    }
  }
  for (const std::string& name : wanted) {
    const auto found = given.find(name);
    if (found == given.end()) {
      problems.push_back(absl::StrCat(name, ": missing"));
    } else if (ShapeAndType(found->second) != ShapeAndType(parameters)) {
      problems.push_back(absl::StrCat(name, ": expected ",
                                      ShapeAndType(parameters), ", found ",
                                      ShapeAndType(found->second)));
    }
  }
  if (!problems.empty()) {
    return absl::DataLossError(ListProblems(
        absl::StrCat("State of optimiser '", options_.name, "' after ", steps,
                     " steps: expected [", absl::StrJoin(wanted, ", "),
                     "] for ", ShapeAndType(parameters), ", found:"),
        problems,
        "It belongs to another net, optimiser or option, or is damaged: start "
        "the run anew."));
  }
  c10::NoGradGuard no_grad;
  Allocate(parameters);
  steps_ = steps;
  if (steps == 0) return absl::OkStatus();
  for (const NamedTensor& own : State()) own.value.copy_(given[own.name]);
  return absl::OkStatus();
}

std::vector<std::string> Sgd::StateNames() const {
  if (options().momentum == 0) return {};
  return {"momentum_buffer"};
}

std::vector<NamedTensor> Sgd::State() const {
  if (!momentum_buffer_.defined()) return {};
  return {{"momentum_buffer", momentum_buffer_}};
}

void Sgd::Allocate(const at::Tensor& parameters) {
  if (options().momentum != 0) momentum_buffer_ = at::zeros_like(parameters);
}

void Sgd::Update(at::Tensor& parameters, const at::Tensor& gradient,
                 double learning_rate) {
  if (options().momentum == 0) {
    parameters.add_(gradient, -learning_rate);
    return;
  }
  momentum_buffer_.mul_(options().momentum).add_(gradient);
  parameters.add_(momentum_buffer_, -learning_rate);
}

std::vector<std::string> Adam::StateNames() const {
  return {"first_moment", "second_moment"};
}

std::vector<NamedTensor> Adam::State() const {
  if (!first_moment_.defined()) return {};
  return {{"first_moment", first_moment_}, {"second_moment", second_moment_}};
}

void Adam::Allocate(const at::Tensor& parameters) {
  first_moment_ = at::zeros_like(parameters);
  second_moment_ = at::zeros_like(parameters);
}

void Adam::Update(at::Tensor& parameters, const at::Tensor& gradient,
                  double learning_rate) {
  const OptimizerOptions& o = options();
  const double t = static_cast<double>(steps());
  const double correction1 = 1 - std::pow(o.beta1, t);
  const double root_correction2 = std::sqrt(1 - std::pow(o.beta2, t));
  const int64_t size = parameters.numel();
  // Every operation reads or writes the whole vector: a stretch at a time they
  // find it in the cache, and threads take stretches, since sharing out each
  // operation would make them wait for each other thousands of times. The same
  // bits.
  const int64_t stretch =
      parameters.is_cpu() ? kNumbersInCache : std::max<int64_t>(size, 1);
  const auto update = [&](int64_t start) {
    const auto part = [start, numel = std::min(stretch, size - start)](
                          const at::Tensor& whole) {
      return whole.narrow(0, start, numel);
    };
    const at::Tensor own = part(gradient);
    const at::Tensor first = part(first_moment_);
    const at::Tensor second = part(second_moment_);
    first.mul_(o.beta1).add_(own, 1 - o.beta1);
    second.mul_(o.beta2).addcmul_(own, own, 1 - o.beta2);
    // Numerator and denominator times the root of the second moment's
    // correction, which saves a pass over the vector.
    const at::Tensor denominator =
        at::sqrt(second).add_(o.epsilon * root_correction2);
    part(parameters)
        .addcdiv_(first, denominator,
                  -learning_rate * root_correction2 / correction1);
  };
  at::parallel_for(0, (size + stretch - 1) / stretch, /*grain_size=*/1,
                   [&](int64_t begin, int64_t end) {
                     const c10::NoGradGuard no_grad;  // A thread's own.
                     for (int64_t i = begin; i < end; ++i) update(i * stretch);
                   });
}

absl::StatusOr<std::unique_ptr<Optimizer>> MakeOptimizer(
    const OptimizerOptions& options) {
  std::vector<std::string> problems;
  const auto check = [&problems](const char* name, double value, double end) {
    if (!(value >= 0 && value < end)) {
      problems.push_back(absl::StrCat(name, ": expected 0 <= ", name,
                                      std::isinf(end) ? "" : " < 1", ", found ",
                                      value));
    }
  };
  check("weight_decay", options.weight_decay, HUGE_VAL);
  check("momentum", options.momentum, 1);
  check("beta1", options.beta1, 1);
  check("beta2", options.beta2, 1);
  check("epsilon", options.epsilon, HUGE_VAL);
  if (options.name != "adam" && options.name != "sgd") {
    problems.push_back(
        absl::StrCat("name: expected adam or sgd, found '", options.name, "'"));
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(
        ListProblems("Options of the optimiser:", problems, /*advice=*/""));
  }
  if (options.name == "sgd") return std::make_unique<Sgd>(options);
  return std::make_unique<Adam>(options);
}

double ClipGradientNorm(at::Tensor& gradient, double max_norm) {
  TORCH_CHECK(max_norm > 0, "ClipGradientNorm: expected a norm > 0, found ",
              max_norm);
  c10::NoGradGuard no_grad;
  const double norm = at::linalg_vector_norm(gradient).item<double>();
  const double scale = max_norm / (norm + 1e-6);
  // Written so that an undefined scale is applied, not skipped.
  if (!(scale >= 1)) gradient.mul_(scale);
  return norm;
}

}  // namespace bild
