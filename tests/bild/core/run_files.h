// What a run left in its folder, read back for tests.

#ifndef TESTS_BILD_CORE_RUN_FILES_H_
#define TESTS_BILD_CORE_RUN_FILES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"

namespace bild {

// Content by name of every file directly in `folder`.
std::map<std::string, std::string> FilesIn(const std::string& folder);

// The names of files that are in one folder alone or differ, a line each with
// which it is; empty where both hold the same bytes.
std::string DifferencesOfFiles(const std::string& folder,
                               const std::map<std::string, std::string>& want);

// The values of one curve in the folder's journal, by step.
std::map<int64_t, double> CurveIn(const std::string& folder,
                                  const std::string& name);

// Whether the message of `status` holds `part`.
bool Says(const absl::Status& status, const std::string& part);

}  // namespace bild

#endif  // TESTS_BILD_CORE_RUN_FILES_H_
