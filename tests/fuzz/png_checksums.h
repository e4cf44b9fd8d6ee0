// Lets a fuzzer past the checksums of PNG, which it cannot guess.

#ifndef TESTS_FUZZ_PNG_CHECKSUMS_H_
#define TESTS_FUZZ_PNG_CHECKSUMS_H_

#include <string>

namespace bild {

// `bytes` with the right checksum after every chunk that is whole. A file of
// another kind stays as it is.
std::string WithPngChecksums(std::string bytes);

}  // namespace bild

#endif  // TESTS_FUZZ_PNG_CHECKSUMS_H_
