// Prints the tensors of a net: one line per tensor with its kind, name and
// shape, tab-separated, in the order of the published weights. Every option of
// the catalogue works, so whoever needs names and shapes (convert_weights) asks
// here and keeps no list.
//
//   bazel run //backbones:tensor_table -- --backbone=ffa[blocks=20]

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/catalog.h"
#include "bild/base/program_start.h"
#include "bild/base/torch_boundary.h"

ABSL_FLAG(std::string, backbone, "", "the net, as in aodnet or ffa[blocks=20]");

namespace bild {
namespace {

std::string Table(const Backbone& backbone) {
  std::set<std::string> buffers;
  for (const auto& buffer : backbone.layers().buffers().list()) {
    buffers.insert(buffer->name);
  }
  std::string text = absl::StrCat("# backbone=", backbone.name(), "\n");
  for (const Parameter* tensor : backbone.layers().state()) {
    absl::StrAppend(
        &text, buffers.count(tensor->name) > 0 ? "buffer\t" : "parameter\t",
        tensor->name, "\t", absl::StrJoin(tensor->shape, "x"), "\n");
  }
  return text;
}

int Main(int argc, char** argv) {
  if (const auto code =
          StartProgram(argc, argv,
                       "Prints kind, name and shape of every tensor of a net.\n"
                       "bazel run //backbones:tensor_table -- --backbone=NET"))
    return *code;
  const auto table =
      CatchTorchErrors("building the net", []() -> absl::StatusOr<std::string> {
        auto backbone = MakeBackbone(absl::GetFlag(FLAGS_backbone),
                                     at::TensorOptions().dtype(at::kFloat));
        if (!backbone.ok()) return backbone.status();
        return Table(**backbone);
      });
  if (!table.ok()) {
    std::fprintf(stderr, "%s\n", std::string(table.status().message()).c_str());
    return kUsage;
  }
  std::printf("%s", table->c_str());
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
