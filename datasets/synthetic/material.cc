#include "datasets/synthetic/material.h"

#include "datasets/synthetic/integer_noise.h"

namespace bild {
namespace {

// Share of [low, high] that a window of width `blur` around x sees: 1 inside,
// 0 outside, a ramp at the borders.
double Band(double x, double low, double high, double blur) {
  const double width = blur > 1e-6 ? blur : 1e-6;
  return Clamp01((x - low) / width + 0.5) - Clamp01((x - high) / width + 0.5);
}

// Where a point lies in a repeated cell.
struct Cell {
  int64_t column;
  int64_t row;
  double s;  // In [0, 1) within the cell.
  double t;
};

Cell CellOf(double s, double t) {
  const int64_t column = FloorToInt(s);
  const int64_t row = FloorToInt(t);
  return {column, row, s - static_cast<double>(column),
          t - static_cast<double>(row)};
}

// A shade of a colour for one brick, tile or board.
double Shade(const Cell& cell, uint32_t seed, double strength) {
  return 1.0 + strength * (2.0 * HashUniform(cell.column, cell.row, seed) - 1);
}

Rgb Stripes(const Material& m, double s, double spacing) {
  const double place = Fraction(s / m.period_s_m);
  const double blur = spacing / m.period_s_m;
  const double keep = VisibleShare(m.period_s_m, spacing);
  const double second = Band(place, 0.25, 0.75, blur);
  return Mix(m.base, m.second, Mix(0.5, second, keep));
}

Rgb Checks(const Material& m, double s, double t, double spacing) {
  const Cell cell = CellOf(s / m.period_s_m, t / m.period_t_m);
  const double keep = VisibleShare(m.period_s_m, spacing);
  const double second = ((cell.column + cell.row) & 1) != 0 ? 1.0 : 0.0;
  return Mix(m.base, m.second, Mix(0.5, second, keep));
}

// Tiles and bricks: `second` is the joint.
Rgb Masonry(const Material& m, double s, double t, double spacing,
            double joint_m, bool is_offset) {
  double across = s / m.period_s_m;
  const double along = t / m.period_t_m;
  if (is_offset && (FloorToInt(along) & 1) != 0) across += 0.5;
  const Cell cell = CellOf(across, along);
  const double joint_s = joint_m / m.period_s_m;
  const double joint_t = joint_m / m.period_t_m;
  const double inside = Band(cell.s, joint_s, 1.0, spacing / m.period_s_m) *
                        Band(cell.t, joint_t, 1.0, spacing / m.period_t_m);
  const double keep = VisibleShare(m.period_t_m, spacing);
  const double shade = 1.0 + keep * (Shade(cell, m.seed, 0.28) - 1.0);
  return Mix(m.second, m.base * shade, Mix(0.9, inside, keep));
}

Rgb Planks(const Material& m, double s, double t, double spacing) {
  const double across = s / m.period_s_m;
  const int64_t board = FloorToInt(across);
  const double start = 7.0 * HashUniform(board, 0, m.seed);
  const Cell cell = CellOf(across, t / m.period_t_m + start);
  const double keep = VisibleShare(m.period_s_m, spacing);
  const double gap = 0.006 / m.period_s_m;
  const double inside =
      Band(cell.s, gap, 1.0, spacing / m.period_s_m) *
      Band(cell.t, 0.006 / m.period_t_m, 1.0, spacing / m.period_t_m);
  // Grain: noise stretched along the board, another for each board.
  const double grain = FractalNoise(
      s * 40.0, t * 2.5 + 31.0 * HashUniform(cell.column, cell.row, m.seed),
      m.seed + 7, 3, 0.6, spacing * 40.0);
  const double shade =
      1.0 + keep * (Shade(cell, m.seed + 3, 0.25) - 1.0) + 0.7 * (grain - 0.5);
  return Mix(m.second * 0.25, m.base * shade, Mix(0.95, inside, keep));
}

Rgb Facade(const Material& m, double s, double t, double spacing) {
  const Cell cell = CellOf(s / m.period_s_m, t / m.period_t_m);
  const double blur_s = spacing / m.period_s_m;
  const double blur_t = spacing / m.period_t_m;
  // Proportions are one building's own.
  const double width = 0.22 + 0.14 * HashUniform(1, 0, m.seed);
  const double low = 0.22 + 0.12 * HashUniform(2, 0, m.seed);
  const double high = 0.80 + 0.10 * HashUniform(3, 0, m.seed);
  const double frame = Band(cell.s, 0.5 - width, 0.5 + width, blur_s) *
                       Band(cell.t, low, high, blur_t);
  const double pane = Band(cell.s, 0.53 - width, 0.47 + width, blur_s) *
                      Band(cell.t, low + 0.03, high - 0.03, blur_t) *
                      (1.0 - Band(cell.s, 0.485, 0.515, blur_s));
  const double sill = Band(cell.s, 0.46 - width, 0.54 + width, blur_s) *
                      Band(cell.t, low - 0.05, low, blur_t);
  const double course = Band(cell.t, 0.0, 0.045, blur_t);
  const double mood = HashUniform(cell.column, cell.row, m.seed + 11);
  // Glass: mostly dark, some reflect the sky, some have curtains drawn.
  Rgb glass = Rgb{0.03, 0.04, 0.05} * (0.6 + 1.4 * mood);
  if (mood > 0.72) {
    glass = Mix(Rgb{0.10, 0.13, 0.17}, Rgb{0.32, 0.40, 0.50}, cell.t);
  } else if (mood < 0.16) {
    glass = Mix(Rgb{0.42, 0.38, 0.30}, m.base, 0.3);
  }
  const Rgb trim = Mix(m.second, Rgb{0.7, 0.68, 0.64}, 0.35);
  const double brick =
      FractalNoise(s * 5.0, t * 14.0, m.seed + 5, 2, 0.6, spacing * 10.0);
  Rgb colour = m.base * (0.85 + 0.3 * brick);
  colour = Mix(colour, trim, 0.55 * course);
  colour = Mix(colour, trim, frame);
  colour = Mix(colour, trim * 1.15, sill);
  return Mix(colour, glass, pane);
}

// One of a few colours of goods.
Rgb Cover(double hue, double tone) {
  const Rgb colour = hue < 0.30   ? Rgb{0.36, 0.07, 0.05}
                     : hue < 0.50 ? Rgb{0.05, 0.10, 0.26}
                     : hue < 0.65 ? Rgb{0.08, 0.18, 0.10}
                     : hue < 0.85 ? Rgb{0.60, 0.52, 0.36}
                                  : Rgb{0.04, 0.04, 0.05};
  return colour * (0.5 + tone);
}

Rgb ShopFront(const Material& m, double s, double t, double spacing) {
  const Cell cell = CellOf(s / m.period_s_m, 0.0);
  const double blur = spacing / m.period_s_m;
  const double pane = Band(cell.s, 0.06, 0.94, blur) *
                      Band(t, 0.45, 2.35, spacing) *
                      (1.0 - Band(cell.s, 0.49, 0.51, blur));
  const double awning = Band(t, 2.5, 3.2, spacing);
  const double sign = HashUniform(cell.column, 1, m.seed);
  // Behind the glass: goods of different heights on two boards, a dim room
  // above, and the sky mirrored in broad streaks.
  const Cell good = CellOf(s / 0.34, (t - 0.45) / 0.95);
  const double hue = HashUniform(good.column, good.row, m.seed + 3);
  const double tone = HashUniform(good.column, good.row, m.seed + 4);
  const double tall =
      0.15 + 0.55 * HashUniform(good.column, good.row, m.seed + 5);
  const double is_good = Band(good.s, 0.10, 0.90, spacing / 0.34) *
                         Band(good.t, 0.0, tall, spacing / 0.95);
  const double keep = VisibleShare(0.34, spacing);
  const double dim =
      FractalNoise(s * 0.8, t * 0.8, m.seed + 6, 3, 0.6, spacing * 0.8);
  Rgb inside = Rgb{0.10, 0.085, 0.065} * (0.3 + 1.4 * dim);
  inside = Mix(inside, Cover(hue, tone), 0.8 * Mix(0.3, is_good, keep));
  const double mirror =
      SmoothStep(0.5, 0.62, ValueNoise((s + 0.5 * t) * 0.45, 0.5, m.seed + 7));
  inside = Mix(inside, Rgb{0.34, 0.40, 0.46}, 0.45 * mirror);
  const double lettering =
      Band(t, 2.68, 3.02, spacing) * Band(cell.s, 0.2, 0.8, blur) *
      SmoothStep(0.45, 0.55, ValueNoise(s * 9.0, 0.0, m.seed + 9)) *
      VisibleShare(0.11, spacing);
  const Rgb cloth = Mix(m.second, m.base, 0.6 * sign);
  Rgb colour = Mix(m.base * 0.8, inside, pane);
  colour = Mix(colour, cloth, awning);
  return Mix(colour, Rgb{0.75, 0.72, 0.62}, lettering);
}

Rgb Books(const Material& m, double s, double t, double spacing) {
  const double row_place = t / m.period_t_m;
  const int64_t row = FloorToInt(row_place);
  const double height = row_place - static_cast<double>(row);
  // Spines of 2 to 5 cm: a cell of 9 cm holds three, cut at hashed places.
  const Cell cell = CellOf(s / 0.09, 0.0);
  const double first = 0.22 + 0.2 * HashUniform(cell.column, row, m.seed);
  const double next = 0.58 + 0.2 * HashUniform(cell.column, row, m.seed + 1);
  const int64_t spine =
      3 * cell.column + (cell.s < first ? 0 : (cell.s < next ? 1 : 2));
  const double tone = HashUniform(spine, row, m.seed + 2);
  const double hue = HashUniform(spine, row, m.seed + 3);
  const double top = 0.62 + 0.28 * HashUniform(spine, row, m.seed + 4);
  Rgb cover = Cover(hue, tone);
  const double label = Band(height, 0.30, 0.38, spacing / m.period_t_m);
  cover = Mix(cover, Rgb{0.6, 0.5, 0.3}, 0.5 * label);
  const double is_book = hue > 0.95 ? 0.0 : 1.0;
  const double blur = spacing / m.period_t_m;
  const double keep = VisibleShare(0.05, spacing);
  const Rgb mean{0.20, 0.16, 0.12};
  Rgb colour = Mix(m.base * 0.12, Mix(mean, cover, keep),
                   is_book * Band(height, 0.0, top, blur));
  return Mix(colour, m.base, Band(height, 0.93, 1.1, blur));
}

Rgb Panels(const Material& m, double s, double t, double spacing) {
  const Cell cell = CellOf(s / m.period_s_m, t / m.period_t_m);
  const double blur_s = spacing / m.period_s_m;
  const double blur_t = spacing / m.period_t_m;
  const double gap =
      Band(cell.s, 0.02, 0.98, blur_s) * Band(cell.t, 0.02, 0.98, blur_t);
  const double rim =
      Band(cell.s, 0.12, 0.88, blur_s) * Band(cell.t, 0.14, 0.86, blur_t);
  const double field =
      Band(cell.s, 0.15, 0.87, blur_s) * Band(cell.t, 0.14, 0.83, blur_t);
  const double ds = (cell.s - 0.92) * m.period_s_m;
  const double dt = (cell.t - 0.5) * m.period_t_m;
  const double knob = Clamp01((0.025 - std::sqrt(ds * ds + dt * dt)) /
                                  (spacing > 1e-4 ? spacing : 1e-4) +
                              0.5);
  const double grain =
      FractalNoise(s * 30.0, t * 3.0, m.seed + 2, 3, 0.6, spacing * 30.0);
  Rgb colour = m.base * (0.8 + 0.4 * grain);
  colour = Mix(colour, colour * 0.45, rim);
  colour = Mix(colour, m.base * (0.85 + 0.4 * grain), field);
  colour = Mix(m.base * 0.15, colour, gap);
  return Mix(colour, m.second, knob);
}

Rgb Picture(const Material& m, double s, double t, double spacing) {
  const double u = s / m.period_s_m;
  const double v = t / m.period_t_m;
  const double ridge =
      0.35 + 0.5 * (FractalNoise(u * 3.0, 0.5, m.seed, 4, 0.5, 0) - 0.5);
  const double paint = FractalNoise(u * 6.0, v * 6.0, m.seed + 5, 5, 0.65,
                                    spacing * 6.0 / m.period_s_m);
  const Rgb sky = Mix(m.second, Rgb{0.72, 0.70, 0.62}, Clamp01(1.3 * v - 0.2));
  const Rgb land = m.base * (0.35 + 1.5 * v);
  const double above = SmoothStep(-0.02, 0.02, v - ridge);
  return Mix(land, sky, above) * (0.55 + 0.9 * paint);
}

Rgb Window(const Material& m, double s, double t, double spacing) {
  const Cell cell = CellOf(s / m.period_s_m, t / m.period_t_m);
  const double bar_s = 0.03 / m.period_s_m;
  const double bar_t = 0.03 / m.period_t_m;
  const double pane = Band(cell.s, bar_s, 1.0 - bar_s, spacing / m.period_s_m) *
                      Band(cell.t, bar_t, 1.0 - bar_t, spacing / m.period_t_m);
  // Crowns below, gaps of sky that widen with height.
  const double trees =
      FractalNoise(s * 2.5, t * 2.5, m.seed, 6, 0.7, spacing * 2.5);
  const double light =
      FractalNoise(s * 6.0, t * 6.0, m.seed + 7, 5, 0.7, spacing * 6.0);
  const double up = Clamp01(t / 1.1);
  const double leafy = SmoothStep(-0.04, 0.04, trees - 0.22 - 0.42 * up);
  const Rgb leaves = m.second * (0.25 + 1.6 * light);
  const Rgb view = Mix(Rgb{0.80, 0.88, 0.95}, leaves, leafy);
  return Mix(m.base, view, pane);
}

Rgb Curtain(const Material& m, double s, double t, double spacing) {
  const double folds =
      FractalNoise(s * 9.0, t * 0.25, m.seed, 3, 0.5, spacing * 9.0);
  const double weave =
      FractalNoise(s * 60.0, t * 60.0, m.seed + 5, 2, 0.5, spacing * 60.0);
  return m.base * (0.35 + 1.1 * folds + 0.2 * (weave - 0.5));
}

Rgb Leaves(const Material& m, double s, double t, double spacing) {
  const double clumps =
      FractalNoise(s * 1.6, t * 1.6, m.seed, 6, 0.78, spacing * 1.6);
  const double light = SmoothStep(0.30, 0.70, clumps);
  return Mix(m.base * 0.22, m.second * 1.15, light);
}

Rgb Road(const Material& m, double s, double t, double spacing) {
  const double half_m = m.period_s_m;
  const double side_m = s < 0 ? -s : s;
  const double wear =
      FractalNoise(s * 1.3, t * 0.22, m.seed, 4, 0.6, spacing * 1.3);
  const double grain =
      FractalNoise(s * 14.0, t * 14.0, m.seed + 8, 3, 0.8, spacing * 14.0);
  Rgb road = m.base * (0.45 + 0.7 * wear + 0.55 * (grain - 0.5) + 0.1);
  const double patch =
      SmoothStep(0.66, 0.68, ValueNoise(s * 0.5, t * 0.16, m.seed + 40));
  road = Mix(road, road * 0.6, patch);
  // Marks: a dashed line in the middle, an unbroken one at each side.
  const double worn = 0.55 + 0.45 * SmoothStep(0.3, 0.5, grain);
  const double dash = Band(Fraction(t / 6.0), 0.1, 0.55, spacing / 6.0);
  const double middle = Band(s, -0.09, 0.09, spacing) * dash;
  const double edge = Band(side_m, half_m - 0.5, half_m - 0.36, spacing);
  road = Mix(road, Rgb{0.62, 0.60, 0.55}, worn * (middle + edge));
  // Pavement: kerb stone, then flags of `period_t_m`.
  const Cell flag = CellOf(side_m / m.period_t_m, t / m.period_t_m);
  const double keep = VisibleShare(m.period_t_m, spacing);
  const double blur = spacing / m.period_t_m;
  const double joint = 0.025 / m.period_t_m;
  const double inside =
      Band(flag.s, joint, 1.0, blur) * Band(flag.t, joint, 1.0, blur);
  const double shade = 1.0 + keep * (Shade(flag, m.seed + 21, 0.22) - 1.0);
  Rgb flags = m.second * shade * (0.7 + 0.6 * grain) * (0.75 + 0.5 * wear);
  flags = Mix(m.second * 0.3, flags, Mix(0.92, inside, keep));
  const double is_pavement = Band(side_m, half_m, 1e6, spacing);
  const double is_kerb = Band(side_m, half_m, half_m + 0.28, spacing);
  Rgb colour = Mix(road, flags, is_pavement);
  const double gutter = Band(side_m, half_m - 0.12, half_m, spacing);
  colour = Mix(colour, colour * 0.45, gutter);
  return Mix(colour, m.second * 1.25, 0.8 * is_kerb);
}

Rgb PatternColour(const Material& m, double s, double t, double spacing) {
  switch (m.pattern) {
    case Pattern::kPlain:
      return m.base;
    case Pattern::kStripes:
      return Stripes(m, s, spacing);
    case Pattern::kChecks:
      return Checks(m, s, t, spacing);
    case Pattern::kTiles:
      return Masonry(m, s, t, spacing, 0.012, /*is_offset=*/false);
    case Pattern::kBricks:
      return Masonry(m, s, t, spacing, 0.014, /*is_offset=*/true);
    case Pattern::kPlanks:
      return Planks(m, s, t, spacing);
    case Pattern::kFacade:
      return Facade(m, s, t, spacing);
    case Pattern::kShopFront:
      return ShopFront(m, s, t, spacing);
    case Pattern::kBooks:
      return Books(m, s, t, spacing);
    case Pattern::kPanels:
      return Panels(m, s, t, spacing);
    case Pattern::kPicture:
      return Picture(m, s, t, spacing);
    case Pattern::kWindow:
      return Window(m, s, t, spacing);
    case Pattern::kCurtain:
      return Curtain(m, s, t, spacing);
    case Pattern::kLeaves:
      return Leaves(m, s, t, spacing);
    case Pattern::kRoad:
      return Road(m, s, t, spacing);
  }
  return m.base;
}

Rgb Limited(const Rgb& colour) {
  const auto limit = [](double x) { return x < 0 ? 0.0 : (x > 1.5 ? 1.5 : x); };
  return {limit(colour.r), limit(colour.g), limit(colour.b)};
}

}  // namespace

Rgb SurfaceColour(const Material& material, double s, double t,
                  double spacing_m) {
  Rgb colour = PatternColour(material, s, t, spacing_m);
  double factor = 1.0;
  if (material.noise > 0) {
    const double scale = 1.0 / material.noise_m;
    const double noise =
        FractalNoise(s * scale, t * scale, material.seed + 100,
                     material.octaves, 0.65, spacing_m * scale);
    factor += material.noise * 2.0 * (noise - 0.5) * 1.6;
  }
  if (material.speckle > 0) {
    constexpr double kGrain_m = 0.012;
    const double visible = VisibleShare(3.0 * kGrain_m, spacing_m);
    const double grain =
        HashUniform(FloorToInt(s / kGrain_m), FloorToInt(t / kGrain_m),
                    material.seed + 200);
    factor += material.speckle * visible * (2.0 * grain - 1.0);
  }
  return Limited(colour * factor);
}

Rgb SkyColour(const Sky& sky, const Vec3& direction) {
  const double up = direction.y > 0 ? direction.y / Length(direction) : 0.0;
  const double height = 1.0 - (1.0 - up) * (1.0 - up);
  const Rgb air = Mix(sky.horizon, sky.zenith, height);
  // Clouds on a plane overhead, flattened towards the horizon.
  const double reach = 1.0 / (up + 0.12);
  const double x = direction.x / Length(direction) * reach;
  const double z = direction.z / Length(direction) * reach;
  const double cover = FractalNoise(x * 0.9, z * 0.9, sky.seed, 6, 0.55, 0);
  const double threshold = 0.72 - 0.34 * sky.cloudiness;
  const double cloud = SmoothStep(threshold - 0.10, threshold + 0.16, cover);
  const double lit =
      FractalNoise(x * 0.9 + 0.15, z * 0.9 - 0.1, sky.seed + 9, 5, 0.55, 0);
  const Rgb body = Rgb{0.74, 0.75, 0.78} * (0.68 + 0.55 * lit);
  return Mix(air, body, 0.85 * cloud);
}

}  // namespace bild
