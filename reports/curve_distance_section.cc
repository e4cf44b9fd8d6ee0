#include "reports/curve_distance_section.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "reports/curve_distance.h"
#include "reports/markdown.h"

namespace bild {
namespace {

double ShareOf(double part, double whole) {
  return part == 0 ? 0 : part / whole;
}

std::string Scientific(double value) {
  return value == 0 ? "0" : fmt::format("{:.1e}", value);
}

// As a share of a curve's largest value: closer than what a reader could see in
// its figure.
constexpr double kTogether = 0.01;

// A step for each seed, in their order: "40, 0, 300".
std::string StepsBySeed(const std::map<int64_t, int64_t>& until) {
  std::vector<int64_t> steps;
  for (const auto& entry : until) steps.push_back(entry.second);
  return absl::StrJoin(steps, ", ");
}

// For how long every variant's curves are those that they must coincide with,
// seed by seed.
std::string TogetherTable(const AblationPlan& plan, const AblationRows& rows,
                          const std::vector<std::string>& names, int64_t last) {
  std::vector<std::string> header = {"Variant"};
  header.insert(header.end(), names.begin(), names.end());
  header.emplace_back("All of them");
  MarkdownTable table(header, 1);
  const auto& reference = rows.curves.at(plan.same_curves_as);
  for (const AblationVariant& variant : plan.variants) {
    if (variant.name == plan.same_curves_as) continue;
    std::vector<std::string> cells = {Code(variant.name)};
    std::map<int64_t, int64_t> all;
    for (const std::string& name : names) {
      const auto until = TogetherUntil(reference, rows.curves.at(variant.name),
                                       name, kTogether);
      cells.push_back(StepsBySeed(until));
      for (const auto& [seed, step] : until) {
        const auto place = all.emplace(seed, step).first;
        place->second = std::min(place->second, step);
      }
    }
    cells.push_back(StepsBySeed(all));
    table.AddRow(std::move(cells));
  }
  return absl::StrCat(
      "**Together until step**: the last logged step up to which a curve stays "
      "within ",
      100 * kTogether,
      " % of its largest value, a number per seed in their order. 0: apart at "
      "its first point already; ",
      last, ": together to the end.\n\n", table.ToText(), "\n");
}

}  // namespace

std::string CurveDistanceSection(const AblationPlan& plan,
                                 const AblationRows& rows) {
  if (rows.curves.count(plan.same_curves_as) == 0) return "";
  const std::vector<std::string> names = {
      "training_loss",        "validation_objective", "weight_entropy",
      "gain_normalised_mean", "phi_gradient_norm",    "validation_psnr_db"};
  const auto& reference = rows.curves.at(plan.same_curves_as);
  int64_t last = 0;
  int64_t first = 0;
  for (const CurvePoint& point : reference) {
    last = std::max(last, point.step);
    if (point.name == "training_loss" && (first == 0 || point.step < first)) {
      first = point.step;
    }
  }
  std::string text = absl::StrCat(
      "## The curves against each other\n\nThe largest difference to ",
      Code(plan.same_curves_as),
      " over all seeds and logged steps, as a share of the curve's largest "
      "value; behind it, in the first logging window (up to step ",
      first,
      ") alone. Rounding differs between engines; over the steps it is "
      "amplified by the training itself, so the first window says more about "
      "an engine than the last.\n\n");
  std::vector<std::string> header = {"Variant"};
  header.insert(header.end(), names.begin(), names.end());
  MarkdownTable table(header, 1);
  std::string worst_variant;
  CurveDistance worst;
  for (const AblationVariant& variant : plan.variants) {
    if (variant.name == plan.same_curves_as) continue;
    std::vector<std::string> cells = {Code(variant.name)};
    const auto& curves = rows.curves.at(variant.name);
    const auto whole = CurveDistances(reference, curves, names, last);
    const auto early = CurveDistances(reference, curves, names, first);
    for (size_t i = 0; i < names.size(); ++i) {
      if (whole[i].points == 0) {
        cells.emplace_back("");
        continue;
      }
      cells.push_back(absl::StrCat(
          Scientific(whole[i].Relative()), " (",
          early[i].points == 0
              ? "n/a"
              : Scientific(ShareOf(early[i].largest, whole[i].magnitude)),
          ")"));
      if (whole[i].Relative() > worst.Relative()) {
        worst = whole[i];
        worst_variant = variant.name;
      }
    }
    table.AddRow(std::move(cells));
  }
  absl::StrAppend(&text, table.ToText(), "\n");
  const std::string together = TogetherTable(plan, rows, names, last);
  if (worst_variant.empty()) {
    return text + "No curve differs anywhere.\n\n" + together;
  }
  return absl::StrCat(text, "The largest of all: ", Code(worst.name), " of ",
                      Code(worst_variant), ", ", Scientific(worst.Relative()),
                      " of the curve's largest value (", worst.largest,
                      "), at step ", worst.step, " of seed ", worst.seed,
                      ".\n\n", together);
}

}  // namespace bild
