#include "reports/aggregate.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bild/base/status.h"
#include "reports/method_order.h"

namespace bild {
namespace {

using Key = std::vector<std::string>;

// Which images, seen how: all that a result of "input" depends on.
Key TestKey(const Record& r) {
  return {r.dataset,
          r.profile,
          r.evaluation_resolution,
          r.decoder_probe,
          r.test_list_sha256,
          absl::StrCat(r.n),
          absl::StrCat(r.n_clear)};
}

Key TableKey(const Record& r) {
  Key key = TestKey(r);
  const Key rest = {r.backbone,
                    r.checkpoint,
                    r.tiling,
                    r.train_dataset,
                    r.train_list_sha256,
                    r.validation_list_sha256,
                    r.split,
                    absl::StrCat(r.n_train),
                    absl::StrCat(r.n_validation),
                    absl::StrCat(r.parameters),
                    r.published ? "published" : "quick",
                    r.run_profile,
                    absl::StrCat(r.steps),
                    absl::StrCat(r.batch),
                    absl::StrCat(r.crop_px),
                    r.loss};
  key.insert(key.end(), rest.begin(), rest.end());
  return key;
}

bool IsInput(const Record& record) { return record.method == "input"; }

std::string Describe(const Record& r) {
  return absl::StrCat(
      r.method, r.seed.has_value() ? absl::StrCat(", seed ", *r.seed) : "",
      r.checkpoint.empty() ? "" : absl::StrCat(", ", r.checkpoint),
      ", profile ", r.profile, ", on ", r.dataset);
}

void AddToTable(const Record& record, ResultTable* table) {
  for (MethodRow& row : table->rows) {
    if (row.method == record.method) {
      row.records.push_back(record);
      return;
    }
  }
  table->rows.push_back(MethodRow{record.method, {record}});
}

void SortTable(ResultTable* table) {
  std::sort(table->rows.begin(), table->rows.end(),
            [](const MethodRow& a, const MethodRow& b) {
              return MethodComesBefore(a.method, b.method);
            });
  for (MethodRow& row : table->rows) {
    std::sort(row.records.begin(), row.records.end(),
              [](const Record& a, const Record& b) { return a.seed < b.seed; });
  }
}

bool TableComesBefore(const ResultTable& a, const ResultTable& b) {
  const Record& first = a.Head();
  const Record& second = b.Head();
  const auto names = [](const Record& r) {
    return std::tie(r.dataset, r.backbone);
  };
  if (names(first) != names(second)) return names(first) < names(second);
  if (first.profile != second.profile) {
    return ProfileComesBefore(first.profile, second.profile);
  }
  if (first.checkpoint != second.checkpoint) {
    return CheckpointComesBefore(first.checkpoint, second.checkpoint);
  }
  return TableKey(first) < TableKey(second);
}

absl::Status CheckNoneTwice(const std::vector<Record>& records) {
  std::map<Key, size_t> first_line;
  std::vector<std::string> problems;
  for (size_t i = 0; i < records.size(); ++i) {
    Key key = IsInput(records[i]) ? TestKey(records[i]) : TableKey(records[i]);
    key.push_back(records[i].method);
    key.push_back(records[i].seed.has_value() ? absl::StrCat(*records[i].seed)
                                              : "");
    const auto [first, is_new] = first_line.emplace(std::move(key), i + 1);
    if (!is_new) {
      problems.push_back(absl::StrCat("lines ", first->second, " and ", i + 1,
                                      ": ", Describe(records[i])));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      "These results are there twice, and a mean must count each once:",
      problems, "Delete one line of each pair from records.jsonl."));
}

}  // namespace

const MethodRow* ResultTable::Find(const std::string& method) const {
  for (const MethodRow& row : rows) {
    if (row.method == method) return &row;
  }
  return nullptr;
}

absl::StatusOr<std::vector<ResultTable>> GroupIntoTables(
    const std::vector<Record>& records) {
  BILD_RETURN_IF_ERROR(CheckNoneTwice(records));
  std::map<Key, ResultTable> tables;
  for (const Record& record : records) {
    if (!IsInput(record)) AddToTable(record, &tables[TableKey(record)]);
  }
  for (const Record& record : records) {
    if (!IsInput(record)) continue;
    bool has_table = false;
    for (auto& [key, table] : tables) {
      // The first record of a table tells its images, input or not.
      if (TestKey(table.rows.front().records.front()) == TestKey(record)) {
        AddToTable(record, &table);
        has_table = true;
      }
    }
    if (!has_table) AddToTable(record, &tables[TableKey(record)]);
  }
  std::vector<ResultTable> sorted;
  for (auto& [key, table] : tables) {
    SortTable(&table);
    sorted.push_back(std::move(table));
  }
  std::sort(sorted.begin(), sorted.end(), TableComesBefore);
  return sorted;
}

std::vector<double> ValuesOf(
    const MethodRow& row,
    const std::function<std::optional<double>(const Record&)>& field) {
  std::vector<double> values;
  for (const Record& record : row.records) {
    if (const std::optional<double> value = field(record); value.has_value()) {
      values.push_back(*value);
    }
  }
  return values;
}

std::vector<double> PsnrValues(const MethodRow& row) {
  return ValuesOf(row, [](const Record& r) { return r.psnr_db; });
}

std::vector<double> SsimValues(const MethodRow& row) {
  return ValuesOf(row, [](const Record& r) { return r.ssim; });
}

std::vector<double> ColourDifferenceValues(const MethodRow& row) {
  return ValuesOf(row, [](const Record& r) { return r.ciede2000; });
}

SeedSummary SummaryOf(const MethodRow& row,
                      std::optional<double> Record::*field) {
  return Summarise(
      ValuesOf(row, [field](const Record& r) { return r.*field; }));
}

std::vector<std::string> InvalidReasonsOf(const std::vector<Record>& records) {
  std::vector<std::string> reasons;
  for (const Record& record : records) {
    for (const std::string& reason : std::vector<std::string>(absl::StrSplit(
             record.invalid_reasons, "; ", absl::SkipWhitespace()))) {
      if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
        reasons.push_back(reason);
      }
    }
  }
  return reasons;
}

std::string VerdictOf(const MethodRow& row) {
  const auto valid =
      std::count_if(row.records.begin(), row.records.end(),
                    [](const Record& r) { return r.verdict == "VALID"; });
  const auto all = static_cast<std::ptrdiff_t>(row.records.size());
  if (valid == all) return "VALID";
  return valid == 0 ? "INVALID" : absl::StrCat(valid, " of ", all, " VALID");
}

std::optional<PairedDifference> PsnrDifferenceToPlain(const ResultTable& table,
                                                      const MethodRow& row) {
  const MethodRow* plain = table.Find("plain");
  if (plain == nullptr || row.method == "plain" || !row.HasSeeds() ||
      !plain->HasSeeds()) {
    return std::nullopt;
  }
  const auto by_seed = [](const MethodRow& of) {
    std::map<int64_t, double> values;
    for (const Record& record : of.records) {
      if (record.seed.has_value()) values[*record.seed] = record.psnr_db;
    }
    return values;
  };
  return PairBySeed(by_seed(row), by_seed(*plain));
}

std::vector<std::string> DistinctValues(
    const std::vector<Record>& records,
    const std::function<std::string(const Record&)>& field) {
  std::vector<std::string> values;
  for (const Record& record : records) {
    const std::string value = field(record);
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
    }
  }
  return values;
}

}  // namespace bild
