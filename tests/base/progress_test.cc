#include "bild/base/progress.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <sstream>
#include <string>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  ProgressOptions Options(bool rewrites_line) {
    ProgressOptions options;
    options.logger = &logger_;
    options.rewrites_line = rewrites_line;
    options.clock = [this] {
      return std::chrono::steady_clock::time_point(
          std::chrono::milliseconds(now_ms_));
    };
    return options;
  }

  // What was written since the last call.
  std::string Written() {
    const std::string text = stream_.str();
    stream_.str("");
    return text;
  }

  int64_t now_ms_ = 5000;
  std::ostringstream stream_;
  Logger logger_{&stream_,
                 [] { return std::chrono::system_clock::from_time_t(0); },
                 /*columns=*/100};
};

TEST_F(ProgressTest, PlainLinesComeByTenths) {
  Progress progress("train", 200, Options(/*rewrites_line=*/false));
  std::string text;
  for (int step = 1; step <= 60; ++step) {
    now_ms_ += 100;
    progress.Update(step, "loss 0.5");
    text += Written();
  }
  EXPECT_EQ(text,
            "I 00:00:00 train  20/200 (10 %)  10.0/s  loss 0.5  18 s left\n"
            "I 00:00:00 train  40/200 (20 %)  10.0/s  loss 0.5  16 s left\n"
            "I 00:00:00 train  60/200 (30 %)  10.0/s  loss 0.5  14 s left\n");
}

TEST_F(ProgressTest, PlainLinesOfSlowWorkComeByTime) {
  Progress progress("train", 1000, Options(/*rewrites_line=*/false));
  now_ms_ += 9900;
  progress.Update(3);
  EXPECT_EQ(Written(), "");
  now_ms_ += 2600;
  progress.Update(5);
  EXPECT_EQ(Written(),
            "I 00:00:00 train  5/1000 (0 %)  2.5 s each  41 min 28 s left\n");
  now_ms_ += 9000;
  progress.Update(6);
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressTest, FastWorkDoesNotFloodTheLog) {
  Progress progress("read", 1000, Options(/*rewrites_line=*/false));
  for (int step = 1; step <= 1000; ++step) {
    if (step % 2 == 0) ++now_ms_;
    progress.Update(step);
  }
  EXPECT_EQ(Written(), "");
  progress.Finish();
  EXPECT_EQ(Written(), "I 00:00:00 read  1000  2000/s  done in 0.5 s\n");
  progress.Finish();
  progress.Update(1);
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressTest, TextIsMadeOnlyWhenItIsShown) {
  Progress progress("train", 100, Options(/*rewrites_line=*/false));
  int calls = 0;
  for (int step = 1; step <= 100; ++step) {
    now_ms_ += 200;
    progress.Update(step, [&calls] {
      ++calls;
      return std::string("x");
    });
  }
  EXPECT_EQ(calls, 10);
}

TEST_F(ProgressTest, AResumedRunCountsItsOwnSteps) {
  ProgressOptions options = Options(/*rewrites_line=*/false);
  options.first_step = 500;
  Progress progress("train", 1000, options);
  now_ms_ += 20000;
  progress.Update(540);
  EXPECT_EQ(Written(),
            "I 00:00:00 train  540/1000 (54 %)  2.0/s  3 min 50 s left\n");
  now_ms_ += 1000;
  progress.Finish("stopped");
  EXPECT_EQ(Written(),
            "I 00:00:00 train  540 of 1000  1.9/s  stopped  done in 21 s\n");
}

TEST_F(ProgressTest, UnknownTotalShowsNoTimeLeft) {
  Progress progress("scan", 0, Options(/*rewrites_line=*/false));
  now_ms_ += 10000;
  progress.Update(30);
  EXPECT_EQ(Written(), "I 00:00:00 scan  30  3.0/s\n");
}

TEST_F(ProgressTest, ATerminalLineIsRewrittenAndTheFileGetsPlainLines) {
  const TemporaryFolder folder;
  logger_.AppendTo(folder / "run.log");
  {
    Progress progress("train", 100, Options(/*rewrites_line=*/true));
    progress.Update(0);
    EXPECT_EQ(Written(), "\r\x1b[Ktrain  0/100 (0 %)  -/s");
    now_ms_ += 100;
    progress.Update(1);
    EXPECT_EQ(Written(), "");  // Too soon to be read.
    now_ms_ += 900;
    progress.Update(10, "loss 1");
    EXPECT_EQ(Written(),
              "\r\x1b[Ktrain  10/100 (10 %)  10.0/s  loss 1  9.0 s left");
    EXPECT_EQ(*ReadFile(folder / "run.log"),
              "I 00:00:00 train  10/100 (10 %)  10.0/s  loss 1  9.0 s left\n");
    progress.Finish();
    EXPECT_EQ(Written(),
              "\r\x1b[KI 00:00:00 train  10 of 100  10.0/s  done in 1.0 s\n");
  }
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressTest, AnErrorOnTheWayClearsTheTerminalLine) {
  {
    Progress progress("train", 100, Options(/*rewrites_line=*/true));
    progress.Update(1);
    Written();
  }
  EXPECT_EQ(Written(), "\r\x1b[K");
  { Progress progress("train", 100, Options(/*rewrites_line=*/false)); }
  EXPECT_EQ(Written(), "");
}

TEST(TerminalRewritesLinesTest, NotInCi) {
  ::setenv("CI", "true", 1);
  EXPECT_FALSE(TerminalRewritesLines());
  ::unsetenv("CI");
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(TerminalRewritesLines());
}

TEST(FormatDurationTest, TakesTheUnitsThatMatter) {
  EXPECT_EQ(FormatDuration(0), "0.0 s");
  EXPECT_EQ(FormatDuration(9.94), "9.9 s");
  EXPECT_EQ(FormatDuration(9.96), "10 s");
  EXPECT_EQ(FormatDuration(59.6), "1 min 00 s");
  EXPECT_EQ(FormatDuration(271), "4 min 31 s");
  EXPECT_EQ(FormatDuration(7500), "2 h 05 min");
  EXPECT_EQ(FormatDuration(3 * 86400 + 4 * 3600 + 59 * 60), "3 d 04 h");
  EXPECT_EQ(FormatDuration(-1), "unknown time");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::quiet_NaN()),
            "unknown time");
}

TEST(FormatRateTest, TurnsRoundBelowOneAStep) {
  EXPECT_EQ(FormatRate(0), "-/s");
  EXPECT_EQ(FormatRate(0.4), "2.5 s each");
  EXPECT_EQ(FormatRate(0.025), "40 s each");
  EXPECT_EQ(FormatRate(1.0 / 224), "3 min 44 s each");
  EXPECT_EQ(FormatRate(0.01), "1 min 40 s each");
  EXPECT_EQ(FormatRate(2.44), "2.4/s");
  EXPECT_EQ(FormatRate(12345), "12345/s");
}

}  // namespace
}  // namespace bild
