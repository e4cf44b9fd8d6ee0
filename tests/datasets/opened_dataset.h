// A dataset opened by name as a program opens it, with the notes it leaves.

#ifndef TESTS_DATASETS_OPENED_DATASET_H_
#define TESTS_DATASETS_OPENED_DATASET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/catalog.h"
#include "tests/testing/temporary_folder.h"

namespace bild {

struct Opened {
  absl::StatusOr<std::unique_ptr<PairedDataset>> dataset;
  std::vector<std::string> notes;
};

Opened Open(const std::string& name, const std::string& root,
            bool allow_partial = false);

// The message of the error with which it did not open.
std::string Message(const Opened& opened);

// Four pairs of two scenes, 24x20, to open as "pair".
void WriteSmallPairSet(const TemporaryFolder& root);

}  // namespace bild

#endif  // TESTS_DATASETS_OPENED_DATASET_H_
