#include "bild/step_options.h"

#include "bild/base/seed.h"
#include "bild/base/status.h"

namespace bild {

absl::StatusOr<BilevelOptions> MakeStepOptions(const TrainConfig& config,
                                               const Method& method,
                                               Backbone& backbone,
                                               uint64_t seed) {
  BilevelOptions options;
  BILD_ASSIGN_OR_RETURN(options.loss, ParsePatchLoss(config.loss));
  BILD_ASSIGN_OR_RETURN(options.logit_norm, ParseLogitNorm(config.logit_norm));
  BILD_ASSIGN_OR_RETURN(options.reward.entropy,
                        ParseEntropyTerm(config.entropy));
  BILD_ASSIGN_OR_RETURN(options.reward.scale,
                        ParseRewardScale(config.reward_scale));
  options.reward.alpha = config.alpha;
  BILD_ASSIGN_OR_RETURN(
      options.engine, PlanRewards(config.reward_engine, backbone, config.batch,
                                  config.crop_px, config.reward_memory_mib));
  options.engine.finite_difference_step = config.finite_difference_step;
  options.clip_gradient_norm = config.clip_gradient_norm;
  options.phi_learning_rate =
      method.phi_learning_rate.value_or(config.phi_learning_rate);
  BILD_ASSIGN_OR_RETURN(options.preconditioner,
                        ParsePreconditioner(config.preconditioner));
  options.unrolled_steps = config.effective_truncate();
  options.validation_momentum = config.validation_momentum;
  options.permutation = [seed](int64_t step, int64_t batch) {
    return RandomPermutation(SeedEngine(seed, SeedStream::kShuffle, /*epoch=*/0,
                                        static_cast<uint64_t>(step)),
                             batch);
  };
  return options;
}

}  // namespace bild
