// Where exceptions of LibTorch become statuses: around a whole operation, never
// inside a loop.

#ifndef BILD_BASE_TORCH_BOUNDARY_H_
#define BILD_BASE_TORCH_BOUNDARY_H_

#include <exception>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"

namespace bild {

// Calls `operation` (returning absl::Status or absl::StatusOr<T>) and turns an
// exception into a status that starts with `what`, the operation in words. Out
// of memory becomes ResourceExhausted, everything else Internal.
template <typename Operation>
auto CatchTorchErrors(const std::string& what, Operation&& operation)
    -> decltype(operation()) {
  try {
    return std::forward<Operation>(operation)();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": out of memory: ", error.what_without_backtrace(),
                     ". Lower --batch or --crop_px, or narrow the net."));
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat(what, ": ", error.what_without_backtrace()));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat(what, ": ", error.what()));
  }
}

}  // namespace bild

#endif  // BILD_BASE_TORCH_BOUNDARY_H_
