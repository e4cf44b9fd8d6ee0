// Measures what windows of a net cost, before a picture is run.

#ifndef BACKBONES_RESTORE_COST_PROBE_H_
#define BACKBONES_RESTORE_COST_PROBE_H_

#include <cstdint>
#include <memory>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "backbones/restore/pass_times.h"
#include "backbones/restore/restore_plan.h"

namespace bild {

// The window that is worth timing before a plan is run, in pixels: a 32nd of
// its work, but no more than its largest tile and a megapixel. 0 where `timed`
// has one of at least half that size, or of the whole.
double WorthTiming(const RestorePlan& plan, const PassTimes& timed);

class CostProbe {
 public:
  // Runs two small windows of a grey picture. InstallLiveBytes() must have been
  // called. Keeps a reference.
  explicit CostProbe(const Backbone& backbone);

  // Bytes are those of tensors, a third more for what libraries take beside
  // them, and what the process had taken when this was made.
  const WindowCost& cost() const { return cost_; }

  // How long RestoreByPlan() will take on a machine that goes on as it does
  // now. Times a larger window where that is worth it.
  double PredictSeconds(const RestorePlan& plan);

 private:
  // A square window, whose time is noted; returns its bytes.
  double Run(int64_t side_px);

  const Backbone& backbone_;
  at::Tensor picture_;
  std::shared_ptr<const WholePicture> whole_;
  double look_seconds_ = 0.0;
  WindowCost cost_;
  PassTimes times_;
};

}  // namespace bild

#endif  // BACKBONES_RESTORE_COST_PROBE_H_
