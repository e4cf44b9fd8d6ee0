// What every layer of a net gave, against the values that a golden vector
// recorded of every module: a mismatch names the first layer that is wrong.

#ifndef TESTS_BACKBONES_GOLDEN_TRACE_H_
#define TESTS_BACKBONES_GOLDEN_TRACE_H_

#include <map>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/layer.h"
#include "tests/backbones/golden_case.h"

namespace bild {

// The outputs of a pass by name of the layer ("e_conv1"), in order of its
// calls.
class OutputTrace final : public LayerObserver {
 public:
  void Ran(const Layer& layer, const at::Tensor& input,
           const at::Tensor& output) override;

  const std::map<std::string, std::vector<at::Tensor>>& outputs() const {
    return outputs_;
  }
  // Of the layer's call number `call`; a failure and zeros where there is none.
  at::Tensor Output(const std::string& layer, size_t call = 0) const;

 private:
  std::map<std::string, std::vector<at::Tensor>> outputs_;
};

// Shape, mean, norm, extremes and first values, as the vectors record them of
// tensors that they do not hold.
void ExpectStatistics(const std::string& what, const at::Tensor& got,
                      const nlohmann::json& want, double relative);

// Every module of the vector's trace that is a layer here, and the tensors that
// some vectors hold beside the output. In evaluation.
void CheckTrace(const GoldenCase& golden, const OutputTrace& trace,
                double relative);

}  // namespace bild

#endif  // TESTS_BACKBONES_GOLDEN_TRACE_H_
