// GridDehazeNet: names and sizes, the way through the grid by hand, and any
// picture size.

#include "backbones/griddehazenet.h"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

GridDehazeNetOptions Narrow(int64_t width, int64_t growth) {
  GridDehazeNetOptions options;
  options.width = width;
  options.growth = growth;
  return options;
}

// Layer by layer, for width w and growth g.
int64_t CountedByHand(int64_t w, int64_t g) {
  const auto conv = [](int64_t in, int64_t out, int64_t kernel) {
    return in * out * kernel * kernel + out;
  };
  const auto block = [&](int64_t c) {
    int64_t n = conv(c + 4 * g, c, 1);
    for (int64_t i = 0; i < 4; ++i) n += conv(c + i * g, g, 3);
    return n;
  };
  const auto down = [&](int64_t c) {
    return conv(c, c, 3) + conv(c, 2 * c, 3);
  };
  const auto up = [&](int64_t c) { return conv(c, c, 3) + conv(c, c / 2, 3); };
  return 3 * 6 * 2 * 4 * w + 5 * (block(w) + block(2 * w) + block(4 * w)) +
         2 * block(w) + 3 * (down(w) + down(2 * w)) +
         3 * (up(2 * w) + up(4 * w)) + conv(3, w, 3) + conv(w, 3, 3);
}

TEST(GridDehazeNet, ParameterCounts) {
  EXPECT_EQ(GridDehazeNet(GridDehazeNetOptions()).parameters().size(), 958051);
  for (const int64_t width : {1, 6, 16}) {
    for (const int64_t growth : {1, 8, 16}) {
      EXPECT_EQ(GridDehazeNet(Narrow(width, growth)).parameters().size(),
                CountedByHand(width, growth))
          << width << " " << growth;
    }
  }
}

TEST(GridDehazeNet, NameSaysWhatIsNotThePublishedNet) {
  EXPECT_EQ(GridDehazeNet(GridDehazeNetOptions()).name(), "griddehazenet");
  EXPECT_EQ(GridDehazeNet(Narrow(8, 16)).name(), "griddehazenet[width=8]");
  GridDehazeNetOptions options = Narrow(8, 4);
  options.reads_unit = true;
  EXPECT_EQ(GridDehazeNet(options).name(),
            "griddehazenet[width=8,growth=4,input=unit]");
}

TEST(GridDehazeNet, NamesAndShapesScaleWithWidthAndGrowth) {
  const GridDehazeNet net(Narrow(6, 5));
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& parameter : net.parameters().list()) {
    shapes[parameter->name] = parameter->shape;
  }
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(net.parameters().list()[0]->name, "coefficient");
  EXPECT_EQ(net.parameters().list().back()->name, "rdb_out.conv_1x1.bias");
  EXPECT_EQ(shapes.at("coefficient"), (Shape{3, 6, 2, 24}));
  EXPECT_EQ(shapes.at("rdb_module.2_4.residual_dense_layers.3.conv.weight"),
            (Shape{5, 24 + 15, 3, 3}));
  EXPECT_EQ(shapes.at("rdb_module.1_0.conv_1x1.weight"),
            (Shape{12, 12 + 20, 1, 1}));
  // Transposed: in, out.
  EXPECT_EQ(shapes.at("upsample_module.1_3.deconv.weight"),
            (Shape{24, 24, 3, 3}));
  EXPECT_EQ(shapes.at("upsample_module.0_5.conv.weight"), (Shape{6, 12, 3, 3}));
  EXPECT_EQ(shapes.at("downsample_module.1_2.conv2.weight"),
            (Shape{24, 12, 3, 3}));
  EXPECT_EQ(shapes.count("rdb_module.0_5.conv_1x1.weight"), 0u);
  EXPECT_EQ(shapes.count("upsample_module.2_3.conv.weight"), 0u);
  EXPECT_EQ(shapes.count("downsample_module.0_3.conv1.weight"), 0u);
}

TEST(GridDehazeNet, InputForms) {
  const at::Tensor unit = at::tensor({0.0, 0.25, 1.0}, at::kDouble);
  GridDehazeNetOptions options = Narrow(1, 1);
  const GridDehazeNet published(options);
  EXPECT_TRUE(published.NormaliseInput(unit).equal(
      at::tensor({-1.0, -0.5, 1.0}, at::kDouble)));
  EXPECT_TRUE(published.OutputToUnit(unit).equal(unit));
  options.reads_unit = true;
  EXPECT_TRUE(GridDehazeNet(options).NormaliseInput(unit).equal(unit));
}

// With blocks that pass their input on (all weights 0), everything on the way
// is a constant: 1 enters, every way down gives 2, every way up 3, and the
// gains decide.
class GridByHand : public testing::Test {
 protected:
  GridByHand() : net_(Narrow(2, 1)) {
    net_.parameters().Materialise(at::kDouble);
    const at::NoGradGuard no_grad;
    for (const auto& parameter : net_.parameters().list()) {
      const std::string& name = parameter->name;
      if (name == "conv_in.bias") parameter->value.fill_(1.0);
      if (name == "conv_out.weight") {
        parameter->value.detach().select(2, 1).select(2, 1).fill_(0.25);
      }
      if (name.rfind("downsample", 0) == 0 && Ends(name, "conv2.bias")) {
        parameter->value.fill_(2.0);
      }
      if (name.rfind("upsample", 0) == 0 && Ends(name, ".conv.bias")) {
        parameter->value.fill_(3.0);
      }
      if (name == "coefficient") gains_ = parameter->value.detach();
    }
    // Entries that are read by nobody would show.
    gains_.fill_(std::numeric_limits<double>::quiet_NaN());
  }
  static bool Ends(const std::string& text, const std::string& ending) {
    return text.size() >= ending.size() &&
           text.substr(text.size() - ending.size()) == ending;
  }
  void SetGain(int64_t row, int64_t column, double horizontal,
               double vertical) {
    const int64_t channels = 2 << row;
    gains_[row][column][0].slice(0, 0, channels).fill_(horizontal);
    gains_[row][column][1].slice(0, 0, channels).fill_(vertical);
  }
  double Output(int64_t height_px, int64_t width_px) {
    const at::NoGradGuard no_grad;
    const at::Tensor output =
        net_.Forward(at::full({1, 3, height_px, width_px}, 0.3, at::kDouble));
    EXPECT_EQ(output.sizes(),
              (std::vector<int64_t>{1, 3, height_px, width_px}));
    EXPECT_LE((output - output[0][0][0][0]).abs().max().item<double>(), 1e-12);
    return output[0][0][0][0].item<double>();
  }

  GridDehazeNet net_;
  at::Tensor gains_;
};

TEST_F(GridByHand, EveryJunctionCounts) {
  const auto h = [](int64_t row, int64_t column) {
    return 0.5 + 0.1 * static_cast<double>(row) +
           0.03 * static_cast<double>(column);
  };
  const auto v = [](int64_t row, int64_t column) {
    return 0.2 - 0.05 * static_cast<double>(row) +
           0.02 * static_cast<double>(column);
  };
  for (const auto& [row, column] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1},
                                                {1, 2},
                                                {2, 1},
                                                {2, 2},
                                                {1, 3},
                                                {1, 4},
                                                {1, 5},
                                                {0, 3},
                                                {0, 4},
                                                {0, 5}}) {
    SetGain(row, column, h(row, column), v(row, column));
  }
  const double down = 2.0;
  const double up = 3.0;
  double x0 = 1.0;
  double x1 = down;
  for (int64_t column = 1; column <= 2; ++column) {
    x1 = h(1, column) * x1 + v(1, column) * down;
  }
  for (int64_t column = 3; column <= 5; ++column) {
    x1 = h(1, column) * x1 + v(1, column) * up;
    x0 = h(0, column) * x0 + v(0, column) * up;
  }
  // Two channels, 0.25 of each. Row 2 reaches row 1 only through ways up, which
  // are constant here.
  EXPECT_NEAR(Output(4, 4), 0.5 * x0, 1e-12);
  EXPECT_NEAR(Output(5, 7), 0.5 * x0, 1e-12);
  EXPECT_NEAR(Output(1, 1), 0.5 * x0, 1e-12);
  // With ways up that add a part of what they read, on one pixel, where both
  // their layers are their middle taps.
  const at::NoGradGuard no_grad;
  for (const auto& parameter : net_.parameters().list()) {
    if (parameter->name.rfind("upsample", 0) != 0) continue;
    if (parameter->shape.size() == 4) {
      parameter->value.detach().select(2, 1).select(2, 1).fill_(0.1);
    }
  }
  double x2 = down;
  x0 = 1.0;
  x1 = down;
  for (int64_t column = 1; column <= 2; ++column) {
    x1 = h(1, column) * x1 + v(1, column) * down;
    x2 = h(2, column) * x2 + v(2, column) * down;
  }
  for (int64_t column = 3; column <= 5; ++column) {
    // 8 channels, all ways 0.1, then 8 again; 4 and 4 on the way to row 0.
    x1 = h(1, column) * x1 + v(1, column) * (0.8 * 0.8 * x2 + up);
    x0 = h(0, column) * x0 + v(0, column) * (0.4 * 0.4 * x1 + up);
  }
  EXPECT_NEAR(Output(1, 1), 0.5 * x0, 1e-12);
}

TEST_F(GridByHand, TheOutputIsNotNegative) {
  gains_.fill_(1.0);
  const at::NoGradGuard no_grad;
  for (const auto& parameter : net_.parameters().list()) {
    if (parameter->name == "conv_out.bias") parameter->value.fill_(-100.0);
  }
  EXPECT_EQ(Output(3, 3), 0.0);
}

// One pixel, one channel a layer. x = 2: layers give max(0, x + ...) with
// weights 0.5 on all that came before and biases 0: 1, 1.5, 2.25, 3.375; the
// 1x1 layer 0.1 of the sum 2 + 8.125, plus x.
TEST(GridDehazeNet, DenseBlockByHand) {
  GridDehazeNet net(Narrow(1, 1));
  net.parameters().Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  for (const auto& parameter : net.parameters().list()) {
    const std::string& name = parameter->name;
    if (name == "conv_in.bias") parameter->value.fill_(2.0);
    if (name == "conv_out.weight") parameter->value.fill_(1.0);
    if (name == "coefficient") parameter->value.fill_(1.0);
    if (name == "rdb_in.conv_1x1.weight") parameter->value.fill_(0.1);
    if (name.rfind("rdb_in.residual", 0) == 0 && parameter->shape.size() == 4) {
      parameter->value.fill_(0.5);
    }
  }
  const at::Tensor output =
      net.Forward(at::full({1, 3, 1, 1}, 0.3, at::kDouble));
  EXPECT_NEAR(output[0][2].item<double>(), 2.0 + 0.1 * 10.125, 1e-14);
}

TEST(GridDehazeNet, AllWaysAgree) {
  SeedEngine engine = TestEngine(1);
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {1, 3, 1, 1}, {3, 3, 5, 7}, {2, 3, 6, 8}, {2, 3, 13, 3}}) {
    GridDehazeNet net(Narrow(2, 3));
    net.layers().Materialise(at::kDouble);
    FillNearInitial(net.layers(), engine);
    CheckAllWays(
        net.layers(), [&net](const at::Tensor& x) { return net.Forward(x); },
        net.NormaliseInput(UniformTensor(engine, shape)),
        NormalTensor(engine, shape), engine, /*tolerance=*/1e-10);
  }
}

}  // namespace
}  // namespace bild
