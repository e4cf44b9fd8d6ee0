#include "bild/metrics/profile.h"

#include <limits>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace bild {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

double PeakOf(ComparedIn values) {
  return values == ComparedIn::kReal ? 1.0 : 255.0;
}

const std::vector<MetricProfile>& KnownProfiles() {
  static const auto& profiles = *[] {
    const auto named = [](const char* name, const char* use) {
      MetricProfile profile;
      profile.name = name;
      profile.use = use;
      profile.psnr_db_of_identical = kInfinity;
      profile.psnr_db_cap = kInfinity;
      return profile;
    };
    auto* list = new std::vector<MetricProfile>;
    MetricProfile profile =
        named("default", "everything that is reported and gated on");
    profile.psnr_db_of_identical = 100.0;
    profile.psnr_db_cap = 100.0;
    profile.reports_ciede2000 = true;
    list->push_back(profile);

    profile = named("ffa", "beside FFA-Net, MSBDN and who took their script");
    profile.psnr_db_of_identical = 100.0;
    profile.border = SsimBorder::kZero;
    list->push_back(profile);

    profile = named("grid-bild", "beside the tables of GridDehazeNet and BILD");
    profile.clamps_to_unit = false;
    profile.window = SsimWindow::kUniform7;
    profile.uses_sample_covariance = true;
    list->push_back(profile);

    profile = named("dehazeformer", "beside DehazeFormer and gUNet");
    profile.shrinks_for_ssim = true;
    list->push_back(profile);

    profile = named("basicsr-rgb", "what a saved PNG scores; beside BasicSR");
    profile.values = ComparedIn::kBytes;
    list->push_back(profile);

    profile = named("basicsr-y", "beside papers that score luminance");
    profile.values = ComparedIn::kLuma;
    list->push_back(profile);

    profile = named("matlab-gray", "beside grey pictures scored in MATLAB");
    profile.values = ComparedIn::kGrey;
    profile.border = SsimBorder::kReplicate;
    list->push_back(profile);
    return list;
  }();
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
  if (names == "all") return KnownProfiles();
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
                   KnownNames(), "; or all."));
}

}  // namespace bild
