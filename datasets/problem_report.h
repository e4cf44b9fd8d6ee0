// Everything that is wrong with a dataset, grouped by kind, as one status: a
// user repairs a set once, not once per run.

#ifndef DATASETS_PROBLEM_REPORT_H_
#define DATASETS_PROBLEM_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bild/base/status.h"

namespace bild {

// One kind of problem: "unpaired", "sizes".
struct ProblemGroup {
  std::string kind;  // A word for programs; docs/datasets.md lists them.
  absl::StatusCode code = absl::StatusCode::kFailedPrecondition;
  std::string headline;            // What is wrong and what was expected.
  std::vector<std::string> lines;  // All of them.
  std::string advice;              // What to do; may be empty.

  // The first ten lines and the count.
  std::string Text() const { return ListProblems(headline, lines, advice); }
};

class ProblemReport {
 public:
  // Adds one kind; nothing if `lines` is empty. The first kind added gives the
  // status its code.
  void Add(const std::string& kind, absl::StatusCode code,
           const std::string& headline, std::vector<std::string> lines,
           const std::string& advice) {
    if (lines.empty()) return;
    groups_.push_back({kind, code, headline, std::move(lines), advice});
  }

  const std::vector<ProblemGroup>& groups() const { return groups_; }

  // OK if nothing was added.
  absl::Status status() const {
    if (groups_.empty()) return absl::OkStatus();
    std::string text;
    for (const ProblemGroup& group : groups_) {
      if (!text.empty()) text += "\n";
      text += group.Text();
    }
    return absl::Status(groups_[0].code, text);
  }

 private:
  std::vector<ProblemGroup> groups_;
};

}  // namespace bild

#endif  // DATASETS_PROBLEM_REPORT_H_
