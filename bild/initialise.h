// Initial weights from the seed, the same on every machine.

#ifndef BILD_INITIALISE_H_
#define BILD_INITIALISE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "backbones/parameter_set.h"

namespace bild {

enum class Initialisation {
  // PyTorch's default for convolutions and linear layers: weight and bias
  // uniform in +-1/sqrt(fan_in) (He et al. 2015 with a = sqrt(5)).
  kFanIn,
  // Weights N(0, 0.02^2), biases as kFanIn: AOD-Net's PyTorch port.
  kNormal002,
  // Weights N(0, 0.001^2), biases 0: DehazeNet (Cai et al. 2016).
  kNormal0001,
};

// "fan_in", "normal_0.02" or "normal_0.001"; InvalidArgument lists them
// otherwise.
absl::StatusOr<Initialisation> ParseInitialisation(const std::string& text);

// Parameters whose layer defines their first value (PReLU, batch norm, gains)
// get that. Stream kInit: epoch `net` (0 the backbone, 1 the reweighting
// network), index the parameter's number. Drawn in float64 and rounded to the
// set's dtype.
void InitialiseParameters(ParameterSet& parameters, uint64_t seed, uint64_t net,
                          Initialisation initialisation);

inline constexpr uint64_t kBackboneNet = 0;
inline constexpr uint64_t kReweightingNet = 1;

}  // namespace bild

#endif  // BILD_INITIALISE_H_
