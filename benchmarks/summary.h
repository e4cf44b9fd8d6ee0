// Records as lines of key=value, for the end of standard output.

#ifndef BENCHMARKS_SUMMARY_H_
#define BENCHMARKS_SUMMARY_H_

#include <string>
#include <vector>

#include "reports/record.h"

namespace bild {

// One line per (dataset, backbone, method, profile) in the order in which they
// first occur: n, the number of seeds, and the means over seeds at full
// precision. Of trained nets the checkpoint best@val.
std::string SummarizeRecords(const std::vector<Record>& records);

}  // namespace bild

#endif  // BENCHMARKS_SUMMARY_H_
