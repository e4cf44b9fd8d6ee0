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

class ProblemReport {
 public:
  // Adds one kind; nothing if `problems` is empty. The first ten are shown with
  // the count. The first kind added gives the status its code.
  void Add(absl::StatusCode code, const std::string& headline,
           const std::vector<std::string>& problems,
           const std::string& advice) {
    if (problems.empty()) return;
    if (text_.empty()) {
      code_ = code;
    } else {
      text_ += "\n";
    }
    text_ += ListProblems(headline, problems, advice);
  }

  // OK if nothing was added.
  absl::Status status() const {
    return text_.empty() ? absl::OkStatus() : absl::Status(code_, text_);
  }

 private:
  absl::StatusCode code_ = absl::StatusCode::kOk;
  std::string text_;
};

}  // namespace bild

#endif  // DATASETS_PROBLEM_REPORT_H_
