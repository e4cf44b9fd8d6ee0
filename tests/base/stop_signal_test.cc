#include "bild/base/stop_signal.h"

#include <signal.h>

#include <cstdlib>

#include "gtest/gtest.h"

namespace bild {
namespace {

// In processes of their own: what was asked stays asked.
TEST(StopSignals, TheFirstIsNotedAndThenEndsTheProcessAsItWouldHave) {
  for (const int number : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          {
            const StopSignals stop;
            if (StopSignals::WasAsked()) std::exit(3);
            ::raise(number);
            if (!StopSignals::WasAsked()) std::exit(4);
          }
          StopSignals::EndBySignal();
          std::exit(5);
        },
        testing::KilledBySignal(number), "");
  }
}

TEST(StopSignals, TheSecondEndsTheProcess) {
  EXPECT_EXIT(
      {
        const StopSignals stop;
        ::raise(SIGINT);
        ::raise(SIGINT);
        std::exit(3);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(StopSignals, WithoutOneNothingIsNotedAndNothingEnds) {
  EXPECT_EXIT(
      {
        { const StopSignals stop; }
        StopSignals::EndBySignal();
        ::raise(SIGTERM);
        std::exit(3);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopSignals, WhatWasIgnoredStaysIgnored) {
  EXPECT_EXIT(
      {
        ::signal(SIGINT, SIG_IGN);
        const StopSignals stop;
        ::raise(SIGINT);
        std::exit(StopSignals::WasAsked() ? 3 : 0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace bild
