// Houses, trees, cars and people, each a few solids, for the synthetic streets.

#ifndef DATASETS_SYNTHETIC_STREET_THINGS_H_
#define DATASETS_SYNTHETIC_STREET_THINGS_H_

#include "datasets/synthetic/scene_model.h"

namespace bild {

// Stands on y = 0 around the origin; the front, where it has one, towards -z.
Thing MakeHouse(SceneModel& model, Draws& draws, double half_x_m,
                double half_z_m, double height_m);
Thing MakeTree(SceneModel& model, Draws& draws, double height_m);
Thing MakeConifer(SceneModel& model, Draws& draws, double height_m);
Thing MakeHedge(SceneModel& model, Draws& draws, double half_x_m);
Thing MakeCar(SceneModel& model, Draws& draws);  // Its length along z.
Thing MakeStreetLamp(SceneModel& model, Draws& draws);
Thing MakePerson(SceneModel& model, Draws& draws);
Thing MakeKiosk(SceneModel& model, Draws& draws);
Thing MakeBench(SceneModel& model, Draws& draws);
Thing MakeSignPost(SceneModel& model, Draws& draws);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_STREET_THINGS_H_
