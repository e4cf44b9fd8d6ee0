// Weights files: reading and writing safetensors, and matching what a file
// holds against what a net wants. The format is described in
// safetensors_header.h.

#ifndef BACKBONES_SAFETENSORS_H_
#define BACKBONES_SAFETENSORS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backbones/named_tensor.h"

namespace bild {

struct SafetensorsFile {
  std::string path;  // As opened, for messages.
  // On the CPU, row-major, ordered by their place in the file. They are the
  // caller's to change. Those of one file share one block of memory, which
  // lives as long as any of them: keep a clone of what is kept for long.
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;

  // The tensor of that name, or null.
  const at::Tensor* Find(const std::string& name) const;
};

// Reads a whole file, strictly: what ParseSafetensorsHeader() refuses, and a
// BOOL that is neither 0 nor 1, is DataLoss. A missing file is NotFound, one
// that may not be read PermissionDenied, a folder or device FailedPrecondition.
// Every message names the file, what was expected and what was found. Memory is
// taken for what the file holds, never for what it claims.
absl::StatusOr<SafetensorsFile> ReadSafetensors(const std::string& path);

// Writes atomically (see bild/base/atomic_file.h). Tensors may lie on any
// device and have any strides; dtypes are bool, uint8, int8 to int64, float16,
// bfloat16, float32 and float64. The order of the bytes does not depend on the
// order given: wide types first, then by name, so every tensor is aligned and
// the same content gives the same file.
//
// InvalidArgument for a name given twice, an undefined tensor or another dtype.
absl::Status WriteSafetensors(
    const std::string& path, const std::vector<NamedTensor>& tensors,
    const std::map<std::string, std::string>& metadata);

struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
};

// OK when the file holds exactly these tensors in these shapes. Otherwise
// InvalidArgument that lists every missing, extra and misshapen one, each list
// with its count.
absl::Status CheckTensors(const SafetensorsFile& file,
                          const std::vector<ExpectedTensor>& expected);

// Copies every tensor of the file into the target of its name, in place and
// without a trace in autograd; targets may lie on any device. Strict as
// CheckTensors(). Dtypes must agree, but float32 and float64 are converted into
// each other. All or nothing: when it is not OK, no target has changed.
absl::Status CopyTensorsInto(const SafetensorsFile& file,
                             const std::vector<NamedTensor>& targets);

}  // namespace bild

#endif  // BACKBONES_SAFETENSORS_H_
