// Plants, walls and playthings, each a few solids, for the synthetic gardens.

#ifndef DATASETS_SYNTHETIC_GARDEN_THINGS_H_
#define DATASETS_SYNTHETIC_GARDEN_THINGS_H_

#include "datasets/synthetic/scene_model.h"

namespace bild {

// Stands on y = 0 around the origin; long things along x.
Thing MakeBush(SceneModel& model, Draws& draws, double height_m);
Thing MakeClippedHedge(SceneModel& model, Draws& draws, double half_x_m,
                       double height_m);
Thing MakeWoods(SceneModel& model, Draws& draws, double half_x_m);
Thing MakeGardenWall(SceneModel& model, Draws& draws, double half_x_m);
Thing MakeFence(SceneModel& model, Draws& draws, double half_x_m);
Thing MakePlanter(SceneModel& model, Draws& draws);
Thing MakeStones(SceneModel& model, Draws& draws);
Thing MakeClimbingFrame(SceneModel& model, Draws& draws);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_GARDEN_THINGS_H_
