#include "benchmarks/recipe_settings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backbones/catalog.h"
#include "bild/base/status.h"
#include "datasets/catalog.h"

namespace bild {
namespace {

constexpr char kFolder[] = "benchmarks/recipes/";

// The net whose recipe is taken. Of an unknown one, its name is what will be
// complained about.
std::string RecipeNet(const RecipeTarget& target,
                      const std::vector<FlagSetting>& given) {
  if (target.ablation.empty()) return target.backbone;
  const std::string net = LastValue(given, "backbone", target.backbone);
  const std::string name = net.substr(0, net.find('['));
  const auto& catalog = BackboneCatalog();
  const bool is_known =
      std::any_of(catalog.begin(), catalog.end(),
                  [&name](const BackboneInfo& i) { return i.name == name; });
  return is_known ? name : target.backbone;
}

}  // namespace

absl::StatusOr<RecipeSettings> SettingsWithRecipes(
    const RecipeTarget& target, const std::vector<std::string>& arguments) {
  BILD_ASSIGN_OR_RETURN(std::vector<FlagSetting> given,
                        ReadSettings(arguments));
  const std::string net = RecipeNet(target, given);
  if (!target.ablation.empty()) {
    given.erase(std::remove_if(given.begin(), given.end(),
                               [&net](const FlagSetting& setting) {
                                 return setting.name == "backbone" &&
                                        setting.value == net;
                               }),
                given.end());
  }
  const std::string profile = LastValue(given, "profile", "quick");
  const bool is_paper = profile == "paper";
  const std::string kind = is_paper ? "published_" : "quick_";
  // Of an unknown set, its name is what will be complained about.
  const auto sets =
      FindBenchmarkSets(LastValue(given, "dataset", target.dataset));
  const bool has_synthetic = sets.ok() && !sets->synthetic_like.empty();
  std::vector<std::string> files = {
      absl::StrCat("synthetic_", has_synthetic ? sets->name : target.dataset),
      absl::StrCat(kind, net)};
  if (sets.ok() && sets->uses_ddu) files.push_back(kind + "ddu");
  if (!target.ablation.empty()) {
    if (!is_paper) files.emplace_back("quick_ablation");
    files.push_back(target.ablation);
  }
  if (profile == "ci") {
    files.emplace_back("profile_ci");
    if (sets.ok() && sets->uses_ddu) files.emplace_back("profile_ci_ddu");
  }
  std::vector<std::string> all;
  for (const std::string& file : files) {
    BILD_ASSIGN_OR_RETURN(
        const std::string path,
        FindRunfile(target.program, absl::StrCat(kFolder, file, ".flags")));
    all.push_back(absl::StrCat("--flagfile=", path));
  }
  RecipeSettings settings;
  BILD_ASSIGN_OR_RETURN(settings.recipe, ReadSettings(all));
  settings.all = settings.recipe;
  settings.all.insert(settings.all.end(), given.begin(), given.end());
  return settings;
}

}  // namespace bild
