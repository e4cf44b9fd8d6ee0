// The rows of a sweep against a baseline, over seeds and over test images, and
// the words that this allows. Who looks at m settings tests m times: all of
// them are one family.

#ifndef REPORTS_ABLATION_COMPARISON_H_
#define REPORTS_ABLATION_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "reports/ablation_plan.h"
#include "reports/ablation_rows.h"
#include "reports/comparison.h"

namespace bild {

// Of a contrast in psnr_db: an entry per row, under the row's label, judged
// together; empty for the baseline and where there is none.
std::vector<std::optional<Comparison>> CompareRows(
    const AblationPlan& plan, const AblationRows& rows,
    const AblationContrast& contrast);

// Markdown: a table for each contrast of the plan in psnr_db, and what their
// columns mean; "" where no run has its images' rows.
std::string AblationComparisons(const AblationPlan& plan,
                                const AblationRows& rows);

}  // namespace bild

#endif  // REPORTS_ABLATION_COMPARISON_H_
