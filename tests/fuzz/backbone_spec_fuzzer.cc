// The text that names a net and its options, "ffa[dim=16,blocks=2]".

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/backbone_spec.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckRefusal(const absl::Status& status) {
  FUZZ_REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  FUZZ_REQUIRE(!status.message().empty());
}

// The options out of their map, in the form that is read.
std::string Formatted(const std::string& name, const BackboneOptions& options) {
  if (options.empty()) return name;
  return absl::StrCat(
      name, "[", absl::StrJoin(options, ",", absl::PairFormatter("=")), "]");
}

void CheckInteger(const BackboneOptions& written, const std::string& name,
                  int64_t least, int64_t multiple_of) {
  constexpr int64_t kDefault = -7;
  BackboneOptions options = written;
  int64_t value = kDefault;
  const absl::Status status =
      TakeInteger(options, name, least, multiple_of, &value);
  if (written.count(name) == 0 || !status.ok()) {
    FUZZ_REQUIRE(value == kDefault);
    FUZZ_REQUIRE(options == written);
    if (!status.ok()) CheckRefusal(status);
    return;
  }
  FUZZ_REQUIRE(options.count(name) == 0);
  FUZZ_REQUIRE(options.size() + 1 == written.size());
  FUZZ_REQUIRE(value >= least && value <= 4096 && value % multiple_of == 0);
  // The number as we write it is the same number.
  BackboneOptions canonical = {{name, absl::StrCat(value)}};
  int64_t again = kDefault;
  FUZZ_REQUIRE(TakeInteger(canonical, name, least, multiple_of, &again).ok());
  FUZZ_REQUIRE(again == value);
}

void CheckWord(const BackboneOptions& written, const std::string& name) {
  BackboneOptions options = written;
  std::string value = "default";
  const absl::Status status =
      TakeWord(options, name, {"published", "gunet"}, &value);
  if (!status.ok()) {
    CheckRefusal(status);
    FUZZ_REQUIRE(options == written && value == "default");
  } else if (written.count(name) == 1) {
    FUZZ_REQUIRE(value == "published" || value == "gunet");
    FUZZ_REQUIRE(options.count(name) == 0);
  }
}

void CheckSpec(const std::string& spec) {
  const std::string name = BackboneNameOf(spec);
  FUZZ_REQUIRE(spec.compare(0, name.size(), name) == 0);
  FUZZ_REQUIRE(name.find('[') == std::string::npos);
  const absl::StatusOr<BackboneOptions> options = ParseBackboneOptions(spec);
  if (!options.ok()) return CheckRefusal(options.status());
  for (const auto& [option, value] : *options) {
    FUZZ_REQUIRE(!option.empty() && !value.empty());
    FUZZ_REQUIRE(option.find_first_of(",=") == std::string::npos);
    FUZZ_REQUIRE(value.find(',') == std::string::npos);
  }
  const std::string formatted = Formatted(name, *options);
  FUZZ_REQUIRE(formatted.size() == spec.size());
  FUZZ_REQUIRE(BackboneNameOf(formatted) == name);
  const absl::StatusOr<BackboneOptions> again = ParseBackboneOptions(formatted);
  FUZZ_REQUIRE(again.ok() && *again == *options);
  FUZZ_REQUIRE(NothingLeft(*options).ok() == options->empty());
  CheckInteger(*options, "dim", /*least=*/16, /*multiple_of=*/16);
  CheckInteger(*options, "blocks", /*least=*/1, /*multiple_of=*/1);
  CheckInteger(*options, "ddu", /*least=*/2, /*multiple_of=*/1);
  CheckWord(*options, "variant");
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bild::CheckSpec(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
