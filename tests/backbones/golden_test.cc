// Every vector in tests/golden/backbones (or BILD_GOLDEN_DIR): forward pass,
// losses, gradients, directional derivatives, parameter names and shapes,
// against an independent implementation.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/sin.h"
#include "backbones/catalog.h"
#include "backbones/ddu_operators.h"
#include "backbones/safetensors.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/backbones/golden_case.h"
#include "tests/backbones/golden_passes.h"
#include "tests/testing/formula_fill.h"
#include "tests/testing/golden_files.h"

namespace bild {
namespace {

using nlohmann::json;

void CheckTrained(const GoldenFile& file) {
  const char* weights = std::getenv("BILD_WEIGHTS_DIR");
  if (weights == nullptr) {
    std::printf("SKIPPED %s: BILD_WEIGHTS_DIR names no folder with weights\n",
                file.name.c_str());
    return;
  }
  // The folder's file whose tensors are the ones that the golden describes.
  const json& want = file.json.at("weights").at("tensors");
  for (const auto& entry : std::filesystem::directory_iterator(weights)) {
    if (entry.path().extension() != ".safetensors") continue;
    auto made = MakeBackbone("aodnet", at::kFloat);
    ASSERT_TRUE(made.ok());
    auto read = ReadSafetensors(entry.path().string());
    ASSERT_TRUE(read.ok()) << read.status();
    bool is_same = true;
    const at::NoGradGuard no_grad;
    for (const auto& parameter : (*made)->parameters().list()) {
      for (const NamedTensor& tensor : read->tensors) {
        if (tensor.name == parameter->name &&
            tensor.value.sizes() == parameter->value.sizes()) {
          parameter->value.copy_(tensor.value);
        }
      }
      is_same =
          is_same &&
          std::abs(parameter->value.to(at::kDouble).norm().item<double>() -
                   want.at(parameter->name).at("l2").get<double>()) < 1e-6;
    }
    if (!is_same) continue;
    const at::Tensor output = (*made)->Forward(file.tensors.at("input"));
    EXPECT_LE(
        MaxAbs(output - file.tensors.at("output")),
        10.0 * file.json.at("float32_vs_float64_max_abs_dev").get<double>());
    return;
  }
  ADD_FAILURE() << file.name << ": no .safetensors file in '" << weights
                << "' holds the weights that the vector describes";
}

// The operators of the guided upsampling one by one, on the inputs that the
// vector's `definition` spells out.
void CheckOperators(const GoldenFile& file) {
  constexpr double kTolerance = 1e-13;
  const auto wave = [](const std::vector<int64_t>& shape, double step) {
    int64_t n = 1;
    for (int64_t extent : shape) n *= extent;
    return at::sin(at::arange(n, at::kDouble) * step).view(shape);
  };
  const at::Tensor grid = wave({2, 12, 16, 16, 16}, 0.013) * 0.5;
  const at::Tensor guide = wave({2, 1, 12, 20}, 0.17);
  const at::Tensor colours = wave({2, 3, 12, 20}, 0.05) * 0.5 + 0.5;
  const at::Tensor sliced = BilateralSlice(grid, 12, 20).At(guide);
  const at::Tensor small = wave({2, 3, 10, 14}, 0.05) * 0.5 + 0.5;
  const at::Tensor probe = BilateralGrid(wave({1, 3, 256, 256}, 0.01));
  std::map<std::string, at::Tensor> got = {
      {"guide", guide},
      {"slice_out", sliced},
      {"apply_out", ApplyCoefficients(sliced, colours)},
      {"pool_reshape_probe", probe.select(4, 7).select(3, 5).select(2, 3)},
  };
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{25, 9}, {7, 31}, {10, 14}}) {
    got["bicubic_ac_true_" + std::to_string(height) + "x" +
        std::to_string(width)] = ResizeBicubic(small, height, width);
  }
  for (const auto& [name, want] : file.tensors) {
    if (got.count(name) == 0) {
      ADD_FAILURE() << "no operator for tensor '" << name << "'";
      continue;
    }
    ExpectClose(name, got.at(name), want, kTolerance);
  }
}

// A passage through a guided upsampling's grid net costs 80 G multiply-adds,
// whatever the size of the picture: minutes in float64.
bool IsLarge(const GoldenFile& file) {
  return file.json.at("net").get<std::string>().find("ddu=") !=
         std::string::npos;
}

void CheckFloat64(const GoldenFile& file) {
  const GoldenCase golden(file);
  CheckEvaluation(golden);
  if (file.json.contains("train")) CheckTraining(golden);
}

void CheckVector(const GoldenFile& file, const std::string& folder) {
  const GoldenCase golden(file);
  CheckState(golden, folder + "/" + file.name + ".params.tsv");
  CheckFloat32(golden);
  if (!IsLarge(file)) CheckFloat64(file);
}

bool IsOfANet(const GoldenFile& file) {
  return file.json.contains("net") && file.json.contains("fill_rule");
}

TEST(BackboneGoldenTest, EveryVector) {
  const std::string folder = GoldenFolder("backbones");
  const auto files = ReadGoldenFolder(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  for (const GoldenFile& file : *files) {
    SCOPED_TRACE(file.name);
    std::printf("vector %s\n", file.name.c_str());
    if (IsOfANet(file)) {
      CheckVector(file, folder);
    } else if (file.json.contains("weights") && file.json.contains("picture")) {
      CheckTrained(file);
    } else if (file.json.contains("definition") && !file.tensors.empty()) {
      CheckOperators(file);
    } else if (BelongsToAnotherSuite(file, "backbones")) {
      std::printf("SKIPPED %s: a vector of another suite\n", file.name.c_str());
    } else {
      ADD_FAILURE() << "file of no known kind in '" << folder << "'";
    }
  }
}

TEST(BackboneGoldenTest, LargeVectorsInFloat64) {
  const auto files = ReadGoldenFolder(GoldenFolder("backbones"));
  ASSERT_TRUE(files.ok()) << files.status();
  for (const GoldenFile& file : *files) {
    if (!IsOfANet(file) || !IsLarge(file)) continue;
    SCOPED_TRACE(file.name);
    std::printf("vector %s\n", file.name.c_str());
    CheckFloat64(file);
  }
}

TEST(BackboneGoldenTest, HashFillMatchesItsCheckValues) {
  EXPECT_DOUBLE_EQ(HashUniform(0, 0), 0.8833108082136426);
  EXPECT_DOUBLE_EQ(HashUniform(0, 1), 0.43152799704850997);
  EXPECT_DOUBLE_EQ(HashUniform(0, 2), 0.026433771592597743);
  EXPECT_DOUBLE_EQ(HashUniform(3, 0), 0.7582691844997209);
}

}  // namespace
}  // namespace bild
