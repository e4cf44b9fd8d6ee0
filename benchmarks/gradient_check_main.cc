// Checks the outer gradient of a net.
//
//   bazel run //bild:gradient_check -- --backbone=SPEC
//
// Prints, for every reward engine, the relative error of the gradient of the
// reweighting network against automatic differentiation through the update.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "benchmarks/gradient_check.h"
#include "bild/base/device.h"
#include "bild/base/program_start.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "fmt/format.h"

ABSL_FLAG(std::string, backbone, "", "the net, as in aodnet or ffa[dim=16]");
ABSL_FLAG(std::string, loss, "l1", "per-patch loss: l1 or mse");
ABSL_FLAG(int64_t, batch, 4, "training patches, B");
ABSL_FLAG(int64_t, validation_batch, 3, "validation patches, M");
ABSL_FLAG(int64_t, crop_px, 0,
          "side of a patch, px; 0: 16 or the next that the net takes");
ABSL_FLAG(uint64_t, seed, 1, "of weights and patches");

namespace bild {
namespace {

absl::StatusOr<GradientCheckSpec> ReadSpec() {
  GradientCheckSpec spec;
  spec.backbone = absl::GetFlag(FLAGS_backbone);
  std::vector<std::string> problems;
  if (spec.backbone.empty()) {
    problems.emplace_back("--backbone: which net? As in --backbone=aodnet.");
  }
  const auto loss = ParsePatchLoss(absl::GetFlag(FLAGS_loss));
  if (!loss.ok()) problems.emplace_back(loss.status().message());
  if (!problems.empty()) {
    return absl::InvalidArgumentError(ListProblems(
        "gradient_check cannot run so:", problems, "--help lists the flags."));
  }
  spec.loss = *loss;
  spec.batch = absl::GetFlag(FLAGS_batch);
  spec.validation_batch = absl::GetFlag(FLAGS_validation_batch);
  spec.crop_px = absl::GetFlag(FLAGS_crop_px);
  spec.seed = absl::GetFlag(FLAGS_seed);
  return spec;
}

std::string Line(const GradientCheckRow& row) {
  std::string result = "not valid: " + row.not_valid;
  if (row.relative_error.has_value()) {
    result = fmt::format("{:.2e}  {}", *row.relative_error,
                         row.IsOff()         ? "OFF"
                         : row.ClaimsExact() ? "exact"
                                             : "approximate");
  }
  return fmt::format("{:<36}{}\n", row.name, result);
}

int Main(int argc, char** argv) {
  GradientCheckSpec spec;
  if (const auto code =
          StartProgram(argc, argv,
                       "Checks the outer gradient of a net against automatic "
                       "differentiation through the update.\n"
                       "bazel run //bild:gradient_check -- --backbone= [flags]",
                       [&spec] {
                         auto read = ReadSpec();
                         if (read.ok()) spec = std::move(read).value();
                         return read.status();
                       }))
    return *code;
  KeepMemory();
  const absl::StatusOr<GradientCheck> check = CatchTorchErrors(
      "checking the gradient", [&spec] { return CheckGradients(spec); });
  if (!check.ok()) {
    std::fprintf(stderr, "gradient_check: %s\n",
                 std::string(check.status().message()).c_str());
    return absl::IsInvalidArgument(check.status()) ? kUsage : kWorldIsWrong;
  }
  std::printf(
      "Relative error of the outer gradient of %s, %lld px patches, float64, "
      "against autograd:\n",
      check->backbone.c_str(), static_cast<long long>(check->crop_px));
  int64_t off = 0;
  double largest = 0.0;
  for (const GradientCheckRow& row : check->rows) {
    std::printf("%s", Line(row).c_str());
    if (row.IsOff()) ++off;
    if (row.ClaimsExact() && row.relative_error.has_value()) {
      largest = std::max(largest, *row.relative_error);
    }
  }
  std::printf("backbone=%s largest_exact_error=%s off=%lld\n",
              check->backbone.c_str(), fmt::format("{}", largest).c_str(),
              static_cast<long long>(off));
  return off == 0 ? kDone : kWorldIsWrong;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
