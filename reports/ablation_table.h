// A sweep as tables: for readers and for scripts.

#ifndef REPORTS_ABLATION_TABLE_H_
#define REPORTS_ABLATION_TABLE_H_

#include <string>
#include <vector>

#include "reports/ablation_plan.h"
#include "reports/ablation_rows.h"

namespace bild {

// Markdown: a line per row with the knobs, the method, mean and deviation over
// the seeds of every quantity of the plan, and the contrasts with their 95 %
// intervals. Columns without a value are left out.
std::string AblationTable(const AblationPlan& plan, const AblationRows& rows);

// Markdown: the quantities of plan.seed_by_seed, a line per (row, seed); ""
// where the plan has none.
std::string SeedBySeedTable(const AblationPlan& plan, const AblationRows& rows);

// report.csv: the same as AblationTable at full precision, of contrasts in PSNR
// also interval, p values and word over images, and per row the number of seeds
// and how it was measured, the verdict and its reasons among that.
std::string AblationCsv(const AblationPlan& plan, const AblationRows& rows);

// seeds.csv: every quantity of every row and seed, in the long form
// variant,<knobs>,method,seed,quantity,value.
std::string AblationSeedsCsv(const AblationPlan& plan,
                             const AblationRows& rows);

}  // namespace bild

#endif  // REPORTS_ABLATION_TABLE_H_
