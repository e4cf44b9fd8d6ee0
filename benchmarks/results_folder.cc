#include "benchmarks/results_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"

namespace bild {
namespace {

constexpr char kRecords[] = "/records.jsonl";
constexpr char kPerImage[] = "/per_image.csv";
constexpr char kIdentity[] = "/identity.txt";

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Whether a run of this identity may work in the folder: its own, or one where
// it would overwrite nothing.
absl::Status CheckFree(const std::string& folder, const std::string& identity) {
  if (Exists(folder + kIdentity)) {
    BILD_ASSIGN_OR_RETURN(const std::string found,
                          ReadFile(folder + kIdentity));
    if (found == identity + "\n") return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("The results folder '", folder,
                     "' belongs to another run.\n  expected: ", identity,
                     "\n  found:    ", found,
                     "Use the flags of that run (its config.flags), or another "
                     "--out."));
  }
  std::vector<std::string> foreign;
  for (const char* name :
       {"records.jsonl", "per_image.csv", "curves.csv", "weights.csv",
        "label_faults.csv", "report.md", "report.csv", "config.flags",
        "env.json", "checkpoints", "variants", "figures"}) {
    if (Exists(absl::StrCat(folder, "/", name))) foreign.emplace_back(name);
  }
  if (foreign.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(ListProblems(
      absl::StrCat("The folder '", folder,
                   "' holds results of something else, which this run would "
                   "overwrite:"),
      foreign, "Choose another --out."));
}

// In the folders that runs make there, and nowhere else: --out may be a folder
// with other things in it.
void RemoveWhatKilledRunsLeft(const std::string& folder) {
  namespace fs = std::filesystem;
  RemoveAbandonedTemporaries(folder);
  RemoveAbandonedTemporaries(folder + "/figures");
  std::error_code error;
  for (fs::directory_iterator entry(folder + "/checkpoints", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (fs::is_directory(entry->symlink_status(ignored))) {
      RemoveAbandonedTemporaries(entry->path().string());
    }
  }
}

// Those of one evaluation. NotFound where there is no such file.
absl::StatusOr<std::vector<PerImageRow>> PicturesIn(const std::string& path) {
  auto pictures = ReadPerImage(path);
  if (!absl::IsInvalidArgument(pictures.status())) return pictures;
  return absl::DataLossError(
      absl::StrCat(std::string(pictures.status().message()),
                   "\nRemove the file to evaluate this run again."));
}

// Fine where there are none.
absl::Status RemoveRecords(const std::string& folder) {
  std::error_code error;
  std::filesystem::remove(folder + kRecords, error);
  if (!error) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "Cannot remove '", folder, kRecords,
      "', the records of an earlier "
      "evaluation: ",
      error.message(), ". Remove it yourself, or choose another --out."));
}

}  // namespace

std::string DefaultResultsFolder(const std::string& target,
                                 const std::string& run_id) {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  return absl::StrCat(workspace == nullptr ? "." : workspace, "/results/",
                      target, "/", run_id);
}

absl::StatusOr<ResultsLock> ResultsLock::Take(const std::string& folder,
                                              const std::string& identity) {
  BILD_RETURN_IF_ERROR(CheckFree(folder, identity));
  BILD_RETURN_IF_ERROR(MakeFolders(folder));
  const std::string path = folder + "/.lock";
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("Cannot write to the results folder '", folder,
                     "': ", std::strerror(errno), ". Choose another --out."));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return absl::FailedPreconditionError(
        absl::StrCat("Another process works in the results folder '", folder,
                     "'. Wait for it, or choose another --out."));
  }
  ResultsLock lock(descriptor);
  // Again: another process may have been here before the lock.
  BILD_RETURN_IF_ERROR(CheckFree(folder, identity));
  RemoveWhatKilledRunsLeft(folder);
  if (!Exists(folder + kIdentity)) {
    BILD_RETURN_IF_ERROR(
        WriteFileAtomically(folder + kIdentity, identity + "\n"));
  }
  return lock;
}

ResultsLock::~ResultsLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ResultsLock::ResultsLock(ResultsLock&& other) noexcept
    : descriptor_(other.descriptor_) {
  other.descriptor_ = -1;
}

bool IsFinished(const std::string& folder) { return Exists(folder + kRecords); }

void AddScores(const std::vector<ProfileScores>& scores,
               const PairedDataset& dataset, const Record& common,
               RunRows* rows) {
  for (const ProfileScores& profile : scores) {
    Record record = common;
    record.profile = profile.profile.name;
    record.n = profile.mean.image_count;
    record.n_identical = profile.mean.identical_count;
    record.psnr_db = profile.mean.psnr_db;
    record.ssim = profile.mean.ssim;
    record.ciede2000 = profile.mean.ciede2000;
    rows->records.push_back(record);
    for (const PictureScore& picture : profile.pictures) {
      const PairName& pair =
          dataset.pairs()[static_cast<size_t>(picture.pair_index)];
      PerImageRow row;
      row.method = common.method;
      row.seed = common.seed;
      row.checkpoint = common.checkpoint;
      row.hazy = pair.id;
      row.clear = pair.scene;
      row.width = picture.width_px;
      row.height = picture.height_px;
      row.profile = profile.profile.name;
      row.psnr_db = picture.score.psnr_db;
      row.ssim = picture.score.ssim;
      row.ciede2000 = picture.score.ciede2000;
      row.flags = FlagsText(picture.score);
      rows->pictures.push_back(row);
    }
  }
}

absl::Status SaveRunRows(const std::string& run_folder, const RunRows& rows) {
  std::string text = PerImageHeader();
  for (const PerImageRow& row : rows.pictures) text += ToCsvLine(row);
  const std::string path = run_folder + kPerImage;
  // The same again leaves a finished evaluation finished all the while.
  if (const auto found = ReadFile(path); !found.ok() || *found != text) {
    BILD_RETURN_IF_ERROR(RemoveRecords(run_folder));
    BILD_RETURN_IF_ERROR(WriteFileAtomically(path, text));
  }
  // Last: it says that the other one is complete.
  return WriteRecords(run_folder + kRecords, rows.records);
}

absl::StatusOr<RunRows> LoadRunRows(const std::string& run_folder) {
  if (!Exists(run_folder + kRecords)) {
    return absl::NotFoundError(
        absl::StrCat("'", run_folder, "' has no records yet"));
  }
  RunRows rows;
  BILD_ASSIGN_OR_RETURN(rows.records, ReadRecords(run_folder + kRecords));
  BILD_ASSIGN_OR_RETURN(rows.pictures, PicturesIn(run_folder + kPerImage));
  return rows;
}

absl::Status WriteResultFiles(const std::string& folder,
                              const std::vector<RunRows>& runs,
                              const std::vector<RunJournal>& journals) {
  std::string pictures = PerImageHeader();
  std::vector<Record> records;
  for (const RunRows& run : runs) {
    for (const PerImageRow& row : run.pictures) pictures += ToCsvLine(row);
    records.insert(records.end(), run.records.begin(), run.records.end());
  }
  std::string curves = CurvesHeader();
  std::string weights = WeightsHeader();
  for (const RunJournal& journal : journals) {
    for (const JournalCurve& curve : journal.rows.curves) {
      curves += ToCsvLine(CurvePoint{journal.method, journal.seed, curve.step,
                                     curve.name, curve.value});
    }
    for (const PatchWeight& weight : journal.rows.weights) {
      weights += ToCsvLine(WeightRow{journal.method, journal.seed, weight.step,
                                     weight.place, weight.id, weight.x_px,
                                     weight.y_px, weight.crop_px, weight.weight,
                                     weight.loss, weight.reward});
    }
  }
  BILD_RETURN_IF_ERROR(WriteFileAtomically(folder + kPerImage, pictures));
  BILD_RETURN_IF_ERROR(WriteFileAtomically(folder + "/curves.csv", curves));
  BILD_RETURN_IF_ERROR(WriteFileAtomically(folder + "/weights.csv", weights));
  return WriteRecords(folder + kRecords, records);
}

}  // namespace bild
