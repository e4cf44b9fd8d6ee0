// The report of a sweep, from the results of its runs alone.

#ifndef REPORTS_ABLATION_REPORT_H_
#define REPORTS_ABLATION_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "reports/ablation_plan.h"

namespace bild {

// Reads the runs in folder/variants/ and writes report.csv, seeds.csv,
// figures/ and, last, report.md. Every file is written whole or not at all; the
// same input gives the same bytes. Errors name the file; nothing is written
// unless all input could be read.
absl::Status WriteAblationReport(const AblationPlan& plan,
                                 const std::string& folder);

}  // namespace bild

#endif  // REPORTS_ABLATION_REPORT_H_
