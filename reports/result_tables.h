// The tables and sentences of a report: the methods beside each other, each
// seed by itself, and by how much a method differs from plain.

#ifndef REPORTS_RESULT_TABLES_H_
#define REPORTS_RESULT_TABLES_H_

#include <string>
#include <vector>

#include "reports/aggregate.h"

namespace bild {

// One row per method: quality over the seeds, difference to plain, what the
// weights did, what a step cost, the verdict. Markdown, with the footnotes of
// images that equal the clear image.
std::string MethodTable(const ResultTable& table);

// One sentence per method other than plain and input: the difference to plain,
// with interval, and whether it is beyond the seeds' spread. Markdown.
std::string DifferenceSentences(const ResultTable& table);

// One row per method and seed: quality.
std::string SeedTable(const ResultTable& table);

// One row per method and seed: what the weights did, and what it cost. These
// belong to the run, not to a checkpoint or metric profile, so every run of the
// records is there once.
std::string TrainingTable(const std::vector<Record>& records);

}  // namespace bild

#endif  // REPORTS_RESULT_TABLES_H_
