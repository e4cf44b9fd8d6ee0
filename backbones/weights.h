// A net's weights as a file: parameters and buffers under their published
// names.

#ifndef BACKBONES_WEIGHTS_H_
#define BACKBONES_WEIGHTS_H_

#include <map>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "backbones/layers.h"

namespace bild {

// Parameter and buffer values of a net, flat, under the names of `net`, with
// `metadata`.
absl::Status SaveWeights(const std::string& path, const LayerSet& net,
                         const at::Tensor& parameters,
                         const at::Tensor& buffers,
                         const std::map<std::string, std::string>& metadata);

// Strict: every missing, extra or misshapen tensor is listed.
absl::Status LoadWeights(const std::string& path, LayerSet& net);

}  // namespace bild

#endif  // BACKBONES_WEIGHTS_H_
