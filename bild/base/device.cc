#include "bild/base/device.h"

#include <malloc.h>

#include <cstdlib>

#include "ATen/Context.h"
#include "ATen/Parallel.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bild/base/torch_boundary.h"

namespace bild {
namespace {

#ifdef BILD_CUDA
constexpr bool kIsBuiltWithCuda = true;
#else
constexpr bool kIsBuiltWithCuda = false;
#endif

int CountGpus() {
  if (!kIsBuiltWithCuda || !at::Context::hasCUDA()) return 0;
  return static_cast<int>(at::getNumGPUs());
}

}  // namespace

absl::StatusOr<c10::Device> ParseDevice(const std::string& name) {
  const c10::Device cpu(c10::kCPU);
  if (name == "cpu") return cpu;
  int index = 0;
  if (absl::StartsWith(name, "cuda:")) {
    const std::string digits = name.substr(5);
    if (digits.find_first_not_of("0123456789") != std::string::npos ||
        !absl::SimpleAtoi(digits, &index) || index > 127) {
      return absl::InvalidArgumentError(
          absl::StrCat("--device='", name,
                       "': expected a GPU's number after 'cuda:', as in "
                       "'cuda:0'."));
    }
  } else if (name != "cuda" && name != "auto") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--device='", name, "': expected cpu, cuda, cuda:N or auto."));
  }
  const int gpus = CountGpus();
  if (name == "auto" && gpus == 0) return cpu;
  if (!kIsBuiltWithCuda) {
    return absl::FailedPreconditionError(
        absl::StrCat("--device='", name,
                     "': this program was built without CUDA. Build it with "
                     "--config=cuda, or take --device=cpu."));
  }
  if (gpus == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("--device='", name,
                     "': no GPU was found. Look at nvidia-smi (driver, "
                     "CUDA_VISIBLE_DEVICES) and at the libraries that "
                     "libtorch_cuda.so needs, or take --device=cpu."));
  }
  if (index >= gpus) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--device='", name, "': found ", gpus, " GPU", gpus == 1 ? "" : "s",
        ", the last one is 'cuda:", gpus - 1, "'."));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

absl::StatusOr<DeviceSettings> SetUpDevice(const DeviceSettings& wanted) {
  constexpr int kMostThreads = 1024;
  if (wanted.threads < 0 || wanted.threads > kMostThreads) {
    return absl::InvalidArgumentError(absl::StrCat("--threads=", wanted.threads,
                                                   ": expected 0 (all) to ",
                                                   kMostThreads, "."));
  }
  return CatchTorchErrors(
      absl::StrCat("Setting up device '", wanted.device.str(), "'"),
      [&wanted]() -> absl::StatusOr<DeviceSettings> {
        at::Context& context = at::globalContext();
        context.setDeterministicAlgorithms(wanted.is_deterministic,
                                           /*warn_only=*/false);
        context.setDeterministicCuDNN(wanted.is_deterministic);
        context.setDeterministicMkldnn(wanted.is_deterministic);
        context.setBenchmarkCuDNN(!wanted.is_deterministic);
        // It fills every new tensor with NaN first: a debugging aid that costs
        // a pass over memory for each operation.
        context.setDeterministicFillUninitializedMemory(false);
        // Ten bits of mantissa are not what a record means by float32.
        context.setAllowTF32CuDNN(false);
        context.setAllowTF32CuBLAS(false);
        if (wanted.device.is_cuda() && wanted.is_deterministic) {
          // cuBLAS is repeatable only with a fixed workspace, set before its
          // first call. A user's own choice stays.
          ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
        }
        if (wanted.threads > 0) at::set_num_threads(wanted.threads);
        at::zeros({1}, at::TensorOptions(wanted.device)).item<float>();

        DeviceSettings effective = wanted;
        effective.threads = at::get_num_threads();
        return effective;
      });
}

void KeepMemory() {
  ::mallopt(M_MMAP_MAX, 0);         // Large blocks come from the heap too,
  ::mallopt(M_TRIM_THRESHOLD, -1);  // whose end never goes back,
  ::mallopt(M_TOP_PAD, 256 << 20);  // and which grows in large steps.
}

}  // namespace bild
