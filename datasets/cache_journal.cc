#include "datasets/cache_journal.h"

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "datasets/sha256_text.h"
#include "fmt/format.h"

namespace bild {

std::string CacheJournalHead(const std::string& plan_sha256) {
  return fmt::format("# bild-cache-journal 1 {}\n", plan_sha256);
}

std::string CacheJournalText(const std::vector<CacheJournalRow>& rows) {
  std::string text;
  for (const CacheJournalRow& row : rows) {
    text += fmt::format("{}\t{}\t{}\t{}\n", row.number, row.source_sha256,
                        row.whole_pixels_sha256, row.pixels_sha256);
  }
  return text;
}

std::vector<CacheJournalRow> ParseCacheJournal(const std::string& text,
                                               const std::string& plan_sha256,
                                               int64_t images) {
  std::vector<CacheJournalRow> rows;
  const std::string head = CacheJournalHead(plan_sha256);
  if (text.rfind(head, 0) != 0) return rows;
  std::set<int64_t> seen;
  size_t start = head.size();
  while (start < text.size()) {
    const size_t end = text.find('\n', start);
    if (end == std::string::npos) break;
    const std::vector<std::string> fields =
        absl::StrSplit(text.substr(start, end - start), '\t');
    CacheJournalRow row;
    // Only what CacheJournalText writes: these hashes go into an index.
    if (fields.size() != 4 || !absl::SimpleAtoi(fields[0], &row.number) ||
        fmt::format("{}", row.number) != fields[0] || row.number < 0 ||
        row.number >= images || !seen.insert(row.number).second ||
        !std::all_of(fields.begin() + 1, fields.end(), IsSha256)) {
      break;
    }
    row.source_sha256 = fields[1];
    row.whole_pixels_sha256 = fields[2];
    row.pixels_sha256 = fields[3];
    rows.push_back(row);
    start = end + 1;
  }
  return rows;
}

}  // namespace bild
