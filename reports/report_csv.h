// report.csv: the methods' means, for spreadsheets and scripts.

#ifndef REPORTS_REPORT_CSV_H_
#define REPORTS_REPORT_CSV_H_

#include <string>
#include <vector>

#include "reports/aggregate.h"
#include "reports/comparison.h"

namespace bild {

// One row per dataset, backbone, method, metric profile and checkpoint, at full
// precision; empty fields where something is undefined (the spread of one
// seed). Reasons and commits are those of all seeds; `n_identical` has a number
// for each of `seeds`. The half widths are those of 95 % intervals over the
// seeds; the bounds over images, the p values and the word are those of
// `comparisons`, which has one entry per table.
std::string ReportCsv(const std::vector<ResultTable>& tables,
                      const std::vector<TableComparisons>& comparisons);

}  // namespace bild

#endif  // REPORTS_REPORT_CSV_H_
