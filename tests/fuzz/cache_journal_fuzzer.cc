// The journal of a packing that was killed: the rows that it goes on from.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "datasets/cache_journal.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckText(const std::string& text, const std::string& plan_sha256,
               int64_t images) {
  const std::vector<CacheJournalRow> rows =
      ParseCacheJournal(text, plan_sha256, images);
  FUZZ_REQUIRE(static_cast<int64_t>(rows.size()) <= images);
  std::set<int64_t> numbers;
  for (const CacheJournalRow& row : rows) {
    FUZZ_REQUIRE(row.number >= 0 && row.number < images);
    FUZZ_REQUIRE(numbers.insert(row.number).second);
  }
  if (rows.empty()) return;
  // Nothing was taken but lines that the writer writes, from the first on.
  const std::string written =
      CacheJournalHead(plan_sha256) + CacheJournalText(rows);
  FUZZ_REQUIRE(text.compare(0, written.size(), written) == 0);
  // A line that was cut off is no row, and takes none before it along.
  const std::string cut = written.substr(0, written.size() - 1);
  FUZZ_REQUIRE(ParseCacheJournal(cut, plan_sha256, images).size() ==
               rows.size() - 1);
  FUZZ_REQUIRE(ParseCacheJournal(written, plan_sha256, 0).empty());
  FUZZ_REQUIRE(ParseCacheJournal(text, plan_sha256 + "0", images).empty());
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string plan(64, 'a');
  bild::CheckText(text, plan, data[0]);
  // So that a few bytes reach the rows.
  bild::CheckText(bild::CacheJournalHead(plan) + text, plan, data[0]);
  return 0;
}
