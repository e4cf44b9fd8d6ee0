// The report of a results folder, from its records, curves and images alone.

#ifndef REPORTS_REPORT_H_
#define REPORTS_REPORT_H_

#include <string>

#include "absl/status/status.h"

namespace bild {

// Reads records.jsonl and, where they are, curves.csv and per_image.csv in
// `results_dir`; writes report.md, report.csv and
// figures/{convergence,weight_gain}.{csv,gp, svg} there. Every file is written
// whole or not at all; the same input gives the same bytes. A figure whose
// curve was never logged is left out. Errors name the file, and the line where
// there is one; nothing is written unless all input could be read.
absl::Status WriteReport(const std::string& results_dir);

}  // namespace bild

#endif  // REPORTS_REPORT_H_
