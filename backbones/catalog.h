// Every backbone by name. For programs and tests; the method never sees this.

#ifndef BACKBONES_CATALOG_H_
#define BACKBONES_CATALOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "c10/core/TensorOptions.h"

namespace bild {

struct BackboneInfo {
  std::string name;         // "ffa"
  std::string description;  // One line.
  std::string paper;        // Title and venue.
  std::string options;      // "dim, blocks", for messages.
};

const std::vector<BackboneInfo>& BackboneCatalog();

// Builds the net that `spec` names: "aodnet", "ffa[dim=16,blocks=2]". With
// ddu=S, any net works on a small picture of S px by S px, and a bilateral grid
// brings its result up (backbones/ddu.h): "aodnet[ddu=320]". The net's
// parameters are zeros of the given floating dtype and device. InvalidArgument
// for an unknown name (lists the known ones), an unknown option (lists the
// net's), a value out of range, or a malformed text.
absl::StatusOr<std::unique_ptr<Backbone>> MakeBackbone(
    const std::string& spec, const at::TensorOptions& options);

}  // namespace bild

#endif  // BACKBONES_CATALOG_H_
