#include "bild/base/status.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace bild {

std::string ListProblems(const std::string& headline,
                         const std::vector<std::string>& problems,
                         const std::string& advice) {
  constexpr size_t kShown = 10;
  std::string text = headline;
  for (size_t i = 0; i < std::min(kShown, problems.size()); ++i) {
    absl::StrAppend(&text, "\n  ", problems[i]);
  }
  if (problems.size() > kShown) {
    absl::StrAppend(&text, "\n  ... ", problems.size() - kShown, " more, ",
                    problems.size(), " in all");
  }
  if (!advice.empty()) absl::StrAppend(&text, "\n", advice);
  return text;
}

}  // namespace bild
