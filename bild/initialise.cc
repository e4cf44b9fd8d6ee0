#include "bild/initialise.h"

#include <algorithm>
#include <cmath>

#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/base/seed.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

double DrawOne(Initialisation initialisation, const Parameter& parameter,
               SeedEngine& engine) {
  const bool is_weight = parameter.shape.size() > 1;
  if (initialisation == Initialisation::kNormal002 && is_weight) {
    return 0.02 * engine.Normal();
  }
  if (initialisation == Initialisation::kNormal0001) {
    return is_weight ? 0.001 * engine.Normal() : 0.0;
  }
  const double bound = 1.0 / std::sqrt(static_cast<double>(parameter.fan_in));
  return bound * (2.0 * engine.Uniform() - 1.0);
}

}  // namespace

absl::StatusOr<Initialisation> ParseInitialisation(const std::string& text) {
  if (text == "fan_in") return Initialisation::kFanIn;
  if (text == "normal_0.02") return Initialisation::kNormal002;
  if (text == "normal_0.001") return Initialisation::kNormal0001;
  return absl::InvalidArgumentError(
      absl::StrCat("--initialisation='", text,
                   "': expected 'fan_in', 'normal_0.02' or 'normal_0.001'."));
}

void InitialiseParameters(ParameterSet& parameters, uint64_t seed, uint64_t net,
                          Initialisation initialisation) {
  at::Tensor values = at::empty({parameters.size()}, at::kDouble);
  double* out = values.data_ptr<double>();
  uint64_t number = 0;
  for (const auto& parameter : parameters.list()) {
    SeedEngine engine(seed, SeedStream::kInit, net, number++);
    if (parameter->initial.has_value()) {
      out = std::fill_n(out, parameter->numel, *parameter->initial);
      continue;
    }
    for (int64_t i = 0; i < parameter->numel; ++i) {
      *out++ = DrawOne(initialisation, *parameter, engine);
    }
  }
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(values);
}

}  // namespace bild
