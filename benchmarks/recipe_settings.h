// Which recipes of benchmarks/recipes/ a program starts from, and what comes of
// them with the command line.

#ifndef BENCHMARKS_RECIPE_SETTINGS_H_
#define BENCHMARKS_RECIPE_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bild/base/command_line.h"

namespace bild {

// What the target is called after.
struct RecipeTarget {
  std::string program;   // argv[0].
  std::string dataset;   // Its own; --dataset replaces it.
  std::string backbone;  // Its own.
  std::string ablation;  // Empty for a target that trains one configuration.
};

struct RecipeSettings {
  std::vector<FlagSetting> recipe;  // The recipes alone.
  std::vector<FlagSetting> all;     // With the command line, which wins.
};

// The flag files in this order: the dataset's synthetic set, the net's recipe
// (published with --profile=paper, quick otherwise), the DDU's where the set
// uses it, the ablation's own, the profile's and what it has for the DDU. An
// ablation takes any net: --backbone names it, and a name without brackets is
// the net as its recipe has it.
absl::StatusOr<RecipeSettings> SettingsWithRecipes(
    const RecipeTarget& target, const std::vector<std::string>& arguments);

}  // namespace bild

#endif  // BENCHMARKS_RECIPE_SETTINGS_H_
