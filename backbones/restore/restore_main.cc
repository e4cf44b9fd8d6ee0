// Dehazes a user's own photographs.
//
//   bazel run //backbones:restore -- --backbone=aodnet --weights=F
//     --input=FILE_OR_FOLDER --output=FILE_OR_FOLDER [--overwrite]
//     [--memory_limit_mib=4096]

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "backbones/catalog.h"
#include "backbones/restore/cost_probe.h"
#include "backbones/restore/picture_file.h"
#include "backbones/restore/reach.h"
#include "backbones/restore/restore_plan.h"
#include "backbones/restore/tiling_difference.h"
#include "backbones/weights.h"
#include "bild/base/atomic_file.h"
#include "bild/base/command_line.h"
#include "bild/base/device.h"
#include "bild/base/live_bytes.h"
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "bild/base/progress.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "fmt/format.h"

ABSL_FLAG(std::string, backbone, "", "the net, as in aodnet or ffa[blocks=20]");
ABSL_FLAG(std::string, weights, "", "a .safetensors file of that net");
ABSL_FLAG(std::string, input, "", "a PNG or JPEG file, or a folder of them");
ABSL_FLAG(std::string, output, "",
          "a file for a file, a folder for a folder; made where it is missing");
ABSL_FLAG(bool, overwrite, false, "replace files that are there already");
ABSL_FLAG(int64_t, memory_limit_mib, 4096,
          "pictures that would take more are restored in tiles");
ABSL_FLAG(int, jpeg_quality, 95, "of JPEG files written, 1 to 100");
ABSL_FLAG(int, threads, 0, "of one operation; 0: all cores");

namespace bild {
namespace {

constexpr int kDone = 0;
constexpr int kWorldIsWrong = 1;
constexpr int kUsage = 2;
constexpr double kMebibyte = 1048576.0;

namespace fs = std::filesystem;

// Lets malloc keep what is freed, since new memory is zeroed page by page: a
// quarter of the time of large nets, more than half of small ones'. What is
// kept comes in pieces, and the process takes more than what lives in it.
// Otherwise only blocks of up to 32 MiB (malloc takes no higher threshold) are
// kept, and larger ones go back to the kernel.
void KeepFreedMemory(bool keeps_large_blocks) {
  ::mallopt(M_TRIM_THRESHOLD, -1);
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_MMAP_MAX, keeps_large_blocks ? 0 : 65536);
}

// By how much more, at most: seen from 0.9 (FFA-Net) to 1.49 (GridDehazeNet) of
// what is predicted, in one tile.
constexpr double kKeptShare = 1.6;

double LimitBytes() {
  return static_cast<double>(absl::GetFlag(FLAGS_memory_limit_mib)) * kMebibyte;
}

struct Job {
  std::string from, to;
};

bool IsPictureName(const fs::path& path) {
  const std::string extension =
      absl::AsciiStrToLower(path.extension().string());
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

absl::Status CheckUsage() {
  std::vector<std::string> problems;
  for (const auto& [flag, value] :
       {std::pair{"backbone", absl::GetFlag(FLAGS_backbone)},
        std::pair{"weights", absl::GetFlag(FLAGS_weights)},
        std::pair{"input", absl::GetFlag(FLAGS_input)},
        std::pair{"output", absl::GetFlag(FLAGS_output)}}) {
    if (value.empty()) {
      problems.push_back(absl::StrCat("--", flag, " is not given"));
    }
  }
  if (!absl::GetFlag(FLAGS_backbone).empty()) {
    const auto net = MakeBackbone(absl::GetFlag(FLAGS_backbone),
                                  at::TensorOptions().device(at::kMeta));
    if (!net.ok()) problems.emplace_back(net.status().message());
  }
  if (absl::GetFlag(FLAGS_memory_limit_mib) < 1) {
    problems.push_back(absl::StrCat(
        "--memory_limit_mib=", absl::GetFlag(FLAGS_memory_limit_mib),
        ": expected at least 1"));
  }
  if (absl::GetFlag(FLAGS_jpeg_quality) < 1 ||
      absl::GetFlag(FLAGS_jpeg_quality) > 100) {
    problems.push_back(
        absl::StrCat("--jpeg_quality=", absl::GetFlag(FLAGS_jpeg_quality),
                     ": expected 1 to 100"));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      "restore cannot run so:", problems, "--help lists the flags."));
}

// What to read and where to write, before anything is read.
absl::StatusOr<std::vector<Job>> FindJobs(const fs::path& input,
                                          const fs::path& output) {
  std::error_code error;
  const bool is_folder = fs::is_directory(input, error);
  if (!is_folder && !fs::exists(input, error)) {
    return absl::NotFoundError(absl::StrCat(
        "--input='", input.string(), "': there is no such file or folder."));
  }
  if (!is_folder) {
    const bool into_folder = fs::is_directory(output, error);
    return std::vector<Job>{
        {input.string(),
         (into_folder ? output / input.filename() : output).string()}};
  }
  std::vector<Job> jobs;
  for (const auto& entry : fs::directory_iterator(input, error)) {
    if (!entry.is_regular_file(error) || !IsPictureName(entry.path())) continue;
    jobs.push_back(
        {entry.path().string(), (output / entry.path().filename()).string()});
  }
  if (jobs.empty()) {
    return absl::NotFoundError(
        absl::StrCat("--input='", input.string(),
                     "': no .png, .jpg or .jpeg file in this folder."));
  }
  std::sort(jobs.begin(), jobs.end(),
            [](const Job& a, const Job& b) { return a.from < b.from; });
  return jobs;
}

absl::Status CheckOutputs(const std::vector<Job>& jobs) {
  std::vector<std::string> problems;
  std::error_code error;
  for (const Job& job : jobs) {
    if (fs::equivalent(job.from, job.to, error)) {
      problems.push_back(absl::StrCat("'", job.to, "' is the input itself"));
    } else if (!absl::GetFlag(FLAGS_overwrite) && fs::exists(job.to, error)) {
      problems.push_back(absl::StrCat("'", job.to, "' is there already"));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(ListProblems(
      "restore would overwrite:", problems,
      "Choose another --output; --overwrite replaces earlier results, never "
      "an input."));
}

// The same message with the file it is about.
absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("'", path, "' ", status.message(), "."));
}

class Restorer {
 public:
  explicit Restorer(std::unique_ptr<Backbone> backbone)
      : backbone_(std::move(backbone)), probe_(*backbone_) {}

  absl::Status Run(const Job& job) {
    BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(job.from));
    const auto size = ReadPictureSize(bytes);
    if (!size.ok()) return About(job.from, size.status());
    auto plan = Plan(*size);
    if (!plan.ok()) return About(job.from, plan.status());
    KeepFreedMemory(plan->predicted_bytes * kKeptShare <= LimitBytes());
    auto picture = DecodePicture(bytes);
    if (!picture.ok()) return About(job.from, picture.status());
    if (picture->rgb01.size(2) != size->height_px) {  // Turned by EXIF.
      std::swap(plan->rows, plan->columns);
    }
    Describe(job, *size, *plan);
    Progress progress(fs::path(job.from).filename().string(), plan->tiles());
    // Pieces that no longer fit would add up from tile to tile.
    const bool is_tight = plan->predicted_bytes * 2 * kKeptShare > LimitBytes();
    const at::Tensor restored = RestoreByPlan(
        *backbone_, picture->rgb01, *plan, [&progress, is_tight](int64_t done) {
          progress.Update(done);
          if (is_tight) ::malloc_trim(0);
        });
    progress.Finish();
    if (plan->tiling == Tiling::kApproximate) {
      Compare(job, picture->rgb01, *plan);
    }
    auto encoded =
        EncodePicture(*picture, restored, absl::GetFlag(FLAGS_jpeg_quality));
    if (!encoded.ok()) return About(job.from, encoded.status());
    return WriteFileAtomically(job.to, *encoded);
  }

  // The least limit in MiB under which no picture is an approximation; 0 where
  // none was.
  int64_t exact_from_mib() const { return exact_from_mib_; }

 private:
  absl::StatusOr<RestorePlan> Plan(const PictureSize& size) {
    const double limit_bytes = LimitBytes();
    const int64_t multiple = backbone_->SizeMultiple();
    const auto fitting = [&](int64_t side_px) {
      return (std::max(side_px, backbone_->SmallestSide()) + multiple - 1) /
             multiple * multiple;
    };
    const int64_t height_px = fitting(size.height_px);
    const int64_t width_px = fitting(size.width_px);
    // How far the net looks is only worth finding out for large pictures.
    if (WholePictureBytes(probe_.cost(), height_px, width_px) >
            limit_bytes / 2 &&
        !reach_px_.has_value() && backbone_->tiling() == Tiling::kExact) {
      BILD_ASSIGN_OR_RETURN(reach_px_, MeasureReach(*backbone_));
      LogInfo("{} looks {} px far", backbone_->name(), *reach_px_);
    }
    const auto plan_within = [&](double bytes) {
      return PlanRestore(*backbone_, probe_.cost(), reach_px_, height_px,
                         width_px, bytes);
    };
    // So that freed memory can be kept; unless the rest makes it exact.
    auto plan = plan_within(limit_bytes / kKeptShare);
    if (plan.ok() && plan->tiling != Tiling::kApproximate) return plan;
    auto larger = plan_within(limit_bytes);
    const bool is_worth_more =
        !plan.ok() || (larger.ok() && larger->tiling != Tiling::kApproximate);
    return is_worth_more ? larger : plan;
  }

  void Describe(const Job& job, const PictureSize& size,
                const RestorePlan& plan) {
    const std::string how =
        plan.tiling == Tiling::kNone ? "whole"
        : plan.tiling == Tiling::kExact
            ? fmt::format("{} tiles, exact (halo {} px)", plan.tiles(),
                          plan.halo_px)
            : fmt::format("{} tiles, approximate (halo {} px)", plan.tiles(),
                          plan.halo_px);
    LogInfo("{}: {}x{} px, {}, about {:.0f} MiB and {}", job.from,
            size.width_px, size.height_px, how,
            plan.predicted_bytes / kMebibyte,
            FormatDuration(probe_.PredictSeconds(plan)));
  }

  // By how much an approximation differs, on a smaller picture of the same
  // content.
  void Compare(const Job& job, const at::Tensor& rgb01,
               const RestorePlan& plan) {
    const auto exact_from_mib =
        static_cast<int64_t>(std::ceil(plan.exact_limit_bytes / kMebibyte));
    exact_from_mib_ = std::max(exact_from_mib_, exact_from_mib);
    const TilingDifference difference =
        MeasureTilingDifference(*backbone_, rgb01, plan);
    const std::string why =
        reach_px_.has_value()
            ? fmt::format("a pixel depends on all within {} px", *reach_px_)
            : "a pixel depends on the whole picture, in a tile on the tile";
    LogWarning(
        "{}: approximate: {}. On this picture shrunk to {}x{} px and cut "
        "alike, tiles differ from the whole by {:.1f} of 255 at most and "
        "{:.2f} on average ({:.1f} dB). It would be exact from "
        "--memory_limit_mib={} on",
        job.to, why, difference.width_px, difference.height_px,
        difference.largest * 255.0, difference.mean * 255.0, difference.psnr_db,
        exact_from_mib);
  }

  std::unique_ptr<Backbone> backbone_;
  CostProbe probe_;
  std::optional<int64_t> reach_px_;
  int64_t exact_from_mib_ = 0;
};

struct Outcome {
  int64_t restored = 0;
  std::vector<std::string> failures;
  int64_t exact_from_mib = 0;
};

absl::StatusOr<Outcome> RestoreAll() {
  KeepFreedMemory(/*keeps_large_blocks=*/false);
  DeviceSettings wanted;
  wanted.threads = absl::GetFlag(FLAGS_threads);
  BILD_RETURN_IF_ERROR(SetUpDevice(wanted).status());
  InstallLiveBytes();
  const fs::path input = UserPath(absl::GetFlag(FLAGS_input));
  const fs::path output = UserPath(absl::GetFlag(FLAGS_output));
  BILD_ASSIGN_OR_RETURN(const std::vector<Job> jobs, FindJobs(input, output));
  BILD_RETURN_IF_ERROR(CheckOutputs(jobs));
  BILD_ASSIGN_OR_RETURN(
      std::unique_ptr<Backbone> backbone,
      MakeBackbone(absl::GetFlag(FLAGS_backbone), at::kFloat));
  BILD_RETURN_IF_ERROR(
      LoadWeights(UserPath(absl::GetFlag(FLAGS_weights)), backbone->layers()));
  const fs::path folder = fs::path(jobs.front().to).parent_path();
  if (!folder.empty()) BILD_RETURN_IF_ERROR(MakeFolders(folder.string()));
  Restorer restorer(std::move(backbone));
  Outcome outcome;
  for (const Job& job : jobs) {
    const absl::Status done = CatchTorchErrors(
        job.from, [&restorer, &job] { return restorer.Run(job); });
    if (done.ok()) {
      ++outcome.restored;
    } else {
      outcome.failures.emplace_back(done.message());
    }
  }
  outcome.exact_from_mib = restorer.exact_from_mib();
  return outcome;
}

int Main(int argc, char** argv) {
  if (const auto code =
          StartProgram(argc, argv,
                       "Dehazes PNG and JPEG photographs.\n"
                       "bazel run //backbones:restore -- --backbone= "
                       "--weights= --input= --output= [flags]",
                       CheckUsage))
    return *code;
  const auto outcome =
      CatchTorchErrors("restoring", [] { return RestoreAll(); });
  if (!outcome.ok()) {
    std::fprintf(stderr, "restore: %s\n",
                 std::string(outcome.status().message()).c_str());
    return kWorldIsWrong;
  }
  const std::string tiling = outcome->exact_from_mib == 0
                                 ? "exact"
                                 : absl::StrCat("approximate exact_from_mib=",
                                                outcome->exact_from_mib);
  std::printf("backbone=%s restored=%lld failed=%zu tiling=%s\n",
              absl::GetFlag(FLAGS_backbone).c_str(),
              static_cast<long long>(outcome->restored),
              outcome->failures.size(), tiling.c_str());
  if (outcome->failures.empty()) return kDone;
  const std::string list =
      ListProblems("These pictures were not restored:", outcome->failures,
                   "All others were written.");
  std::fprintf(stderr, "%s\n", list.c_str());
  return kWorldIsWrong;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
