// A packed cache against the files that it was packed from. Links no decoder.

#ifndef DATASETS_CACHE_SOURCES_H_
#define DATASETS_CACHE_SOURCES_H_

#include "absl/status/status.h"
#include "datasets/cache_index.h"

namespace bild {

// What differs between the index and its source files, all of it in one status:
// files that are gone or have another size or time, pictures that were added to
// the set since, names that are no set any more. Folders are listed; the files
// are read and hashed only if `hashes_them`. NotFound: the set's folder is not
// there.
//
// A clear picture that was added and that no hazy one asks for changes no pair
// and is no difference.
absl::Status CompareWithSources(const CacheIndex& index, bool hashes_them);

}  // namespace bild

#endif  // DATASETS_CACHE_SOURCES_H_
