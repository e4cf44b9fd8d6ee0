// Every vector in tests/golden/backbones (or BILD_GOLDEN_DIR): forward pass,
// losses, gradients, directional derivatives, parameter names and shapes,
// against an independent implementation.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/abs.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/cos.h"
#include "ATen/ops/full.h"
#include "ATen/ops/sin.h"
#include "ATen/ops/stack.h"
#include "backbones/catalog.h"
#include "backbones/patch_tape.h"
#include "backbones/safetensors.h"
#include "bild/base/atomic_file.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/formula_fill.h"
#include "tests/testing/golden_files.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

using nlohmann::json;

// Independent libraries agree to about 1e-13; gradients pass through more
// cancellation.
constexpr double kForwardTolerance = 1e-9;
constexpr double kGradientTolerance = 1e-7;
constexpr double kGradientFloor = 1e-12;
constexpr double kFloat32Factor = 10.0;
constexpr int64_t kEveryWayParameters = 100000;

double MaxAbs(const at::Tensor& tensor) {
  return tensor.numel() == 0 ? 0.0 : tensor.abs().max().item<double>();
}

void ExpectClose(const std::string& what, const at::Tensor& got,
                 const at::Tensor& want, double relative, double floor = 0.0) {
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  const double difference = MaxAbs(got.to(at::kDouble) - want.to(at::kDouble));
  EXPECT_LE(difference, std::max(relative * MaxAbs(want), floor)) << what;
}

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

// [B]: mean absolute error of each sample.
at::Tensor SampleLosses(const at::Tensor& output, const at::Tensor& target) {
  return (output - target).abs().flatten(1).mean(1);
}

class Case {
 public:
  explicit Case(const GoldenFile& file) : file_(file) {
    fill_.rule =
        file.json.at("fill_rule") == "sin" ? FillRule::kSine : FillRule::kHash;
    fill_.gain = file.json.value("fill_gain_dim_ge_2", 1.0);
    for (const auto& [name, value] : file.json.at("fill_bias_add").items()) {
      fill_.bias_add[name] = value.get<double>();
    }
    shape_ = file.json.at("input_shape").get<std::vector<int64_t>>();
  }

  std::unique_ptr<Backbone> Make(at::ScalarType dtype) const {
    auto made = MakeBackbone(file_.json.at("net").get<std::string>(),
                             at::TensorOptions().dtype(dtype));
    EXPECT_TRUE(made.ok()) << made.status();
    if (!made.ok()) return nullptr;
    FillParameters((*made)->parameters(), fill_);
    return std::move(made).value();
  }

  at::Tensor Direction(const ParameterSet& parameters) const {
    FormulaFill direction = fill_;
    direction.bias_add.clear();
    direction.phase_shift = 1.0;
    direction.number_shift = 100000;
    return FilledVector(parameters, direction);
  }

  at::Tensor Input(at::ScalarType dtype) const {
    return Wave(shape_, /*is_cosine=*/false, dtype);
  }
  at::Tensor Target(at::ScalarType dtype) const {
    return Wave(file_.json.at("output_shape").get<std::vector<int64_t>>(),
                /*is_cosine=*/true, dtype);
  }
  const GoldenFile& file() const { return file_; }

 private:
  const GoldenFile& file_;
  FormulaFill fill_;
  std::vector<int64_t> shape_;
};

void CheckNamesAndShapes(const Case& golden, const ParameterSet& parameters) {
  const json& rows = golden.file().json.at("params");
  ASSERT_EQ(parameters.list().size(), rows.size());
  double sum = 0.0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Parameter& parameter = *parameters.list()[i];
    EXPECT_EQ(parameter.name, rows[i].at("name").get<std::string>());
    EXPECT_EQ(parameter.shape, rows[i].at("shape").get<std::vector<int64_t>>())
        << parameter.name;
    sum += static_cast<double>(parameter.numel);
  }
  EXPECT_EQ(parameters.size(), golden.file().json.at("param_count"));
  EXPECT_EQ(sum, static_cast<double>(parameters.size()));
  EXPECT_NEAR(parameters.flat().sum().item<double>(),
              golden.file().json.at("fill_sum").get<double>(), 1e-6);
}

void CheckTsv(const std::string& path, const ParameterSet& parameters) {
  const auto text = ReadFile(path);
  ASSERT_TRUE(text.ok()) << text.status();
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);
  size_t row = 0;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string k, name, kind, shape;
    std::getline(fields, k, '\t');
    std::getline(fields, name, '\t');
    std::getline(fields, kind, '\t');
    std::getline(fields, shape, '\t');
    ASSERT_LT(row, parameters.list().size()) << path;
    const Parameter& parameter = *parameters.list()[row++];
    std::string own;
    for (int64_t extent : parameter.shape) {
      own += (own.empty() ? "" : "x") + std::to_string(extent);
    }
    EXPECT_EQ(parameter.name, name);
    EXPECT_EQ(own, shape) << name;
  }
  EXPECT_EQ(row, parameters.list().size());
}

// Gradients per parameter of the mean loss, from [P].
void CheckGradients(const Case& golden, const ParameterSet& parameters,
                    const at::Tensor& gradient, const std::string& way) {
  const json& want = golden.file().json.at("eval").at("grads");
  const std::vector<at::Tensor> pieces = parameters.Unflatten(gradient);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string& name = parameters.list()[i]->name;
    const json& entry = want.at(name);
    const double l2 = entry.at("l2").get<double>();
    EXPECT_NEAR(pieces[i].norm().item<double>(), l2,
                std::max(kGradientTolerance * l2, kGradientFloor))
        << way << ' ' << name;
    const at::Tensor flat = pieces[i].flatten();
    const auto first = entry.at("first4").get<std::vector<double>>();
    for (size_t j = 0; j < first.size(); ++j) {
      EXPECT_NEAR(flat[static_cast<int64_t>(j)].item<double>(), first[j],
                  std::max(kGradientTolerance * l2, kGradientFloor))
          << way << ' ' << name << '[' << j << ']';
    }
  }
}

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
    EXPECT_LE(MaxAbs(output - file.tensors.at("output")),
              kFloat32Factor *
                  file.json.at("float32_vs_float64_max_abs_dev").get<double>());
    return;
  }
  ADD_FAILURE() << file.name << ": no .safetensors file in '" << weights
                << "' holds the weights that the vector describes";
}

void CheckVector(const GoldenFile& file, const std::string& folder) {
  const Case golden(file);
  auto net = golden.Make(at::kDouble);
  ASSERT_NE(net, nullptr);
  ParameterSet& parameters = net->parameters();
  CheckNamesAndShapes(golden, parameters);
  const std::string tsv = folder + "/" + file.name + ".params.tsv";
  if (std::filesystem::exists(tsv)) CheckTsv(tsv, parameters);

  const at::Tensor input = golden.Input(at::kDouble);
  const at::Tensor target = golden.Target(at::kDouble);
  const json& eval = file.json.at("eval");
  const int64_t samples = input.size(0);

  // Recording: output, losses, gradients, and each sample's product with the
  // direction of differentiation, in one pass.
  const at::Tensor direction = golden.Direction(parameters);
  const at::Tensor uniform =
      at::full({samples}, 1.0 / static_cast<double>(samples), at::kDouble);
  const at::Tensor want_jvp = file.tensors.at("jvp_per_sample_eval");
  at::Tensor output;
  const auto check_recorded = [&](PatchTape::Keep keep,
                                  const std::string& way) {
    PatchTape tape(keep, parameters, samples);
    const TapeScope scope(net->layers(), &tape);
    output = net->Forward(input);
    const at::Tensor losses = SampleLosses(output, target);
    torch::autograd::backward({losses.sum()}, {});
    ExpectClose(way + " output", output, file.tensors.at("output_eval"),
                kForwardTolerance);
    ExpectClose(way + " losses", losses,
                file.tensors.at("per_sample_loss_eval"), kForwardTolerance);
    EXPECT_NEAR(losses.mean().item<double>(), eval.at("loss").get<double>(),
                kForwardTolerance);
    CheckGradients(golden, parameters, tape.WeightedSum(uniform), way);
    ExpectClose(way + " jvp", tape.Products(direction), want_jvp,
                kGradientTolerance, kGradientFloor);
    if (keep != PatchTape::Keep::kGradients) return;
    const auto want = eval.at("per_sample_grad_l2").get<std::vector<double>>();
    for (int64_t b = 0; b < samples; ++b) {
      const double l2 = want[static_cast<size_t>(b)];
      EXPECT_NEAR(tape.gradients()[b].norm().item<double>(), l2,
                  kGradientTolerance * l2);
    }
  };
  check_recorded(PatchTape::Keep::kGradients, "recording");

  // The other ways agree with it on any net (layers_test); here they are run
  // where a float64 pass is cheap.
  if (parameters.size() <= kEveryWayParameters) {
    check_recorded(PatchTape::Keep::kOperands, "layer-wise");
    const at::Tensor recorded = output;
    output = net->Forward(input);
    EXPECT_TRUE(recorded.equal(output)) << "recording changes the output";
    std::vector<at::Tensor> flat;
    for (const at::Tensor& piece : torch::autograd::grad(
             {SampleLosses(output, target).mean()}, parameters.leaves())) {
      flat.push_back(piece.flatten());
    }
    CheckGradients(golden, parameters, at::cat(flat), "plain");
    const at::NoGradGuard no_grad;
    const TangentScope scope(parameters, direction);
    ExpectClose("forward-mode jvp",
                scope.TangentOf(SampleLosses(net->Forward(input), target)),
                want_jvp, kGradientTolerance, kGradientFloor);
  }

  // Float32.
  const auto single = golden.Make(at::kFloat);
  const at::NoGradGuard no_grad;
  EXPECT_LE(MaxAbs(single->Forward(golden.Input(at::kFloat)).to(at::kDouble) -
                   file.tensors.at("output_eval")),
            kFloat32Factor *
                file.json.at("float32_vs_float64_max_abs_dev_output_eval")
                    .get<double>())
      << "float32";
}

TEST(BackboneGoldenTest, EveryVector) {
  const std::string folder = GoldenFolder("backbones");
  const auto files = ReadGoldenFolder(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  for (const GoldenFile& file : *files) {
    SCOPED_TRACE(file.name);
    std::printf("vector %s\n", file.name.c_str());
    if (file.json.contains("net") && file.json.contains("fill_rule")) {
      CheckVector(file, folder);
    } else if (file.json.contains("weights") && file.json.contains("picture")) {
      CheckTrained(file);
    } else if (BelongsToAnotherSuite(file, "backbones")) {
      std::printf("SKIPPED %s: a vector of another suite\n", file.name.c_str());
    } else {
      ADD_FAILURE() << "file of no known kind in '" << folder << "'";
    }
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
