// The reward engines: how the products a_i = <v, grad l_i> are had, and which
// of them serves a net.

#ifndef BILD_REWARD_ENGINE_H_
#define BILD_REWARD_ENGINE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"

namespace bild {

enum class RewardEngine {
  kInBackward,        // Per-patch gradients formed in the training backward.
  kLayerwise,         // Layer inputs and output gradients kept, multiplied out.
  kForward,           // One forward pass with tangent v at the same parameters.
  kFiniteDifference,  // Losses at theta +- eps v: inexact.
  kPerSample,         // B backward passes: the slow truth.
};

// "in_backward", "layerwise", "forward", "finite_difference", "per_sample";
// "auto" is in_backward, or forward for a net that couples patches.
// InvalidArgument for anything else, for an engine that is not valid for this
// net, and for a net that cannot be trained.
absl::StatusOr<RewardEngine> ChooseRewardEngine(const std::string& text,
                                                const Backbone& backbone);
std::string RewardEngineName(RewardEngine engine);

// What a layer would have to keep for the products of one patch, and what they
// would cost.
struct LayerCost {
  const Layer* layer = nullptr;
  int64_t parameters = 0;     // Numbers of in_backward.
  int64_t operands = 0;       // Numbers of layerwise, over all calls.
  int64_t multiply_adds = 0;  // What layerwise pays: one forward pass more.
};

// Of every layer that runs, in order, for patches of this size. Nothing moves.
std::vector<LayerCost> MeasureLayers(Backbone& backbone, int64_t crop_px);

// Whether writing a patch's gradient of this layer takes longer than one more
// forward pass through it: a large layer on a picture of few pixels
// (docs/step_cost.md).
bool IsFasterLayerwise(const LayerCost& layer);

// Which layers keep operands: those that are faster so, and then, until a pass
// keeps at most `most_numbers`, one by one those that save most numbers per
// multiply-add, never one that would save nothing. What is kept may be more
// than asked for where even that is not enough.
std::set<const Layer*> ChooseLayerwise(const std::vector<LayerCost>& layers,
                                       int64_t patches, int64_t most_numbers);

// An engine, and for kInBackward the layers that keep operands all the same.
struct RewardPlan {
  RewardPlan(RewardEngine chosen = RewardEngine::kInBackward)  // NOLINT
      : engine(chosen) {}

  // As records have it: "in_backward", "in_backward+layerwise[2 of 60 layers]".
  std::string Name() const;

  RewardEngine engine;
  // Of kFiniteDifference: |eps v|, l2, in parameters (0.01 in DARTS,
  // arXiv:1806.09055, section 2.3).
  double finite_difference_step = 0.01;
  std::set<const Layer*> layerwise;
  int64_t layers = 0;  // That run, where `layerwise` is not empty.
};

// The plan of --reward_engine=`text` for batches of B patches. "auto" chooses
// by layer and keeps within --reward_memory_mib where it can (ChooseLayerwise);
// all others are what they are.
absl::StatusOr<RewardPlan> PlanRewards(const std::string& text,
                                       Backbone& backbone, int64_t patches,
                                       int64_t crop_px, int64_t memory_mib);

}  // namespace bild

#endif  // BILD_REWARD_ENGINE_H_
