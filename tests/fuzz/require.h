// What a harness demands of the code under it. A broken demand is a finding,
// like a crash: the fuzzer keeps the input.

#ifndef TESTS_FUZZ_REQUIRE_H_
#define TESTS_FUZZ_REQUIRE_H_

#include <cstdio>
#include <cstdlib>

// Aborts, with the place and the condition, unless `condition` holds.
#define FUZZ_REQUIRE(condition)                                       \
  do {                                                                \
    if (!(condition)) {                                               \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, \
                   #condition);                                       \
      std::abort();                                                   \
    }                                                                 \
  } while (false)

#endif  // TESTS_FUZZ_REQUIRE_H_
