// The benchmark programs on data so small that a whole run takes a second or
// two: for tests of what they do from end to end.

#ifndef TESTS_BENCHMARKS_TINY_RUN_H_
#define TESTS_BENCHMARKS_TINY_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/testing/program_runner.h"
#include "tests/testing/temporary_folder.h"

namespace bild {

// A user's home for one test program: caches and folders are below it, so the
// synthetic set is made once.
const TemporaryFolder& TinyHome();

// //benchmarks:its_aodnet with the profile ci, made smaller yet: 6 steps of
// plain and bild with seed 1 on synthetic pictures of 48x48 px. `arguments`
// come after these flags. It starts in `TinyHome()`.
ProgramCall TinyRun(const std::vector<std::string>& arguments);

// //benchmarks:evaluate with `arguments` alone.
ProgramCall TinyEvaluation(const std::vector<std::string>& arguments);

// `scenes` scenes with one hazy picture each below root/hazy and root/clear, as
// --dataset=pair reads them. Ids are s10, s11, ... Another `salt`, other
// pictures.
void WritePairs(const std::string& root, int scenes, int64_t side_px,
                int64_t salt);

// The lines of root/records.jsonl without the fields in which two identical
// runs may differ. Fails the test where they cannot be read.
std::vector<std::string> RecordsWithoutTimes(const std::string& root);

// A whole file; its error message where it cannot be read.
std::string Content(const std::string& path);

bool Exists(const std::string& path);

// Every file and folder below `root` by its path from there, sorted.
std::vector<std::string> Tree(const std::string& root);

}  // namespace bild

#endif  // TESTS_BENCHMARKS_TINY_RUN_H_
