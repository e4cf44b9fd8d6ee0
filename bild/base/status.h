// Status macros: how an error of the outside world travels up to main().
//
// Two kinds of error, never mixed. The world is wrong (files, flags, devices,
// checkpoints): absl::Status, returned up to main, which prints one line and
// exits 1. The caller is wrong (shapes, indices): TORCH_CHECK, an exception.

#ifndef BILD_BASE_STATUS_H_
#define BILD_BASE_STATUS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define BILD_STATUS_CONCAT_INNER(a, b) a##b
#define BILD_STATUS_CONCAT(a, b) BILD_STATUS_CONCAT_INNER(a, b)

// Returns the status from the enclosing function unless it is OK.
#define BILD_RETURN_IF_ERROR(expression)                              \
  do {                                                                \
    if (absl::Status bild_status = (expression); !bild_status.ok()) { \
      return bild_status;                                             \
    }                                                                 \
  } while (false)

// BILD_ASSIGN_OR_RETURN(auto image, ReadImage(path)); declares or assigns the
// left side, or returns the status of the right one.
#define BILD_ASSIGN_OR_RETURN(left, expression)                            \
  BILD_ASSIGN_OR_RETURN_INNER(BILD_STATUS_CONCAT(bild_or, __LINE__), left, \
                              expression)
#define BILD_ASSIGN_OR_RETURN_INNER(status_or, left, expression) \
  auto status_or = (expression);                                 \
  if (!status_or.ok()) return status_or.status();                \
  left = std::move(status_or).value()

namespace bild {

// All problems of one kind as one message: the first ten lines and how many
// there are in all. `headline` says what is wrong and what was expected;
// `advice` what to do (may be empty).
std::string ListProblems(const std::string& headline,
                         const std::vector<std::string>& problems,
                         const std::string& advice);

}  // namespace bild

#endif  // BILD_BASE_STATUS_H_
