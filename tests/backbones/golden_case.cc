#include "tests/backbones/golden_case.h"

#include <algorithm>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/cos.h"
#include "ATen/ops/sin.h"
#include "backbones/catalog.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

// float32 values of the formula, in `dtype`.
at::Tensor Wave(const std::vector<int64_t>& shape, bool is_cosine,
                at::ScalarType dtype) {
  int64_t n = 1;
  for (int64_t extent : shape) n *= extent;
  const at::Tensor index = at::arange(n, at::kDouble);
  const at::Tensor wave =
      is_cosine ? at::cos(index * 0.03) : at::sin(index * 0.05);
  return (wave * 0.5 + 0.5).to(at::kFloat).to(dtype).view(shape);
}

}  // namespace

double MaxAbs(const at::Tensor& tensor) {
  return tensor.numel() == 0 ? 0.0 : tensor.abs().max().item<double>();
}

void ExpectClose(const std::string& what, const at::Tensor& got,
                 const at::Tensor& want, double relative, double floor) {
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  const double difference = MaxAbs(got.to(at::kDouble) - want.to(at::kDouble));
  EXPECT_LE(difference, std::max(relative * MaxAbs(want), floor)) << what;
}

at::Tensor SampleLosses(const at::Tensor& output, const at::Tensor& target) {
  return (output - target).abs().flatten(1).mean(1);
}

GoldenCase::GoldenCase(const GoldenFile& file) : file_(file) {
  fill_.rule =
      file.json.at("fill_rule") == "sin" ? FillRule::kSine : FillRule::kHash;
  fill_.gain = file.json.value("fill_gain_dim_ge_2", 1.0);
  for (const auto& [name, value] : file.json.at("fill_bias_add").items()) {
    fill_.bias_add[name] = value.get<double>();
  }
}

std::unique_ptr<Backbone> GoldenCase::Make(at::ScalarType dtype) const {
  auto made = MakeBackbone(file_.json.at("net").get<std::string>(),
                           at::TensorOptions().dtype(dtype));
  EXPECT_TRUE(made.ok()) << made.status();
  if (!made.ok()) return nullptr;
  FillState((*made)->layers(), fill_);
  return std::move(made).value();
}

at::Tensor GoldenCase::Direction(const Backbone& net) const {
  return FilledVector(net.layers(), DirectionFill(fill_));
}

at::Tensor GoldenCase::Input(at::ScalarType dtype) const {
  return Wave(Shape("input_shape"), /*is_cosine=*/false, dtype);
}

at::Tensor GoldenCase::Target(at::ScalarType dtype) const {
  return Wave(Shape("output_shape"), /*is_cosine=*/true, dtype);
}

std::vector<int64_t> GoldenCase::Shape(const std::string& key) const {
  return file_.json.at(key).get<std::vector<int64_t>>();
}

}  // namespace bild
