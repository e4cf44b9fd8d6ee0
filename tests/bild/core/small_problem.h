// A bi-level problem small enough for the slow truths of the tests: a net, a
// reweighting network and patches, all from a seed, in float64 or float32.

#ifndef TESTS_BILD_CORE_SMALL_PROBLEM_H_
#define TESTS_BILD_CORE_SMALL_PROBLEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "bild/base/seed.h"
#include "bild/patch_loss.h"
#include "bild/patch_pass.h"
#include "bild/reweighting_network.h"

namespace bild {

struct SmallProblem {
  std::unique_ptr<Backbone> backbone;
  std::unique_ptr<ReweightingNetwork> network;
  Patches training;    // B of them.
  Patches validation;  // M of them.
};

struct SmallProblemOptions {
  // Or "norm", conv2 with a batch norm, or what the catalogue knows.
  std::string net = "conv2";
  int64_t batch = 4;
  int64_t validation_batch = 3;
  int64_t crop_px = 7;
  at::ScalarType dtype = at::kDouble;
};

// Weights N(0, 1 / fan_in), biases N(0, 0.1^2), but about 1 for AOD-Net's K and
// in the head of the reweighting network, so that both are alive. The
// reweighting network has two narrow stages of random widths. Pictures are
// uniform noise in [0, 1].
SmallProblem MakeSmallProblem(SeedEngine& engine,
                              const SmallProblemOptions& options);

// The nets that treat every patch by itself, for properties to be tried on.
const std::vector<std::string>& SmallNets();

// [B, P]: the gradient of every patch's loss, by B backward passes through
// ordinary operations.
at::Tensor PerSampleGradients(const Backbone& backbone, const Patches& patches,
                              PatchLoss loss);

// One tensor per parameter as one vector.
at::Tensor Flatten(const std::vector<at::Tensor>& pieces);

void SetParameters(ParameterSet& parameters, const at::Tensor& values);

}  // namespace bild

#endif  // TESTS_BILD_CORE_SMALL_PROBLEM_H_
