// What a net costs: parameters, multiply-adds, time and memory of one forward
// pass.

#ifndef BACKBONES_COST_H_
#define BACKBONES_COST_H_

#include <cstdint>

#include "backbones/backbone.h"
#include "bild/base/interleaved_times.h"

namespace bild {

// Counted from the shapes that really ran, as papers count: convolutions and
// linear layers, biases and pointwise arithmetic left out, transposed
// convolutions per input pixel. `input` as for Backbone::Forward().
int64_t CountMultiplyAdds(Backbone& backbone, const at::Tensor& input);

struct ForwardCost {
  int64_t parameters = 0;
  int64_t multiply_adds = 0;
  // Of Restore() of one picture, on the clock that was asked for.
  Quartiles seconds;
  // Most bytes of tensors that lived at once in Restore(), above the picture
  // and the parameters; without the scratch memory of libraries. CPU only.
  int64_t peak_live_bytes = 0;
};

// One picture of 3 x height x width with values in [0, 1]; one pass to warm up,
// then `repeats` >= 1 timed ones. InstallLiveBytes() must have been called.
ForwardCost MeasureForward(Backbone& backbone, int64_t height_px,
                           int64_t width_px, int64_t repeats,
                           const InterleavedTimes::Clock& clock = WallSeconds);

}  // namespace bild

#endif  // BACKBONES_COST_H_
