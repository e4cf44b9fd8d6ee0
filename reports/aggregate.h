// Records sorted into tables: only what may be compared stands together.

#ifndef REPORTS_AGGREGATE_H_
#define REPORTS_AGGREGATE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reports/record.h"
#include "reports/statistics.h"

namespace bild {

// One method of a table: a record per seed, ascending. "input" and given
// weights have one record without a seed.
struct MethodRow {
  std::string method;
  std::vector<Record> records;

  bool HasSeeds() const { return records.front().seed.has_value(); }
};

// Records that were measured in the same way on the same images, with nets that
// were trained on the same list with the same effort: dataset, lists, metric
// profile, resolution, tiling, decoder, backbone, checkpoint, recipe, steps,
// batch, crop and loss are equal. The methods are its rows.
struct ResultTable {
  std::vector<MethodRow> rows;  // Never empty; in the methods' usual order.

  // What the table is about: a record of a trained method if there is one.
  const Record& Head() const { return rows.back().records.front(); }
  const MethodRow* Find(const std::string& method) const;
};

// All tables, ordered by dataset, backbone, profile and checkpoint. Results of
// "input" depend on no training: they stand in every table of the same images
// and profile. InvalidArgument lists results that are there twice, by the line
// of records.jsonl (record i stands on line i + 1).
absl::StatusOr<std::vector<ResultTable>> GroupIntoTables(
    const std::vector<Record>& records);

// The values of a field over the seeds; empty ones are left out.
std::vector<double> ValuesOf(
    const MethodRow& row,
    const std::function<std::optional<double>(const Record&)>& field);

// The same for the measured fields, and summarised for those of the training.
std::vector<double> PsnrValues(const MethodRow& row);
std::vector<double> SsimValues(const MethodRow& row);
std::vector<double> ColourDifferenceValues(const MethodRow& row);
SeedSummary SummaryOf(const MethodRow& row,
                      std::optional<double> Record::*field);

// The different reasons of all records, in order of first appearance.
std::vector<std::string> InvalidReasonsOf(const std::vector<Record>& records);

// "VALID", "INVALID", or "2 of 3 VALID" where the seeds differ.
std::string VerdictOf(const MethodRow& row);

// PSNR of `row` minus PSNR of the table's "plain", by seed; nothing where
// there is no plain, for plain itself and where either has no seeds.
std::optional<PairedDifference> PsnrDifferenceToPlain(const ResultTable& table,
                                                      const MethodRow& row);

// Different values of a field among records, in order of first appearance.
std::vector<std::string> DistinctValues(
    const std::vector<Record>& records,
    const std::function<std::string(const Record&)>& field);

}  // namespace bild

#endif  // REPORTS_AGGREGATE_H_
