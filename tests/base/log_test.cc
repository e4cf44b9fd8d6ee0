#include "bild/base/log.h"

#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::HasSubstr;

class LoggerTest : public testing::Test {
 protected:
  LoggerTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  // 12:34:56 of some day, in UTC.
  static std::chrono::system_clock::time_point Noon() {
    return std::chrono::system_clock::from_time_t(20000 * 86400 + 45296);
  }

  std::ostringstream stream_;
  Logger logger_{&stream_, Noon, /*columns=*/20};
};

TEST_F(LoggerTest, LinesHaveLevelAndTime) {
  logger_.Write(LogLevel::kInfo, "text");
  logger_.Write(LogLevel::kWarning, "two\nlines");
  logger_.Write(LogLevel::kError, "");
  EXPECT_EQ(stream_.str(),
            "I 12:34:56 text\nW 12:34:56 two\nlines\nE 12:34:56 \n");
}

TEST_F(LoggerTest, CopiesToAFileAppended) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "run.log", "before\n").ok());
  logger_.AppendTo(folder / "run.log");
  logger_.Write(LogLevel::kInfo, "both");
  logger_.WriteToFile(LogLevel::kInfo, "file alone");
  // Read while it is still open: each line is there at once.
  EXPECT_EQ(*ReadFile(folder / "run.log"),
            "before\nI 12:34:56 both\nI 12:34:56 file alone\n");
  EXPECT_EQ(stream_.str(), "I 12:34:56 both\n");
  logger_.AppendTo("");
  logger_.Write(LogLevel::kInfo, "stream alone");
  EXPECT_THAT(*ReadFile(folder / "run.log"),
              testing::Not(testing::HasSubstr("stream alone")));
}

TEST_F(LoggerTest, AFileThatCannotBeOpenedIsReportedOnce) {
  logger_.AppendTo("/no/such/folder/run.log");
  logger_.Write(LogLevel::kInfo, "goes on");
  EXPECT_EQ(stream_.str(),
            "W 12:34:56 Cannot open the log file '/no/such/folder/run.log': No "
            "such file or directory. The run goes on without it.\n"
            "I 12:34:56 goes on\n");
}

TEST_F(LoggerTest, AFullFileIsReportedOnceAndTheRunGoesOn) {
  logger_.AppendTo("/dev/full");
  logger_.Write(LogLevel::kInfo, "one");
  logger_.Write(LogLevel::kInfo, "two");
  EXPECT_EQ(stream_.str(),
            "I 12:34:56 one\n"
            "W 12:34:56 Cannot write the log file '/dev/full': No space left "
            "on device. The run goes on without it.\n"
            "I 12:34:56 two\n");
}

TEST_F(LoggerTest, LinesScrollAboveTheStatusLine) {
  logger_.ShowStatusLine("1/3");
  logger_.Write(LogLevel::kInfo, "news");
  logger_.ShowStatusLine("2/3 and far too long for it");
  logger_.ClearStatusLine();
  logger_.ClearStatusLine();
  logger_.Write(LogLevel::kInfo, "end");
  EXPECT_EQ(stream_.str(),
            "\r\x1b[K1/3"
            "\r\x1b[KI 12:34:56 news\n1/3"
            "\r\x1b[K2/3 and far too lon"  // 19 of 20 columns.
            "\r\x1b[K"
            "I 12:34:56 end\n");
}

TEST_F(LoggerTest, ThreadsDoNotTearLines) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  const TemporaryFolder folder;
  logger_.AppendTo(folder / "run.log");
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kLines; ++i) {
        logger_.Write(LogLevel::kInfo,
                      std::string(40, static_cast<char>('a' + t)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*ReadFile(folder / "run.log"), stream_.str());
  std::istringstream lines(stream_.str());
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) {
    ASSERT_EQ(line.size(), 51);
    ASSERT_EQ(line.substr(0, 11), "I 12:34:56 ");
    ASSERT_EQ(line.find_first_not_of(line[11], 11), std::string::npos) << line;
  }
  EXPECT_EQ(count, kThreads * kLines);
}

TEST_F(LoggerTest, TheProcessLoggerWritesToStandardError) {
  testing::internal::CaptureStderr();
  LogInfo("{} of {}", 3, 4.5);
  LogWarning("careful");
  LogError("bad");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text,
              testing::MatchesRegex("I [0-9:]+ 3 of 4.5\nW [0-9:]+ careful\n"
                                    "E [0-9:]+ bad\n"));
}

}  // namespace
}  // namespace bild
