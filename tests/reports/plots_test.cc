#include "reports/plots.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/gnuplot.h"
#include "reports/series.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Content(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

Figure SampleFigure() {
  Figure figure;
  figure.file = "convergence";
  figure.title = "It's a title with `echo x`, \"quotes\" and {/Bold braces}";
  figure.subtitle = "ffa[dim=16,blocks=2] trained on ots, seeds 1, 2, 3";
  figure.warning = "These curves are INVALID for any published protocol: test.";
  figure.x_title = "training step";
  figure.y_title = "validation PSNR (dB)";
  figure.series = PoolOverSeeds(SampleCurves(), "validation_psnr_db", "");
  return figure;
}

TEST(SeriesTest, MeanAndBandOverSeeds) {
  const std::vector<Series> all =
      PoolOverSeeds({{"bild", 1, 10, "psnr", 20.0},
                     {"bild", 2, 10, "psnr", 23.0},
                     {"bild", 3, 10, "psnr", 24.5},
                     {"bild", 1, 10, "other", 99.0},
                     {"plain", 1, 10, "psnr", 21.0}},
                    "psnr", "");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].method, "plain");
  EXPECT_EQ(all[1].method, "bild");
  ASSERT_EQ(all[1].points.size(), 1U);
  const SeriesPoint& point = all[1].points[0];
  EXPECT_EQ(point.step, 10);
  EXPECT_EQ(point.seeds, 3);
  EXPECT_DOUBLE_EQ(point.mean, 22.5);
  EXPECT_EQ(point.minimum, 20.0);
  EXPECT_EQ(point.maximum, 24.5);
  EXPECT_TRUE(std::isnan(point.standard_error));
}

TEST(SeriesTest, OnlyStepsThatEverySeedHas) {
  const std::vector<Series> all = PoolOverSeeds(
      {{"bild", 1, 20, "psnr", 2.0},
       {"bild", 2, 20, "psnr", 4.0},
       {"bild", 1, 10, "psnr", 1.0},
       {"bild", 2, 30, "psnr", std::numeric_limits<double>::infinity()},
       {"bild", 1, 30, "psnr", 5.0},
       {"plain", 1, 10, "psnr", std::numeric_limits<double>::quiet_NaN()}},
      "psnr", "");
  ASSERT_EQ(all.size(), 1U);
  ASSERT_EQ(all[0].points.size(), 1U);
  EXPECT_EQ(all[0].points[0].step, 20);
}

// sqrt(0.3^2 + 0.4^2) / 2 = 0.25.
TEST(SeriesTest, ErrorsOfTheSeedsGiveTheErrorOfTheirMean) {
  const std::vector<Series> all = PoolOverSeeds({{"bild", 1, 10, "g", 0.5},
                                                 {"bild", 2, 10, "g", 0.7},
                                                 {"bild", 1, 10, "e", 0.3},
                                                 {"bild", 2, 10, "e", 0.4}},
                                                "g", "e");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_DOUBLE_EQ(all[0].points[0].standard_error, 0.25);
}

TEST(SeriesTest, DifferencesPairSeedAndStep) {
  const std::vector<CurvePoint> differences =
      DifferencesToPlain({{"bild", 1, 10, "psnr", 20.5},
                          {"bild", 2, 10, "psnr", 30.25},
                          {"bild", 2, 20, "psnr", 31.0},
                          {"plain", 1, 10, "psnr", 20.0},
                          {"plain", 2, 10, "psnr", 30.0},
                          {"plain", 2, 20, "loss", 0.5}},
                         "psnr");
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[0].value, 0.5);
  EXPECT_EQ(differences[1].value, 0.25);
  EXPECT_EQ(differences[1].method, "bild");
}

TEST(PlotsTest, FigureIsDrawnFromItsCsv) {
  const TemporaryFolder folder;
  const absl::Status drawn = DrawFigure(SampleFigure(), folder.path());
  ASSERT_TRUE(drawn.ok()) << drawn;
  const std::string svg = Content(folder.File("convergence.svg"));
  EXPECT_THAT(svg, HasSubstr("</svg>"));
  EXPECT_THAT(svg, HasSubstr("validation PSNR (dB)"));
  EXPECT_THAT(svg, HasSubstr("training step"));
  EXPECT_THAT(svg, HasSubstr("frozen_random"));
  EXPECT_THAT(svg, HasSubstr("INVALID for any published protocol"));
  EXPECT_THAT(svg, HasSubstr("lowest to the highest seed"));
  // The text as it is: nothing expanded, no markup.
  EXPECT_THAT(svg, HasSubstr("`echo x`"));
  EXPECT_THAT(svg, HasSubstr("{/Bold braces}"));
  const std::string csv = Content(folder.File("convergence.csv"));
  EXPECT_EQ(csv.rfind("method,step,seeds,mean,minimum,maximum,standard_error\n"
                      "plain,0,3,",
                      0),
            0U);
}

TEST(PlotsTest, TheSameFigureHasTheSameBytes) {
  const TemporaryFolder first;
  const TemporaryFolder second;
  ASSERT_TRUE(DrawFigure(SampleFigure(), first.path()).ok());
  ASSERT_TRUE(DrawFigure(SampleFigure(), second.path()).ok());
  for (const char* file :
       {"convergence.csv", "convergence.gp", "convergence.svg"}) {
    EXPECT_EQ(Content(first.File(file)), Content(second.File(file))) << file;
  }
}

TEST(PlotsTest, EveryNumberOfPointsAndMethodsCanBeDrawn) {
  const TemporaryFolder folder;
  for (const int points : {1, 2, 500}) {
    Figure figure = SampleFigure();
    figure.has_zero_line = true;
    figure.series.clear();
    for (const char* method : {"plain", "bild", "a,\"b", "c'd", "released",
                               "shuffled", "a_name_that_is_long", "h"}) {
      Series series;
      series.method = method;
      for (int step = 0; step < points; ++step) {
        series.points.push_back({step, 1, 1.5, 1.5, 1.5, 0.25});
      }
      figure.series.push_back(series);
    }
    const absl::Status drawn = DrawFigure(figure, folder.path());
    ASSERT_TRUE(drawn.ok()) << points << " points: " << drawn;
  }
}

TEST(PlotsTest, CaptionsSayWhatIsDrawn) {
  Figure figure = SampleFigure();
  EXPECT_THAT(FigureCaption(figure), HasSubstr("Band: from the lowest"));
  EXPECT_THAT(FigureCaption(figure), Not(HasSubstr("Whiskers")));
  figure.series = {{"bild", {{10, 1, 1.0, 1.0, 1.0, 0.5}}}};
  EXPECT_EQ(FigureCaption(figure),
            "One seed. Whiskers: standard error of the mean, within the "
            "window.");
}

// Values of a setting are ordered, and so are their colours; seven bands on top
// of each other would show nothing.
TEST(PlotsTest, ManySettingsGoFromDarkToLightWithoutBands) {
  Figure figure = SampleFigure();
  figure.series = {{"plain", {{10, 3, 1.0, 0.5, 1.5, 0.5}}}};
  const auto add = [&figure](const std::string& name) {
    figure.series.push_back({name, {{10, 3, 1.0, 0.5, 1.5, 0.5}}});
  };
  for (const char* name : {"alpha=0", "alpha=0.1", "alpha=1"}) add(name);
  const std::string few = FigureScript(figure);
  EXPECT_THAT(few, HasSubstr("filledcurves"));
  EXPECT_THAT(few, HasSubstr("yerrorbars"));
  for (const char* colour : {"#0072B2", "#2e0595", "#bd3786", "#fb9f3a"}) {
    EXPECT_THAT(few, HasSubstr(colour));
  }
  for (const char* name : {"alpha=2", "alpha=3", "alpha=4"}) add(name);
  const std::string many = FigureScript(figure);
  EXPECT_THAT(many, Not(HasSubstr("filledcurves")));
  EXPECT_THAT(many, Not(HasSubstr("yerrorbars")));
  // The second of six: a fifth of the way, a fifth of the way again between the
  // second colour (106, 0, 168) and the third (156, 23, 158): 116, 5, 166.
  EXPECT_THAT(many, HasSubstr("#7405a6"));
  EXPECT_EQ(FigureCaption(figure),
            "Line: mean over the seeds. The lowest and the highest seed are in "
            "the CSV file.");
}

TEST(PlotsTest, WhatIsNeverNegativeHasNoRoomBelowZero) {
  Figure figure = SampleFigure();
  figure.series = {{"bild", {{10, 3, 1.0, 0.0, 1.5}}}};
  EXPECT_THAT(FigureScript(figure), HasSubstr("set yrange [0<*:*]\n"));
  figure.series[0].points[0].minimum = -0.25;
  EXPECT_THAT(FigureScript(figure), Not(HasSubstr("yrange")));
  // The whisker.
  figure.series[0].points[0] = {10, 1, 1.0, 1.0, 1.0, 1.25};
  EXPECT_THAT(FigureScript(figure), Not(HasSubstr("yrange")));
}

TEST(GnuplotTest, QuotedTextIsInert) {
  EXPECT_EQ(GnuplotQuoted("plain"), "'plain'");
  EXPECT_EQ(GnuplotQuoted("it's `rm` \\n \"x\""), "'it''s `rm` \\n \"x\"'");
  EXPECT_EQ(GnuplotQuoted("a\nset output 'x'"), "'a set output ''x'''");
}

TEST(GnuplotTest, AMissingProgramSaysWhatToInstall) {
  const TemporaryFolder folder;
  GnuplotRun run;
  run.folder = folder.path();
  run.script = "x.gp";
  run.program = "no-such-gnuplot";
  const absl::Status status = RunGnuplot(run).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no program 'no-such-gnuplot' on PATH"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("gnuplot-nox"));
}

TEST(GnuplotTest, AFailureCarriesWhatGnuplotSaid) {
  const TemporaryFolder folder;
  ASSERT_TRUE(
      WriteFileAtomically(folder.File("x.gp"), "set nonsense 1\n").ok());
  GnuplotRun run;
  run.folder = folder.path();
  run.script = "x.gp";
  const absl::Status status = RunGnuplot(run).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("set nonsense"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("exit status 1"));
}

TEST(GnuplotTest, AScriptThatDrawsNothingIsAnError) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("x.gp"), "x = 1\n").ok());
  GnuplotRun run;
  run.folder = folder.path();
  run.script = "x.gp";
  EXPECT_THAT(std::string(RunGnuplot(run).status().message()),
              HasSubstr("no whole SVG file"));
}

TEST(GnuplotTest, AnEndlessScriptIsStopped) {
  const TemporaryFolder folder;
  ASSERT_TRUE(
      WriteFileAtomically(folder.File("x.gp"), "while (1) { x = 1 }\n").ok());
  GnuplotRun run;
  run.folder = folder.path();
  run.script = "x.gp";
  run.timeout_seconds = 1;
  EXPECT_EQ(RunGnuplot(run).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace bild
