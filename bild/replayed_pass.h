// Passes that keep an ordinary graph for the step and come back to the same
// parameters for the products. Valid for every net, those that couple patches
// included.

#ifndef BILD_REPLAYED_PASS_H_
#define BILD_REPLAYED_PASS_H_

#include <memory>

#include "backbones/backbone.h"
#include "bild/patch_loss.h"
#include "bild/patch_pass.h"
#include "bild/reward_engine.h"

namespace bild {

// For the engines kForward, kFiniteDifference and kPerSample.
std::unique_ptr<PatchPass> MakeReplayedPass(Backbone& backbone,
                                            const Patches& patches,
                                            PatchLoss loss,
                                            const RewardPlan& plan);

}  // namespace bild

#endif  // BILD_REPLAYED_PASS_H_
