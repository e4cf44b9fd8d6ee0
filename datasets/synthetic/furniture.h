// Pieces of furniture, each a few solids, for the synthetic rooms.

#ifndef DATASETS_SYNTHETIC_FURNITURE_H_
#define DATASETS_SYNTHETIC_FURNITURE_H_

#include "datasets/synthetic/scene_model.h"

namespace bild {

// A piece around the origin of its own frame, standing on y = 0, its front
// towards -z.
struct Piece {
  Thing thing;
  double half_x_m = 0.5;  // Footprint.
  double half_z_m = 0.5;
};

Piece MakeSofa(SceneModel& model, Draws& draws);
Piece MakeBed(SceneModel& model, Draws& draws);
Piece MakeTable(SceneModel& model, Draws& draws);
Piece MakeChair(SceneModel& model, Draws& draws);
Piece MakeCupboard(SceneModel& model, Draws& draws);  // Man-high or waist-high.
Piece MakeBookshelf(SceneModel& model, Draws& draws);
Piece MakeDesk(SceneModel& model, Draws& draws);
Piece MakeFloorLamp(SceneModel& model, Draws& draws);
Piece MakePlant(SceneModel& model, Draws& draws);
Piece MakePouf(SceneModel& model, Draws& draws);
Piece MakeCartons(SceneModel& model, Draws& draws);
Piece MakeRug(SceneModel& model, Draws& draws);

// Things for walls: flat in z, centred on x and y, back at z = 0.
Piece MakePicture(SceneModel& model, Draws& draws);
Piece MakeWindow(SceneModel& model, Draws& draws);
Piece MakeWallBoard(SceneModel& model, Draws& draws);
Piece MakeDoor(SceneModel& model, Draws& draws);  // Stands on the floor.

// A vase, a bowl, a stack of books or a lamp on a surface at `height`.
void AddOrnament(SceneModel& model, Draws& draws, Thing& thing, double x,
                 double height, double z);

// Materials that rooms share.
Material WoodLook(Draws& draws, Pattern pattern);
int WoodMaterial(SceneModel& model, Draws& draws, Pattern pattern);
int FabricMaterial(SceneModel& model, Draws& draws);
int PaintMaterial(SceneModel& model, const Rgb& linear, Draws& draws);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_FURNITURE_H_
