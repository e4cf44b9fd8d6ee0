#include "backbones/weights.h"

#include <cstddef>
#include <vector>

#include "backbones/named_tensor.h"
#include "backbones/safetensors.h"
#include "bild/base/status.h"

namespace bild {

absl::Status SaveWeights(const std::string& path, const LayerSet& net,
                         const at::Tensor& parameters,
                         const at::Tensor& buffers,
                         const std::map<std::string, std::string>& metadata) {
  std::map<std::string, at::Tensor> values;
  const auto add = [&values](const ParameterSet& set, const at::Tensor& flat) {
    const std::vector<at::Tensor> pieces = set.Unflatten(flat);
    for (size_t i = 0; i < pieces.size(); ++i) {
      values[set.list()[i]->name] = pieces[i];
    }
  };
  add(net.parameters(), parameters);
  add(net.buffers(), buffers);
  std::vector<NamedTensor> tensors;
  for (const Parameter* entry : net.state()) {
    tensors.push_back({entry->name, values.at(entry->name)});
  }
  return WriteSafetensors(path, tensors, metadata);
}

absl::Status LoadWeights(const std::string& path, LayerSet& net) {
  BILD_ASSIGN_OR_RETURN(const SafetensorsFile file, ReadSafetensors(path));
  std::vector<NamedTensor> targets;
  for (const Parameter* entry : net.state()) {
    targets.push_back({entry->name, entry->value.detach()});
  }
  return CopyTensorsInto(file, targets);
}

}  // namespace bild
