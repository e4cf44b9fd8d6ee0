// The device of a run, and the settings that make its arithmetic repeatable.

#ifndef BILD_BASE_DEVICE_H_
#define BILD_BASE_DEVICE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"

namespace bild {

// "cpu", "cuda" (the first GPU), "cuda:N" (counted from 0), or "auto": the
// first GPU where there is one, else the CPU.
//
// InvalidArgument for any other name; FailedPrecondition where a GPU is asked
// for and this program was built without CUDA, or no GPU or not that many are
// found. The message says which and what to do.
absl::StatusOr<c10::Device> ParseDevice(const std::string& name);

struct DeviceSettings {
  c10::Device device = c10::Device(c10::kCPU);
  // Threads of one operation on the CPU. 0: OMP_NUM_THREADS, or all cores. A
  // sum over another number of threads rounds differently, so the number
  // belongs in the record of a run.
  int threads = 0;
  // Same inputs, same bits. On the CPU that costs nothing measurable; on a GPU
  // it rules out the faster kernels, and an operation without a repeatable
  // kernel is an error.
  bool is_deterministic = true;
};

// Applies `wanted` to the whole process and touches the device once, so that a
// broken driver is found here. Call it once, from main, before any tensor is
// made. Returns the settings in force (`threads` is never 0).
absl::StatusOr<DeviceSettings> SetUpDevice(const DeviceSettings& wanted);

// Lets malloc keep what is freed. By default it hands large blocks back to the
// kernel and takes them anew, zeroed page by page: a third of a training step
// of a small net. Memory of the process then never shrinks, so this is for
// mains.
void KeepMemory();

}  // namespace bild

#endif  // BILD_BASE_DEVICE_H_
