// The names of metric profiles, "default,grid-bild".

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "bild/metrics/profile.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckNames(const std::string& names) {
  const absl::StatusOr<std::vector<MetricProfile>> profiles =
      ParseProfiles(names);
  if (!profiles.ok()) {
    FUZZ_REQUIRE(absl::IsInvalidArgument(profiles.status()));
    FUZZ_REQUIRE(!profiles.status().message().empty());
    return;
  }
  std::vector<std::string> read;
  for (const MetricProfile& profile : *profiles) read.push_back(profile.name);
  FUZZ_REQUIRE(names == "all" || absl::StrJoin(read, ",") == names);
  FUZZ_REQUIRE(names != "all" || read.size() == KnownProfiles().size());
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bild::CheckNames(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
