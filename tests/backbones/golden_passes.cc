#include "tests/backbones/golden_passes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/full.h"
#include "ATen/ops/zeros_like.h"
#include "backbones/patch_tape.h"
#include "bild/base/atomic_file.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/backbones/golden_trace.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

using nlohmann::json;

// Relative, but for the floor. Independent libraries agree to about 1e-13;
// gradients pass through more cancellation.
struct Tolerances {
  double output = 1e-9;
  double loss = 1e-9;
  double jvp = 1e-7;
  double gradient = 1e-7;            // Of the parameter's own gradient.
  double gradient_of_largest = 0.0;  // Of the largest of all.
  double gradient_floor = 1e-12;
};

// A relative change of 2e-16 in the input moves the output by 8e-10 where batch
// norms divide by the variances that sines leave.
Tolerances TrainingTolerances(const GoldenCase& golden) {
  Tolerances tolerances;
  if (golden.is_sine()) {
    tolerances.output = 1e-8;
    tolerances.jvp = 2e-5;
    tolerances.gradient_of_largest = 2e-6;
  }
  return tolerances;
}

constexpr double kFloat32Factor = 10.0;
// The ways to the per-patch products agree on any net (layers_test); they are
// all run where a float64 pass is cheap.
constexpr int64_t kEveryWayParameters = 100000;

// Gradients of the mean loss, from [P], and the norm of each sample's own.
void CheckGradients(const json& want, const ParameterSet& parameters,
                    const at::Tensor& gradient, const Tolerances& tolerances,
                    const std::string& way) {
  const json& entries = want.at("grads");
  double largest = 0.0;
  for (const json& entry : entries) {
    if (entry.at("l2").is_null()) continue;
    largest = std::max(largest, entry.at("l2").get<double>());
  }
  const std::vector<at::Tensor> pieces = parameters.Unflatten(gradient);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string& name = parameters.list()[i]->name;
    const json& entry = entries.at(name);
    if (entry.at("l2").is_null()) {
      EXPECT_EQ(MaxAbs(pieces[i]), 0.0) << way << ' ' << name;
      continue;
    }
    const double l2 = entry.at("l2").get<double>();
    const double tolerance = std::max({tolerances.gradient * l2,
                                       tolerances.gradient_of_largest * largest,
                                       tolerances.gradient_floor});
    EXPECT_NEAR(pieces[i].norm().item<double>(), l2, tolerance)
        << way << ' ' << name;
    const at::Tensor flat = pieces[i].flatten();
    const auto first = entry.at("first4").get<std::vector<double>>();
    for (size_t j = 0; j < first.size(); ++j) {
      EXPECT_NEAR(flat[static_cast<int64_t>(j)].item<double>(), first[j],
                  tolerance)
          << way << ' ' << name << '[' << j << ']';
    }
  }
}

void CheckSampleNorms(const json& want, const std::vector<at::Tensor>& samples,
                      const Tolerances& tolerances) {
  const auto norms = want.at("per_sample_grad_l2").get<std::vector<double>>();
  ASSERT_EQ(samples.size(), norms.size());
  for (size_t b = 0; b < norms.size(); ++b) {
    EXPECT_NEAR(samples[b].norm().item<double>(), norms[b],
                std::max(tolerances.gradient, tolerances.gradient_of_largest) *
                    norms[b])
        << "gradient of sample " << b;
  }
}

void CheckOutput(const GoldenCase& golden, const std::string& mode,
                 const at::Tensor& output, const at::Tensor& losses,
                 const Tolerances& tolerances, const std::string& way) {
  ExpectClose(way + " output", output, golden.tensor("output_" + mode),
              tolerances.output);
  ExpectClose(way + " losses", losses, golden.tensor("per_sample_loss_" + mode),
              tolerances.loss);
  const double loss = golden.json().at(mode).at("loss").get<double>();
  EXPECT_NEAR(losses.mean().item<double>(), loss, tolerances.loss * loss)
      << way;
}

// [P]: zeros for parameters that the value does not depend on.
at::Tensor Gradient(const at::Tensor& value, const ParameterSet& parameters) {
  const std::vector<at::Tensor> leaves = parameters.leaves();
  std::vector<at::Tensor> pieces = torch::autograd::grad(
      {value}, leaves, /*grad_outputs=*/{}, /*retain_graph=*/true,
      /*create_graph=*/false, /*allow_unused=*/true);
  for (size_t i = 0; i < pieces.size(); ++i) {
    pieces[i] = pieces[i].defined() ? pieces[i].flatten()
                                    : at::zeros_like(leaves[i]).flatten();
  }
  return at::cat(pieces);
}

// [B], by dual numbers through the whole net.
at::Tensor ForwardModeProducts(const GoldenCase& golden, Backbone& net) {
  const at::NoGradGuard no_grad;
  const TangentScope scope(net.parameters(), golden.Direction(net));
  return scope.TangentOf(SampleLosses(net.Forward(golden.Input(at::kDouble)),
                                      golden.Target(at::kDouble)));
}

// Recording: output, losses, gradients, and each sample's product with the
// direction of differentiation, in one pass.
at::Tensor CheckRecorded(const GoldenCase& golden, Backbone& net,
                         PatchTape::Keep keep, const std::string& way) {
  const Tolerances tolerances;
  const ParameterSet& parameters = net.parameters();
  const json& want = golden.json().at("eval");
  const at::Tensor input = golden.Input(at::kDouble);
  const int64_t samples = input.size(0);
  PatchTape tape(keep, parameters, samples);
  const TapeScope scope(net.layers(), &tape);
  OutputTrace trace;
  net.layers().set_observer(&trace);
  const at::Tensor output = net.Forward(input);
  net.layers().set_observer(nullptr);
  CheckTrace(golden, trace, tolerances.output);
  const at::Tensor losses = SampleLosses(output, golden.Target(at::kDouble));
  torch::autograd::backward({losses.sum()}, {});
  CheckOutput(golden, "eval", output, losses, tolerances, way);
  const at::Tensor uniform =
      at::full({samples}, 1.0 / static_cast<double>(samples), at::kDouble);
  CheckGradients(want, parameters, tape.WeightedSum(uniform), tolerances, way);
  ExpectClose(way + " jvp", tape.Products(golden.Direction(net)),
              golden.tensor("jvp_per_sample_eval"), tolerances.jvp,
              tolerances.gradient_floor);
  if (keep == PatchTape::Keep::kGradients) {
    CheckSampleNorms(want, tape.Gradients().unbind(0), tolerances);
  }
  return output.detach();
}

}  // namespace

void CheckState(const GoldenCase& golden, const std::string& tsv_path) {
  const auto net = golden.Make(at::kDouble);
  ASSERT_NE(net, nullptr);
  const std::vector<const Parameter*>& state = net->layers().state();
  const json& rows = golden.json().at("params");
  ASSERT_EQ(state.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(state[i]->name, rows[i].at("name").get<std::string>());
    EXPECT_EQ(state[i]->shape, rows[i].at("shape").get<std::vector<int64_t>>())
        << state[i]->name;
  }
  EXPECT_EQ(net->parameters().size(), golden.json().at("param_count"));
  const auto sum_of = [&](const std::string& key) {
    return golden.json().at(key).get<double>();
  };
  double sum = 0.0;
  double absolute_sum = 0.0;
  for (const Parameter* tensor : state) {
    sum += tensor->value.sum().item<double>();
    absolute_sum += tensor->value.abs().sum().item<double>();
  }
  EXPECT_NEAR(sum, sum_of("fill_sum"), 1e-11 * sum_of("fill_abs_sum"));
  EXPECT_NEAR(absolute_sum, sum_of("fill_abs_sum"),
              1e-11 * sum_of("fill_abs_sum"));

  if (!std::filesystem::exists(tsv_path)) return;
  const auto text = ReadFile(tsv_path);
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
    ASSERT_LT(row, state.size()) << tsv_path;
    std::string own;
    for (int64_t extent : state[row]->shape) {
      own += (own.empty() ? "" : "x") + std::to_string(extent);
    }
    EXPECT_EQ(std::to_string(row), k) << name;
    EXPECT_EQ(state[row]->name, name);
    EXPECT_EQ(own, shape) << name;
    ++row;
  }
  EXPECT_EQ(row, state.size());
}

void CheckEvaluation(const GoldenCase& golden) {
  const auto net = golden.Make(at::kDouble);
  ASSERT_NE(net, nullptr);
  const at::Tensor recorded =
      CheckRecorded(golden, *net, PatchTape::Keep::kGradients, "recording");
  const ParameterSet& parameters = net->parameters();
  if (parameters.size() > kEveryWayParameters) return;
  CheckRecorded(golden, *net, PatchTape::Keep::kOperands, "layer-wise");
  const at::Tensor output = net->Forward(golden.Input(at::kDouble));
  EXPECT_TRUE(recorded.equal(output)) << "recording changes the output";
  const Tolerances tolerances;
  CheckGradients(
      golden.json().at("eval"), parameters,
      Gradient(SampleLosses(output, golden.Target(at::kDouble)).mean(),
               parameters),
      tolerances, "plain");
  ExpectClose("forward-mode jvp", ForwardModeProducts(golden, *net),
              golden.tensor("jvp_per_sample_eval"), tolerances.jvp,
              tolerances.gradient_floor);
}

void CheckTraining(const GoldenCase& golden) {
  const auto net = golden.Make(at::kDouble);
  ASSERT_NE(net, nullptr);
  const Tolerances tolerances = TrainingTolerances(golden);
  const json& want = golden.json().at("train");
  {
    const NormScope batch(net->layers(), NormStatistics::kBatch);
    ExpectClose("forward-mode jvp", ForwardModeProducts(golden, *net),
                golden.tensor("jvp_per_sample_train"), tolerances.jvp,
                tolerances.gradient_floor);
  }
  const NormScope update(net->layers(), NormStatistics::kBatchAndUpdate);
  const at::Tensor output = net->Forward(golden.Input(at::kDouble));
  const at::Tensor losses = SampleLosses(output, golden.Target(at::kDouble));
  CheckOutput(golden, "train", output, losses, tolerances, "batch");
  std::vector<at::Tensor> samples;
  for (int64_t b = 0; b < losses.size(0); ++b) {
    samples.push_back(Gradient(losses[b], net->parameters()));
  }
  CheckSampleNorms(want, samples, tolerances);
  at::Tensor mean = samples[0].clone();
  for (size_t b = 1; b < samples.size(); ++b) mean.add_(samples[b]);
  mean.div_(static_cast<double>(samples.size()));
  CheckGradients(want, net->parameters(), mean, tolerances, "batch");
  const json& moved = golden.json().at("running_stats_after_train_forward");
  EXPECT_EQ(moved.size(), net->layers().buffers().list().size());
  for (const auto& buffer : net->layers().buffers().list()) {
    ExpectStatistics(buffer->name, buffer->value, moved.at(buffer->name),
                     tolerances.output);
  }
}

void CheckFloat32(const GoldenCase& golden) {
  const auto net = golden.Make(at::kFloat);
  ASSERT_NE(net, nullptr);
  const at::NoGradGuard no_grad;
  const at::Tensor output =
      net->Forward(golden.Input(at::kFloat)).to(at::kDouble);
  EXPECT_LE(
      MaxAbs(output - golden.tensor("output_eval")),
      kFloat32Factor * golden.json()
                           .at("float32_vs_float64_max_abs_dev_output_eval")
                           .get<double>())
      << "float32";
}

}  // namespace bild
