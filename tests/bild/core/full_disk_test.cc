// A disk that is full when a checkpoint is due: the old one stays good.

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/trainer.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_training.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

// Takes all free space but for `left` bytes.
void FillDisk(const std::string& path, off_t left) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  const std::vector<char> block(4096, 'x');
  off_t size = 0;
  while (::write(descriptor, block.data(), block.size()) ==
         static_cast<ssize_t>(block.size())) {
    size += static_cast<off_t>(block.size());
  }
  if (::ftruncate(descriptor, size > left ? size - left : 0) != 0) ::_exit(9);
  ::close(descriptor);
}

// Trains with the disk full from step 3 on, frees it and goes on. Empty, or
// what went wrong.
std::string TrainOnFullDisk(const std::string& folder, off_t left,
                            const std::string& wanted_state) {
  SmallTraining small;
  TrainingTask task = small.Task("plain", folder + "/run");
  const std::string filler = folder + "/filler";
  task.after_step = [&](int64_t step) {
    if (step == 3) FillDisk(filler, left);
    return absl::OkStatus();
  };
  const absl::Status full = Train(task).status();
  const std::string message(full.message());
  if (full.code() != absl::StatusCode::kResourceExhausted) {
    return absl::StrCat("expected ResourceExhausted, found ", full.ToString());
  }
  if (message.find("No space left on device") == std::string::npos ||
      message.find(task.folder) == std::string::npos) {
    return message;
  }
  for (const std::string& name : NamesIn(task.folder)) {
    if (name.find(".bild-tmp.") != std::string::npos) return "left: " + name;
  }
  ::unlink(filler.c_str());
  // The checkpoint of step 2 is whole: the run goes on from there.
  int64_t first_step = 0;
  task.after_step = [&](int64_t step) {
    if (first_step == 0) first_step = step;
    return absl::OkStatus();
  };
  const auto result = Train(task);
  if (!result.ok()) return result.status().ToString();
  if (first_step != 3) return absl::StrCat("went on with step ", first_step);
  if (ReadFile(task.folder + "/state.safetensors").value() != wanted_state) {
    return "the state differs from that of an unbroken run";
  }
  return "";
}

TEST(FullDisk, TheOldCheckpointStays) {
  // With room for the journal's lines or without.
  for (const off_t left : {0, 8192}) {
    const TemporaryFolder folder;
    const auto result =
        RunOnSmallDisk(folder.path(), 256 << 10, [&]() -> std::string {
          SmallTraining small;
          const TrainingTask task = small.Task("plain", folder / "unbroken");
          if (const auto made = Train(task); !made.ok()) {
            return made.status().ToString();
          }
          const std::string state =
              ReadFile(task.folder + "/state.safetensors").value();
          return TrainOnFullDisk(folder.path(), left, state);
        });
    if (!result.was_mounted) GTEST_SKIP() << result.reason;
    EXPECT_EQ(result.problem, "") << left << " bytes left";
  }
}

}  // namespace
}  // namespace bild
