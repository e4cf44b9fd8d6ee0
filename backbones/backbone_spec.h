// A net and its options as one text: "ffa[dim=16,blocks=2]". Knows texts and
// numbers, no net and no tensor.

#ifndef BACKBONES_BACKBONE_SPEC_H_
#define BACKBONES_BACKBONE_SPEC_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// Option -> value, both as written and neither empty.
using BackboneOptions = std::map<std::string, std::string>;

// What stands before the first '[' of a spec, well-formed or not.
std::string BackboneNameOf(const std::string& spec);

// The options of NAME or NAME[option=value,...]. InvalidArgument for any other
// form and for an option that is given twice. The messages here and below are
// fragments ("option 'dim' is given twice"), without the spec.
absl::StatusOr<BackboneOptions> ParseBackboneOptions(const std::string& spec);

// Where the option is there, takes it out of `options` and puts its value into
// `value`, which keeps its default otherwise. InvalidArgument for anything but
// an integer from `least` to 4096 that `multiple_of` divides.
absl::Status TakeInteger(BackboneOptions& options, const std::string& name,
                         int64_t least, int64_t multiple_of, int64_t* value);

// The same for an option that is one of a few words.
absl::Status TakeWord(BackboneOptions& options, const std::string& name,
                      const std::vector<std::string>& known,
                      std::string* value);

// InvalidArgument, with the name of one, where options are left: nobody took
// them, so the net has none of that name.
absl::Status NothingLeft(const BackboneOptions& options);

}  // namespace bild

#endif  // BACKBONES_BACKBONE_SPEC_H_
