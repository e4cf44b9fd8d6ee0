// What the report of a sweep is about: the same run again and again with one
// thing changed. Words only; reports/ablation_rows.h has the numbers.

#ifndef REPORTS_ABLATION_PLAN_H_
#define REPORTS_ABLATION_PLAN_H_

#include <string>
#include <vector>

namespace bild {

// One run of the sweep, in the folder variants/<name> of the results.
struct AblationVariant {
  std::string name;
  // A value for each knob of the plan; "" where it does not matter to this run.
  std::vector<std::string> settings;
};

// A curve of the runs against the training step. There is one figure for every
// combination of the values of the knobs `by`; a run to which such a knob does
// not matter is in all of them.
struct AblationFigure {
  std::string file;   // Without ending; the values of `by` are appended.
  std::string curve;  // As curves.csv calls it.
  std::string title;
  std::string y_title;
  bool has_zero_line = false;
  std::vector<std::string> by;
};

// A quantity minus the same of the baseline, seed by seed. The baseline is the
// row of `method` in `variant`; with an empty `variant` that of the row's own
// variant or, where it has none, the only one there is.
struct AblationContrast {
  std::string quantity;  // Of reports/ablation_rows.h.
  std::string method;
  std::string variant;
};

struct AblationPlan {
  std::string target;              // "ablation_alpha".
  std::string question;            // What it asks, in a sentence or two.
  std::vector<std::string> knobs;  // Flags, the first columns of the table.
  std::vector<AblationVariant> variants;
  std::vector<std::string> quantities;  // The columns after them, in order.
  std::vector<AblationContrast> contrasts;
  std::vector<AblationFigure> figures;
  // Quantities whose values are also printed seed by seed.
  std::vector<std::string> seed_by_seed;
  // The variant whose curves the others' must coincide with; may be empty.
  std::string same_curves_as;
  // What was to be run and could not be, a sentence each.
  std::vector<std::string> left_out;
};

}  // namespace bild

#endif  // REPORTS_ABLATION_PLAN_H_
