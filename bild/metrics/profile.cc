#include "bild/metrics/profile.h"

#include <limits>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace bild {
namespace {

std::string KnownNames() {
  return absl::StrJoin(KnownProfiles(), ", ",
                       [](std::string* out, const MetricProfile& profile) {
                         out->append(profile.name);
                       });
}

std::string Quoted(const std::string& name) {
  return absl::StrCat("'", name, "'");
}

}  // namespace

const std::vector<MetricProfile>& KnownProfiles() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static const auto& profiles = *new std::vector<MetricProfile>{
      {/*name=*/"default",
       /*use=*/"everything that is reported and gated on",
       /*clamps_to_unit=*/true, SsimWindow::kGaussian11,
       /*uses_sample_covariance=*/false, /*psnr_db_of_identical=*/100.0,
       /*psnr_db_cap=*/100.0, /*reports_ciede2000=*/true},
      {/*name=*/"grid-bild",
       /*use=*/"beside the tables of GridDehazeNet and BILD",
       /*clamps_to_unit=*/false, SsimWindow::kUniform7,
       /*uses_sample_covariance=*/true, /*psnr_db_of_identical=*/kInfinity,
       /*psnr_db_cap=*/kInfinity, /*reports_ciede2000=*/false},
  };
  return profiles;
}

absl::StatusOr<MetricProfile> FindProfile(const std::string& name) {
  for (const MetricProfile& profile : KnownProfiles()) {
    if (profile.name == name) return profile;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown metric profile ", Quoted(name),
                   ": expected one of ", KnownNames(), "."));
}

absl::StatusOr<std::vector<MetricProfile>> ParseProfiles(
    const std::string& names) {
  std::vector<MetricProfile> profiles;
  std::vector<std::string> unknown;
  std::set<std::string> seen;
  for (const std::string& name :
       std::vector<std::string>(absl::StrSplit(names, ','))) {
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("metric profile ", Quoted(name), " is given twice in ",
                       Quoted(names), "; name it once."));
    }
    if (auto profile = FindProfile(name); profile.ok()) {
      profiles.push_back(*std::move(profile));
    } else {
      unknown.push_back(Quoted(name));
    }
  }
  if (unknown.empty()) return profiles;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown metric profile", unknown.size() > 1 ? "s " : " ",
                   absl::StrJoin(unknown, ", "), " in ", Quoted(names),
                   ": expected names between commas, without spaces, out of ",
                   KnownNames(), "."));
}

}  // namespace bild
