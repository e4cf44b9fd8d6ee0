// Which pictures of a half-packed cache are on the disk already, so that a
// packing that was killed goes on.
//
//   # bild-cache-journal 1 <plan>
//   number<tab>source_sha256<tab>whole_pixels_sha256<tab>pixels_sha256
//
// Rows are appended after the pixels they speak of were synced. The last line
// may be cut off.

#ifndef DATASETS_CACHE_JOURNAL_H_
#define DATASETS_CACHE_JOURNAL_H_

#include <cstdint>
#include <string>
#include <vector>

namespace bild {

struct CacheJournalRow {
  int64_t number = 0;  // Of the image.
  std::string source_sha256;
  std::string whole_pixels_sha256;  // Before the border rule, for the manifest.
  std::string pixels_sha256;        // As stored.
};

std::string CacheJournalHead(const std::string& plan_sha256);
std::string CacheJournalText(const std::vector<CacheJournalRow>& rows);

// The rows up to the first line that is none. Empty for the journal of another
// plan and for anything else that is no journal: the packing starts anew. Any
// bytes may be given.
std::vector<CacheJournalRow> ParseCacheJournal(const std::string& text,
                                               const std::string& plan_sha256,
                                               int64_t images);

}  // namespace bild

#endif  // DATASETS_CACHE_JOURNAL_H_
