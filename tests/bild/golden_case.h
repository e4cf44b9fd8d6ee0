// One case of a bild_step file: the nets, batches and settings that it names,
// and its tensors, each of which must be asked for.

#ifndef TESTS_BILD_GOLDEN_CASE_H_
#define TESTS_BILD_GOLDEN_CASE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "bild/bilevel_step.h"
#include "bild/optimizer.h"
#include "bild/patch_pass.h"
#include "bild/rewards.h"
#include "bild/reweighting_network.h"
#include "nlohmann/json.hpp"
#include "tests/testing/golden_files.h"

namespace bild {

class GoldenCase {
 public:
  // Relative to the largest element of a tensor; independent float64 libraries
  // agree to about 1e-14.
  static constexpr double kTolerance = 1e-9;

  GoldenCase(const GoldenFile& file, const std::string& name);

  const GoldenFile& file() const { return file_; }
  const nlohmann::json& config() const { return config_; }
  const nlohmann::json& values() const { return values_; }
  Backbone* net() const { return net_.get(); }
  ReweightingNetwork& network() const { return *network_; }
  ParameterSet& theta() const { return net_->parameters(); }

  // A failure, and one number, for a tensor that the case does not have.
  at::Tensor Want(const std::string& tensor);
  void Expect(const std::string& what, const at::Tensor& got,
              const at::Tensor& want);
  void Expect(const std::string& tensor, const at::Tensor& got) {
    Expect(tensor, got, Want(tensor));
  }
  void ExpectValue(const std::string& value, double got);
  void ExpectAllRead() const;

  // Training batch `n`, from 0, and the validation patches.
  Patches Training(int64_t n = 0) const;
  Patches Validation() const;

  // theta_0 and phi_0.
  void Reset();
  void SetTheta(const at::Tensor& values);
  at::Tensor phi0() const { return file_.tensors.at("phi0"); }

  // Loss and logit norm of the case, no entropy term, no scaling.
  BilevelOptions Options() const;
  // The entropy, scale and alpha of phi_step.
  RewardOptions PhiStepReward() const;
  NetworkWeights Weights(int64_t batch = 0) const;

 private:
  const GoldenFile& file_;
  const std::string name_;
  const nlohmann::json& config_;
  const nlohmann::json& values_;
  std::map<std::string, at::Tensor> tensors_;  // Without the case's name.
  std::set<std::string> read_;
  std::unique_ptr<Backbone> net_;
  std::unique_ptr<ReweightingNetwork> network_;
  at::Tensor theta0_;
};

// An optimiser by name, with PyTorch's defaults.
std::unique_ptr<Optimizer> GoldenOptimizer(const std::string& name,
                                           double epsilon = 1e-8);

// The gradient of phi that a step made, read off phi: a step of size 1024, so
// that what phi itself rounds away is far below the tolerance.
constexpr double kReadOffStep = 1024.0;
at::Tensor PhiGradient(const GoldenCase& golden);

}  // namespace bild

#endif  // TESTS_BILD_GOLDEN_CASE_H_
