// Methods against a baseline, for a reader: both intervals, both p values, the
// word.

#ifndef REPORTS_COMPARISON_TABLE_H_
#define REPORTS_COMPARISON_TABLE_H_

#include <string>
#include <vector>

#include "reports/comparison.h"

namespace bild {

// Markdown; "" where no method has its images' rows. All are of one metric.
std::string ComparisonTable(const std::vector<Comparison>& comparisons,
                            const std::string& baseline);

// What its columns mean, for all tables of a report; "" where none was shown.
std::string ReadingTheComparisons(
    const std::vector<std::vector<Comparison>>& comparisons);

}  // namespace bild

#endif  // REPORTS_COMPARISON_TABLE_H_
