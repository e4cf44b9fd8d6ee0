#include "backbones/weights.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "backbones/safetensors.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

TEST(Weights, UnderTheNamesOfTheNet) {
  const TemporaryFolder folder;
  SeedEngine engine = TestEngine(5);
  LayerSet net;
  net.AddLinear("head", 3, 2);
  net.AddBatchNorm2d("norm", 2);
  net.Materialise(at::kFloat);
  const at::Tensor parameters =
      NormalTensor(engine, {net.parameters().size()}).to(at::kFloat);
  const at::Tensor buffers = NormalTensor(engine, {4}).to(at::kFloat);
  ASSERT_TRUE(
      SaveWeights(folder / "w", net, parameters, buffers, {{"step", "3"}})
          .ok());
  const SafetensorsFile file = ReadSafetensors(folder / "w").value();
  EXPECT_EQ(file.metadata.at("step"), "3");
  std::vector<std::string> names;
  for (const NamedTensor& tensor : file.tensors) names.push_back(tensor.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"head.bias", "head.weight", "norm.bias",
                                      "norm.running_mean", "norm.running_var",
                                      "norm.weight"}));
  EXPECT_EQ(file.Find("head.weight")->sizes(), (std::vector<int64_t>{2, 3}));

  LayerSet other;
  other.AddLinear("head", 3, 2);
  other.AddBatchNorm2d("norm", 2);
  other.Materialise(at::kFloat);
  ASSERT_TRUE(LoadWeights(folder / "w", other).ok());
  EXPECT_TRUE(other.parameters().flat().equal(parameters));
  EXPECT_TRUE(other.buffers().flat().equal(buffers));
  EXPECT_TRUE(other.parameters().list()[1]->value.requires_grad());

  // A net of another shape lists what does not fit and stays as it was.
  LayerSet wider;
  wider.AddLinear("head", 3, 3);
  wider.AddBatchNorm2d("gain", 2);
  wider.Materialise(at::kFloat);
  const absl::Status refused = LoadWeights(folder / "w", wider);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  for (const std::string name :
       {"head.weight", "gain.running_var", "norm.bias"}) {
    EXPECT_NE(std::string(refused.message()).find(name), std::string::npos)
        << refused;
  }
  EXPECT_EQ(wider.parameters().flat().abs().max().item<double>(), 0.0);
  EXPECT_EQ(wider.buffers().flat().sum().item<double>(), 2.0);
}

}  // namespace
}  // namespace bild
