// The evaluator against numbers worked out by hand: pictures and nets made by
// formula, which count what is asked of them.

#include "bild/evaluator.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/TensorOperators.h"
#include "ATen/ops/empty_like.h"
#include "absl/status/status.h"
#include "bild/initialise.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/conv2_net.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Pairs p00, p01, ...; what a maker makes is counted while it lives.
class MadePictures final : public PairedDataset {
 public:
  using Maker = std::function<absl::StatusOr<Image>(int64_t index)>;

  MadePictures(int64_t count, Maker hazy, Maker clear)
      : hazy_(std::move(hazy)), clear_(std::move(clear)) {
    for (int64_t i = 0; i < count; ++i) {
      const std::string id = (i < 10 ? "p0" : "p") + std::to_string(i);
      pairs_.push_back({id, id, "hazy/" + id + ".png", "clear/" + id + ".png"});
    }
  }

  const std::string& name() const override { return name_; }
  const std::string& layout() const override { return name_; }
  const std::vector<std::string>& invalid_reasons() const override {
    return reasons_;
  }
  const std::vector<PairName>& pairs() const override { return pairs_; }

  absl::StatusOr<ImagePair> Read(int64_t index) const override {
    ++reads;
    ImagePair images;
    for (const bool is_hazy : {true, false}) {
      absl::StatusOr<Image> image = (is_hazy ? hazy_ : clear_)(index);
      if (!image.ok()) return image.status();
      (is_hazy ? images.hazy : images.clear) = Counted(*std::move(image));
    }
    return images;
  }

  std::vector<int64_t> AllIndices() const {
    std::vector<int64_t> indices;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      indices.push_back(static_cast<int64_t>(i));
    }
    return indices;
  }

  mutable int reads = 0;
  mutable int most_alive = 0;

 private:
  std::shared_ptr<const Image> Counted(Image image) const {
    most_alive = std::max(most_alive, ++alive_);
    return std::shared_ptr<const Image>(new Image(std::move(image)),
                                        [this](const Image* gone) {
                                          --alive_;
                                          delete gone;
                                        });
  }

  std::string name_ = "made";
  std::vector<std::string> reasons_;
  std::vector<PairName> pairs_;
  Maker hazy_, clear_;
  // Pictures are let go by the threads that score them, too.
  mutable std::atomic<int> alive_{0};
};

// Restores by a function of the hazy picture, [1, 3, H, W].
class FormulaNet final : public Backbone {
 public:
  using Formula = std::function<at::Tensor(const at::Tensor& hazy01)>;

  explicit FormulaNet(Formula formula)
      : Backbone(LayerScope()), formula_(std::move(formula)) {
    layers().Materialise(at::kFloat);
  }
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override {
    ++passes;
    return formula_(input);
  }

  mutable int passes = 0;

 private:
  std::string name_ = "formula";
  Formula formula_;
};

// Every pixel the same.
Image Flat(int64_t width_px, int64_t height_px, uint8_t value) {
  Image image{width_px, height_px};
  image.rgb.assign(static_cast<size_t>(width_px * height_px * 3), value);
  return image;
}

MadePictures::Maker FlatMaker(uint8_t value) {
  return [value](int64_t) { return Flat(16, 12, value); };
}

MadePictures::Maker PatternMaker(int64_t width_px, int64_t height_px,
                                 int64_t salt) {
  return [=](int64_t index) {
    return PatternImage(width_px, height_px, salt + index);
  };
}

std::vector<MetricProfile> Profiles(const std::string& names) {
  return ParseProfiles(names).value();
}

// SSIM of two flat channels: the means alone are compared.
double FlatSsim(double a, double b) {
  return (2.0 * a * b + 1e-4) / (a * a + b * b + 1e-4);
}

// Red and green lie outside [0, 1]. Clear pictures are 0.8 and 0.4.
TEST(EvaluatorTest, GridBildScoresRawValuesAndDefaultClampedOnes) {
  const FormulaNet net([](const at::Tensor& hazy01) {
    at::Tensor restored = at::empty_like(hazy01);
    restored.select(1, 0).fill_(1.5);
    restored.select(1, 1).fill_(-0.25);
    restored.select(1, 2).fill_(0.75);
    return restored;
  });
  const MadePictures dataset(2, FlatMaker(9), [](int64_t index) {
    return Flat(16, 12, index == 0 ? 204 : 102);
  });
  const auto scores = Evaluate(&net, dataset, dataset.AllIndices(),
                               Profiles("default,grid-bild"), nullptr);
  ASSERT_TRUE(scores.ok()) << scores.status();
  ASSERT_EQ(scores->size(), 2u);

  // Clamped: 0.2^2 + 0.8^2 + 0.05^2 and 0.6^2 + 0.4^2 + 0.35^2, over three.
  const ProfileScores& clamped = (*scores)[0];
  EXPECT_NEAR(clamped.pictures[0].score.psnr_db,
              10.0 * std::log10(3.0 / 0.6825), 1e-12);
  EXPECT_NEAR(clamped.pictures[1].score.psnr_db,
              10.0 * std::log10(3.0 / 0.6425), 1e-12);
  EXPECT_NEAR(clamped.mean.psnr_db, 6.561333608615994, 1e-12);
  EXPECT_NEAR(
      clamped.pictures[0].score.ssim,
      (FlatSsim(1.0, 0.8) + FlatSsim(0.0, 0.8) + FlatSsim(0.75, 0.8)) / 3.0,
      1e-12);

  // Raw: 0.7^2 + 1.05^2 + 0.05^2 and 1.1^2 + 0.65^2 + 0.35^2, over three.
  const ProfileScores& raw = (*scores)[1];
  EXPECT_EQ(raw.profile.name, "grid-bild");
  EXPECT_NEAR(raw.pictures[0].score.psnr_db, 10.0 * std::log10(3.0 / 1.595),
              1e-12);
  EXPECT_NEAR(raw.pictures[1].score.psnr_db, 10.0 * std::log10(3.0 / 1.755),
              1e-12);
  EXPECT_NEAR(raw.mean.psnr_db, 2.5360235062214107, 1e-12);
  EXPECT_NEAR(
      raw.pictures[0].score.ssim,
      (FlatSsim(1.5, 0.8) + FlatSsim(-0.25, 0.8) + FlatSsim(0.75, 0.8)) / 3.0,
      1e-11);
}

// The first bad pixel in reading order, whatever the order of the channels in
// memory.
TEST(EvaluatorTest, EveryPictureThatIsNotFiniteIsListed) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto put = [](at::Tensor* picture, int64_t channel, int64_t y,
                      int64_t x, double value) {
    picture->select(1, channel).select(1, y).select(1, x).fill_(value);
  };
  int64_t place = 0;
  const FormulaNet net([&](const at::Tensor& hazy01) {
    at::Tensor restored = hazy01.clone();
    const int64_t index = place++;
    if (index == 3) return restored;
    put(&restored, 0, 7, 0, kNaN);
    if (index == 0) {
      put(&restored, 2, 0, 1, -kInfinity);
    } else {
      put(&restored, 1, 2, 5, index == 1 ? kInfinity : kNaN);
    }
    return restored;
  });
  const MadePictures dataset(13, FlatMaker(9), FlatMaker(204));
  const absl::Status status = Evaluate(&net, dataset, dataset.AllIndices(),
                                       Profiles("default,grid-bild"), nullptr)
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  const std::string message(status.message());
  EXPECT_THAT(message,
              AllOf(HasSubstr("'hazy/p00.png': the restored picture is -inf at "
                              "x=1 y=0 channel B\n"),
                    HasSubstr("'hazy/p01.png': the restored picture is +inf at "
                              "x=5 y=2 channel G\n"),
                    HasSubstr("'hazy/p10.png': the restored picture is NaN at "
                              "x=5 y=2 channel G\n"),
                    HasSubstr("  ... 2 more, 12 in all\n")));
  EXPECT_THAT(message, AllOf(Not(HasSubstr("p03")), Not(HasSubstr("p11.png"))));
}

TEST(EvaluatorTest, EveryPictureThatCannotBeReadIsListed) {
  const auto damaged = [](int64_t index) -> absl::StatusOr<Image> {
    if (index < 2 || index == 6) return Flat(16, 12, 9);
    return absl::DataLossError("'hazy/" + std::to_string(index) +
                               ".png' is damaged; the decoder says: no.");
  };
  const FormulaNet net([](const at::Tensor& hazy01) { return hazy01; });
  const MadePictures dataset(15, damaged, FlatMaker(204));
  const absl::Status status = Evaluate(&net, dataset, dataset.AllIndices(),
                                       Profiles("default"), nullptr)
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  const std::string message(status.message());
  EXPECT_THAT(
      message,
      AllOf(HasSubstr("cannot be read"),
            HasSubstr("\n  'hazy/2.png' is damaged; the decoder says: no.\n"),
            HasSubstr("\n  'hazy/12.png' is damaged;"),
            HasSubstr("\n  ... 2 more, 12 in all\n"),
            HasSubstr("Get these files again")));
  EXPECT_THAT(message,
              AllOf(Not(HasSubstr("/6.png")), Not(HasSubstr("/13.png"))));
  // All are looked at; none is restored that cannot be of use.
  EXPECT_EQ(dataset.reads, 15);
  EXPECT_EQ(net.passes, 2);
}

// Ten hazy pictures of one damaged clear one are one problem.
TEST(EvaluatorTest, AClearPictureThatCannotBeReadIsListedOnce) {
  const MadePictures dataset(
      10, FlatMaker(9), [](int64_t) -> absl::StatusOr<Image> {
        return absl::DataLossError("'clear/1400.png' is damaged.");
      });
  const std::string message(Evaluate(nullptr, dataset, dataset.AllIndices(),
                                     Profiles("default"), nullptr)
                                .status()
                                .message());
  const size_t first = message.find("'clear/1400.png'");
  ASSERT_NE(first, std::string::npos) << message;
  EXPECT_EQ(message.find("'clear/1400.png'", first + 1), std::string::npos);
}

TEST(EvaluatorTest, SeveralProfilesReadAndRestoreEachPictureOnce) {
  const FormulaNet net([](const at::Tensor& hazy01) { return hazy01 * 0.5; });
  const MadePictures pairs(7, PatternMaker(24, 20, 1),
                           PatternMaker(24, 20, 50));
  const auto scores =
      Evaluate(&net, pairs, pairs.AllIndices(),
               Profiles("default,ffa,grid-bild,basicsr-y"), nullptr);
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->size(), 4u);
  EXPECT_EQ(pairs.reads, 7);
  EXPECT_EQ(net.passes, 7);
}

TEST(EvaluatorTest, AsManyPicturesLiveAtOnceWhateverTheNumber) {
  for (const int64_t count : {6, 60}) {
    const MadePictures pairs(count, PatternMaker(24, 20, 1),
                             PatternMaker(24, 20, 200));
    ASSERT_TRUE(Evaluate(nullptr, pairs, pairs.AllIndices(),
                         Profiles("default"), nullptr)
                    .ok());
    EXPECT_EQ(pairs.reads, count);
    // Three pairs: one is read while two are scored.
    EXPECT_LE(pairs.most_alive, 6) << count;
  }
}

TEST(EvaluatorTest, ThreadsChangeNoBit) {
  Conv2Net net;
  net.layers().Materialise(at::kFloat);
  InitialiseParameters(net.parameters(), /*seed=*/1, kBackboneNet,
                       Initialisation::kFanIn);
  const MadePictures pairs(4, PatternMaker(160, 120, 1),
                           PatternMaker(160, 120, 50));
  const int threads_before = at::get_num_threads();
  std::vector<std::vector<ProfileScores>> by_threads;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    by_threads.push_back(Evaluate(&net, pairs, pairs.AllIndices(),
                                  Profiles("default,grid-bild"), nullptr)
                             .value());
  }
  at::set_num_threads(threads_before);
  for (size_t p = 0; p < 2; ++p) {
    const ProfileScores &one = by_threads[0][p], &two = by_threads[1][p];
    EXPECT_EQ(one.mean.psnr_db, two.mean.psnr_db);
    EXPECT_EQ(one.mean.ssim, two.mean.ssim);
    EXPECT_EQ(one.mean.ciede2000, two.mean.ciede2000);
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(one.pictures[i].pair_index, static_cast<int64_t>(i));
      EXPECT_EQ(one.pictures[i].score.psnr_db, two.pictures[i].score.psnr_db);
      EXPECT_EQ(one.pictures[i].score.ssim, two.pictures[i].score.ssim);
    }
  }
}

// 13107 and 26214 of 65535 are 0.2 and 0.4; nothing is rounded to 8 bits on the
// way, in or out.
TEST(EvaluatorTest, SixteenBitsAreValuesOver65535) {
  const auto deep = [](std::vector<uint16_t> pixel) {
    return [pixel](int64_t) {
      Image image{16, 12};
      for (int i = 0; i < 16 * 12; ++i) {
        image.rgb16.insert(image.rgb16.end(), pixel.begin(), pixel.end());
      }
      return image;
    };
  };
  const MadePictures pairs(1, deep({13107, 26214, 13108}),
                           deep({26214, 13107, 13107}));
  std::vector<float> seen;
  const FormulaNet net([&seen](const at::Tensor& hazy01) {
    for (int64_t c = 0; c < 3; ++c) {
      seen.push_back(
          hazy01.select(1, c).select(1, 0).select(1, 0).item<float>());
    }
    return hazy01;
  });
  const auto restored =
      Evaluate(&net, pairs, {0}, Profiles("default"), nullptr);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_THAT(seen, testing::ElementsAre(0.2F, 0.4F, 13108.0F / 65535.0F));

  // (0.2^2 + 0.2^2 + 65535^-2) / 3.
  const double psnr_db =
      -10.0 * std::log10((0.08 + 1.0 / (65535.0 * 65535.0)) / 3.0);
  const auto input =
      Evaluate(nullptr, pairs, {0}, Profiles("default"), nullptr);
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_NEAR((*input)[0].mean.psnr_db, psnr_db, 1e-12);
  // float32 rounds what the net reads.
  EXPECT_NEAR((*restored)[0].mean.psnr_db, psnr_db, 1e-6);
}

}  // namespace
}  // namespace bild
