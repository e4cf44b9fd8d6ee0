// The folder that a run leaves: its lock, its files, its rows.

#ifndef BENCHMARKS_RESULTS_FOLDER_H_
#define BENCHMARKS_RESULTS_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bild/evaluator.h"
#include "bild/journal.h"
#include "datasets/paired_dataset.h"
#include "reports/record.h"
#include "reports/result_rows.h"

namespace bild {

// Where results go that the user named no folder for: results/<target>/<run id>
// in the workspace, as `bazel run` tells it, or here.
std::string DefaultResultsFolder(const std::string& target,
                                 const std::string& run_id);

// A folder belongs to one run from its first moment to its last, and to one
// process at a time. `identity` is everything that changes the run's result, in
// words; it is kept in identity.txt.
class ResultsLock {
 public:
  // Takes the folder, making it where missing; the lock goes with the process,
  // however it ends. FailedPrecondition, without a change to what is there,
  // where the folder belongs to another run or holds result files of something
  // else, or another process works in it.
  static absl::StatusOr<ResultsLock> Take(const std::string& folder,
                                          const std::string& identity);
  ~ResultsLock();
  ResultsLock(ResultsLock&& other) noexcept;
  ResultsLock& operator=(ResultsLock&&) = delete;

 private:
  explicit ResultsLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// What a finished run has that a half-done one has not.
bool IsFinished(const std::string& folder);

// The rows of one (method, seed): written when its evaluation is done, read
// again by a resumed run.
struct RunRows {
  std::vector<Record> records;
  std::vector<PerImageRow> pictures;
};
// Adds the scores of one net: a record per profile and a row per picture, all
// else as in `common`.
void AddScores(const std::vector<ProfileScores>& scores,
               const PairedDataset& dataset, const Record& common,
               RunRows* rows);
// Writes per_image.csv and, last, records.jsonl, each whole. The records of an
// earlier evaluation go before other pictures come, so that however it ends,
// records stand beside their own pictures or not at all.
absl::Status SaveRunRows(const std::string& run_folder, const RunRows& rows);
// NotFound where the evaluation was not finished.
absl::StatusOr<RunRows> LoadRunRows(const std::string& run_folder);

// The journal of one (method, seed) as rows of curves.csv and weights.csv.
struct RunJournal {
  std::string method;
  int64_t seed = 0;
  JournalRows rows;
};

// Writes per_image.csv, curves.csv, weights.csv and, last, records.jsonl, each
// whole.
absl::Status WriteResultFiles(const std::string& folder,
                              const std::vector<RunRows>& runs,
                              const std::vector<RunJournal>& journals);

}  // namespace bild

#endif  // BENCHMARKS_RESULTS_FOLDER_H_
