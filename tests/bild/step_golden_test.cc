// Every vector in tests/golden/bild (or BILD_GOLDEN_DIR): one BILD iteration
// and windows of several, number by number, and the reweighting network,
// against an independent implementation in float64. Every tensor of a case is
// looked at.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/log_softmax.h"
#include "bild/learning_weights.h"
#include "bild/rewards.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/bild/golden_case.h"
#include "tests/bild/golden_checks.h"
#include "tests/testing/formula_fill.h"
#include "tests/testing/golden_files.h"

namespace bild {
namespace {

using nlohmann::json;

constexpr double kTolerance = GoldenCase::kTolerance;

// The network of the authors' public code with the formula's weights.
void CheckReweighting(const GoldenFile& file) {
  ReweightingNetwork network(ReweightingNetworkOptions(), at::kDouble);
  FormulaFill fill;
  fill.rule =
      file.json.at("fill_rule") == "sin" ? FillRule::kSine : FillRule::kHash;
  FillParameters(network.parameters(), fill);
  EXPECT_EQ(network.parameters().size(), file.json.at("param_count"));
  const json& rows = file.json.at("params");
  ASSERT_EQ(network.parameters().list().size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(network.parameters().list()[i]->name, rows[i].at("name"));
    EXPECT_EQ(network.parameters().list()[i]->shape,
              rows[i].at("shape").get<std::vector<int64_t>>());
  }
  const at::Tensor input = file.tensors.at("input").to(at::kDouble);
  const at::Tensor hazy = input.narrow(1, 0, 3);
  const at::Tensor clear = input.narrow(1, 3, 3);
  const auto own = EvaluateWeights(network, hazy, clear, LogitNorm::kZscore);
  ASSERT_TRUE(own.ok()) << own.status();
  const auto logits = file.json.at("logits").get<std::vector<double>>();
  const auto weights = file.json.at("weights").get<std::vector<double>>();
  for (size_t i = 0; i < logits.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    EXPECT_NEAR(own->logits[index].item<double>(), logits[i], kTolerance);
    EXPECT_NEAR(own->weights[index].item<double>(), weights[i], kTolerance);
  }
  // d log w_i along u, by forward mode through network and z-score.
  FormulaFill direction = fill;
  direction.phase_shift = 1.0;
  direction.number_shift = 100000;
  const at::NoGradGuard no_grad;
  const TangentScope tangent(network.parameters(),
                             FilledVector(network.parameters(), direction));
  const at::Tensor z =
      NormaliseLogits(network.Logits(hazy, clear), LogitNorm::kZscore).value();
  const at::Tensor moved = tangent.TangentOf(at::log_softmax(z, 0));
  const auto want = file.json.at("jvp_log_weights").get<std::vector<double>>();
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(moved[static_cast<int64_t>(i)].item<double>(), want[i],
                kTolerance * std::abs(want[i]));
  }
}

TEST(StepGoldenTest, EveryVector) {
  const std::string folder = GoldenFolder("bild");
  const auto files = ReadGoldenFolder(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  for (const GoldenFile& file : *files) {
    std::printf("vector %s\n", file.name.c_str());
    SCOPED_TRACE(file.name);
    if (file.json.contains("cases") && file.json.contains("phi")) {
      for (const auto& [name, unused] : file.json.at("cases").items()) {
        SCOPED_TRACE(name);
        GoldenCase golden(file, name);
        if (golden.net() == nullptr) continue;
        CheckOneStep(golden);
        CheckControls(golden);
        CheckWindows(golden);
        golden.ExpectAllRead();
      }
    } else if (file.json.contains("jvp_log_weights")) {
      CheckReweighting(file);
    } else if (BelongsToAnotherSuite(file, "bild")) {
      std::printf("SKIPPED %s: a vector of another suite\n", file.name.c_str());
    } else {
      ADD_FAILURE() << "file of no known kind in '" << folder << "'";
    }
  }
}

}  // namespace
}  // namespace bild
