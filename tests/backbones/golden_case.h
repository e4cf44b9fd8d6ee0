// A golden vector of a net: the net with the formula's values, its input and
// target, and what every check of it needs.

#ifndef TESTS_BACKBONES_GOLDEN_CASE_H_
#define TESTS_BACKBONES_GOLDEN_CASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "tests/testing/formula_fill.h"
#include "tests/testing/golden_files.h"

namespace bild {

// 0 for a tensor without elements.
double MaxAbs(const at::Tensor& tensor);

// Every element within `relative` of the largest wanted one, or `floor`.
void ExpectClose(const std::string& what, const at::Tensor& got,
                 const at::Tensor& want, double relative, double floor = 0.0);

// [B]: mean absolute error of each sample.
at::Tensor SampleLosses(const at::Tensor& output, const at::Tensor& target);

class GoldenCase {
 public:
  explicit GoldenCase(const GoldenFile& file);

  // Null, and a failure, where the catalogue does not make the net.
  std::unique_ptr<Backbone> Make(at::ScalarType dtype) const;
  // [P] float64: the parameters' direction of differentiation.
  at::Tensor Direction(const Backbone& net) const;
  at::Tensor Input(at::ScalarType dtype) const;
  at::Tensor Target(at::ScalarType dtype) const;

  const std::string& name() const { return file_.name; }
  const nlohmann::json& json() const { return file_.json; }
  const at::Tensor& tensor(const std::string& name) const {
    return file_.tensors.at(name);
  }
  bool has_tensor(const std::string& name) const {
    return file_.tensors.count(name) > 0;
  }
  // Sines make batch norms divide by tiny variances in training: the values
  // there are less exact.
  bool is_sine() const { return fill_.rule == FillRule::kSine; }

 private:
  std::vector<int64_t> Shape(const std::string& key) const;

  const GoldenFile& file_;
  FormulaFill fill_;
};

}  // namespace bild

#endif  // TESTS_BACKBONES_GOLDEN_CASE_H_
