#include "benchmarks/verdict.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

// The options of a published net behind the published DDU.
constexpr char kPublishedDdu[] = "[ddu=320]";
// DehazeNet's authors restore with another pipeline than the net that is
// trained here.
constexpr char kOriginalDehazeNet[] = "dehazenet[variant=original]";

bool IsPublishedNet(const std::string& backbone) {
  const size_t bracket = backbone.find('[');
  return bracket == std::string::npos ||
         backbone.substr(bracket) == kPublishedDdu ||
         backbone == kOriginalDehazeNet;
}

}  // namespace

void AddNetReasons(const std::string& backbone,
                   std::vector<std::string>* reasons) {
  if (IsPublishedNet(backbone)) return;
  reasons->push_back(absl::StrCat("not the published net: ", backbone));
}

void AddEnvironmentReasons(const Environment& environment,
                           std::vector<std::string>* reasons) {
  if (environment.commit == "unknown") {
    reasons->emplace_back("commit unknown");
  } else if (environment.is_dirty) {
    reasons->emplace_back("uncommitted changes in the tree");
  }
}

void SetVerdict(const std::vector<std::string>& reasons, Record* record) {
  record->verdict = reasons.empty() ? "VALID" : "INVALID";
  record->invalid_reasons = absl::StrJoin(reasons, "; ");
}

}  // namespace bild
