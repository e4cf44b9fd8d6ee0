// Trains in the folder that it is given, for a test that kills it: one byte on
// standard output after every step. Exits 0 when the run is finished.

#include <unistd.h>

#include <cstdio>
#include <string>

#include "bild/trainer.h"
#include "tests/bild/core/small_training.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: training_victim METHOD FOLDER\n");
    return 2;
  }
  bild::SmallTraining small;
  bild::TrainingTask task = small.Task(argv[1], argv[2]);
  task.config.steps = 16;
  task.after_step = [](int64_t) {
    return ::write(STDOUT_FILENO, ".", 1) == 1
               ? absl::OkStatus()
               : absl::CancelledError("nobody listens");
  };
  const auto result = bild::Train(task);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  return 0;
}
