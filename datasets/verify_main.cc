// Checks a copy of a dataset: names, counts, headers, sizes, every pixel.
//
//   bazel run //datasets:verify -- --dataset=sots_indoor --data_root=DIR
//     [--deep] [--write_manifest=F] [--manifest=F] [--json]
//
// What is wrong goes to standard error, grouped; standard output ends with one
// line key=value. Exit code 0 where nothing is wrong, 1 where something is, 2
// for a wrong call.

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "bild/base/atomic_file.h"
#include "bild/base/command_line.h"
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "bild/base/progress.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/catalog.h"
#include "datasets/folder_draft.h"
#include "datasets/image_reader.h"
#include "datasets/layouts.h"
#include "datasets/manifest.h"
#include "datasets/problem_report.h"
#include "datasets/verification.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

ABSL_FLAG(std::string, dataset, "", "a dataset, as in sots_indoor or pair");
ABSL_FLAG(std::string, data_root, "",
          "the folder of all datasets, or the set's own");
ABSL_FLAG(bool, allow_partial, false,
          "take a named set with fewer files than its release");
ABSL_FLAG(bool, deep, false,
          "hashes, alignment and the release's PSNR values as well");
ABSL_FLAG(std::string, write_manifest, "",
          "file to write sizes and hashes to; only if nothing is wrong");
ABSL_FLAG(std::string, manifest, "", "manifest to compare with");
ABSL_FLAG(bool, json, false,
          "everything found as one line of JSON before the last line");
ABSL_FLAG(bool, expand_grey, false,
          "take grey and palette pictures, expanded to three channels");
ABSL_FLAG(bool, depth16, false,
          "take PNG with 16 bits a channel; --dataset=pair only");
ABSL_FLAG(bool, allow_decoder_mismatch, false,
          "go on with an image decoder that differs from the reference");

namespace bild {
namespace {

using Json = nlohmann::ordered_json;

absl::Status CheckUsage() {
  std::vector<std::string> problems;
  if (absl::GetFlag(FLAGS_dataset).empty()) {
    problems.emplace_back("--dataset is not given");
  } else {
    const auto found = FindDataset(absl::GetFlag(FLAGS_dataset));
    if (!found.ok()) problems.emplace_back(found.status().message());
  }
  if (absl::GetFlag(FLAGS_data_root).empty()) {
    problems.emplace_back("--data_root is not given");
  }
  if (absl::GetFlag(FLAGS_depth16) && absl::GetFlag(FLAGS_dataset) != "pair") {
    problems.emplace_back("--depth16 is for --dataset=pair");
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      "verify cannot run so:", problems,
      "--help lists the flags. bazel run //datasets:doctor says what a folder "
      "looks like."));
}

Json GroupsJson(const ProblemReport& report) {
  Json groups = Json::array();
  for (const ProblemGroup& group : report.groups()) {
    groups.push_back({{"kind", group.kind},
                      {"headline", group.headline},
                      {"count", group.lines.size()},
                      {"lines", group.lines},
                      {"advice", group.advice}});
  }
  return groups;
}

size_t CountLines(const ProblemReport& report) {
  size_t count = 0;
  for (const ProblemGroup& group : report.groups()) count += group.lines.size();
  return count;
}

// Names may hold bytes that are no UTF-8; JSON shows them as U+FFFD.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Print(const FolderDraft& draft, const Verification& found,
           const std::string& manifest_sha256) {
  const bool is_deep = absl::GetFlag(FLAGS_deep);
  std::string line = fmt::format(
      "dataset={} layout={} pairs={} scenes={} files={} decoded={} border={} "
      "errors={} warnings={} deep={}",
      draft.name, draft.layout, draft.pairs.size(), found.scenes, found.files,
      found.decoded_files, draft.border_pairs, CountLines(found.problems),
      CountLines(found.warnings), is_deep ? 1 : 0);
  Json json = {{"dataset", draft.name},
               {"layout", draft.layout},
               {"pairs", draft.pairs.size()},
               {"scenes", found.scenes},
               {"files", found.files},
               {"decoded_files", found.decoded_files},
               {"border_pairs", draft.border_pairs},
               {"missing_ids", draft.missing_ids},
               {"unknown_ids", draft.unknown_ids}};
  if (is_deep) {
    line += fmt::format(" compared={} misaligned={} probes={} probes_match={}",
                        found.compared_pairs, found.misaligned_pairs,
                        found.probes, found.matching_probes);
    json["compared_pairs"] = found.compared_pairs;
    json["misaligned_pairs"] = found.misaligned_pairs;
    json["probes"] = found.probes;
    json["matching_probes"] = found.matching_probes;
    if (found.psnr_db.has_value()) {
      line += fmt::format(" psnr_db={:.4f}", *found.psnr_db);
      json["psnr_db"] = *found.psnr_db;
    }
  }
  if (!manifest_sha256.empty()) {
    line += " manifest_sha256=" + manifest_sha256;
    json["manifest_sha256"] = manifest_sha256;
  }
  const bool is_good = found.problems.groups().empty();
  line += is_good ? " verdict=ok" : " verdict=bad";
  json["verdict"] = is_good ? "ok" : "bad";
  json["problems"] = GroupsJson(found.problems);
  json["warnings"] = GroupsJson(found.warnings);
  if (absl::GetFlag(FLAGS_json)) fmt::print("{}\n", Dump(json));
  fmt::print("{}\n", line);
}

// For a set that cannot be opened at all.
void PrintFailure(const std::string& dataset, const absl::Status& status) {
  ProblemReport problems;
  problems.Add("open", status.code(), dataset + ": cannot be verified:",
               {std::string(status.message())}, "");
  const Json json = {{"dataset", dataset},
                     {"verdict", "bad"},
                     {"problems", GroupsJson(problems)},
                     {"warnings", Json::array()}};
  if (absl::GetFlag(FLAGS_json)) fmt::print("{}\n", Dump(json));
  fmt::print("dataset={} errors=1 verdict=bad\n", dataset);
}

// True if nothing is wrong.
absl::StatusOr<bool> VerifySet() {
  if (const absl::Status decoder = CheckDecoder(); !decoder.ok()) {
    if (!absl::GetFlag(FLAGS_allow_decoder_mismatch)) return decoder;
    LogWarning("{}", std::string(decoder.message()));
  }
  std::optional<Manifest> wanted;
  const std::string manifest_path = UserPath(absl::GetFlag(FLAGS_manifest));
  if (!manifest_path.empty()) {
    BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(manifest_path));
    BILD_ASSIGN_OR_RETURN(wanted, ParseManifest(text, manifest_path));
  }
  BILD_ASSIGN_OR_RETURN(const DatasetInfo info,
                        FindDataset(absl::GetFlag(FLAGS_dataset)));
  BILD_ASSIGN_OR_RETURN(
      const SetFolders folders,
      FindSetFolders(info, UserPath(absl::GetFlag(FLAGS_data_root)),
                     "--data_root"));
  VerifyOptions options;
  options.reading = {absl::GetFlag(FLAGS_expand_grey),
                     absl::GetFlag(FLAGS_depth16)};
  options.is_deep = absl::GetFlag(FLAGS_deep);
  const std::string out = UserPath(absl::GetFlag(FLAGS_write_manifest));
  options.wants_hashes = wanted.has_value() || !out.empty();
  BILD_ASSIGN_OR_RETURN(
      const FolderDraft draft,
      DraftFolder(info, folders,
                  {absl::GetFlag(FLAGS_allow_partial), options.reading}));
  LogInfo("{}: layout {}, {} pairs in '{}'", draft.name, draft.layout,
          draft.pairs.size(), folders.set_folder);
  Progress progress("verify " + draft.name, VerifySteps(draft));
  options.progress = &progress;
  Verification found = Verify(info, folders, draft, options);
  progress.Finish();

  std::string manifest_sha256;
  if (wanted.has_value()) {
    CompareManifests(*wanted, found.manifest, &found.problems, &found.warnings);
  }
  if (options.wants_hashes || options.is_deep) {
    const std::string text = ManifestText(found.manifest);
    manifest_sha256 = Sha256Hex(text);
    if (!out.empty() && found.problems.groups().empty()) {
      if (const absl::Status written = WriteFileAtomically(out, text);
          written.ok()) {
        LogInfo("wrote '{}'", out);
      } else {
        found.problems.Add("manifest_unwritten", written.code(),
                           "The manifest cannot be written:",
                           {std::string(written.message())}, "");
      }
    }
  }
  for (const ProblemGroup& group : found.warnings.groups()) {
    LogWarning("{}", group.Text());
  }
  for (const ProblemGroup& group : found.problems.groups()) {
    LogError("{}", group.Text());
  }
  if (!out.empty() && !found.problems.groups().empty()) {
    LogError("'{}' was not written.", out);
  }
  Print(draft, found, manifest_sha256);
  return found.problems.groups().empty();
}

int Main(int argc, char** argv) {
  if (const auto code =
          StartProgram(argc, argv,
                       "Checks a copy of a dataset.\n"
                       "bazel run //datasets:verify -- --dataset= "
                       "--data_root= [flags]",
                       CheckUsage))
    return *code;
  const absl::StatusOr<bool> is_good = VerifySet();
  if (!is_good.ok()) {
    std::fprintf(stderr, "verify: %s\n",
                 std::string(is_good.status().message()).c_str());
    PrintFailure(absl::GetFlag(FLAGS_dataset), is_good.status());
    return kWorldIsWrong;
  }
  return *is_good ? kDone : kWorldIsWrong;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
