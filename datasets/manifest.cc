#include "datasets/manifest.h"

#include <algorithm>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "datasets/escaped_field.h"
#include "datasets/sha256_text.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr char kSign[] = "# bild-manifest 1 ";

// Digits alone, so that what is read is what was written.
bool ReadsAsCount(const std::string& text, int64_t* count) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
         absl::SimpleAtoi(text, count);
}

// Why the line is no row; empty if it is one.
std::string ParseRow(const std::string& line, ManifestRow* row) {
  const std::vector<std::string> fields = absl::StrSplit(line, '\t');
  if (fields.size() != 6) {
    return fmt::format("{} fields, expected 6", fields.size());
  }
  if (fields[0].empty()) return "no path";
  if (!UnescapeField(fields[0], &row->path)) {
    return "an escape in the path that nobody writes";
  }
  row->sha256 = fields[2];
  row->pixels_sha256 = fields[5];
  if (!ReadsAsCount(fields[1], &row->bytes)) return "bytes is no whole number";
  if (!ReadsAsCount(fields[3], &row->width_px) ||
      !ReadsAsCount(fields[4], &row->height_px)) {
    return "width or height is no whole number";
  }
  if (!IsSha256(row->sha256) || !IsSha256(row->pixels_sha256)) {
    return "a hash is not 64 lower-case hexadecimal digits";
  }
  return "";
}

}  // namespace

std::string PathInSet(const std::string& path, const std::string& set_folder) {
  // A folder may have been given with a slash at its end.
  const bool has_slash = !set_folder.empty() && set_folder.back() == '/';
  const std::string prefix = has_slash ? set_folder : set_folder + "/";
  return path.rfind(prefix, 0) == 0 ? path.substr(prefix.size()) : path;
}

std::string ManifestText(const Manifest& manifest) {
  std::string text =
      fmt::format("{}{} {}\n", kSign, manifest.dataset, manifest.layout);
  for (const ManifestRow& row : manifest.rows) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", EscapedField(row.path),
                        row.bytes, row.sha256, row.width_px, row.height_px,
                        row.pixels_sha256);
  }
  return text;
}

absl::StatusOr<Manifest> ParseManifest(const std::string& text,
                                       const std::string& name) {
  Manifest manifest;
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const std::string first = lines[0];
  const std::vector<std::string> words = absl::StrSplit(first, ' ');
  if (first.rfind(kSign, 0) != 0 || words.size() != 5) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is no manifest: its first line is '{}', expected '{}<dataset> "
        "<layout>'.",
        name, first.substr(0, 80), kSign));
  }
  manifest.dataset = words[3];
  manifest.layout = words[4];
  std::vector<std::string> problems;
  if (!lines.back().empty()) {
    problems.push_back("the last line has no line feed: it was cut off");
  } else {
    lines.pop_back();
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    ManifestRow row;
    std::string problem = ParseRow(lines[i], &row);
    if (problem.empty() && !manifest.rows.empty() &&
        row.path <= manifest.rows.back().path) {
      problem = "paths are not sorted bytewise, each once";
    }
    if (!problem.empty()) {
      problems.push_back(fmt::format("line {}: {}", i + 1, problem));
      continue;
    }
    manifest.rows.push_back(row);
  }
  if (problems.empty()) return manifest;
  return absl::DataLossError(
      ListProblems(fmt::format("'{}' does not read as a manifest:", name),
                   problems, "Write it again with verify --write_manifest."));
}

void CompareManifests(const Manifest& wanted, const Manifest& found,
                      ProblemReport* problems, ProblemReport* warnings) {
  if (wanted.dataset != found.dataset) {
    problems->Add(
        "manifest_dataset", absl::StatusCode::kFailedPrecondition,
        "The manifest is of another set:",
        {fmt::format("'{}', this is '{}'", wanted.dataset, found.dataset)}, "");
  }
  if (wanted.layout != found.layout) {
    warnings->Add(
        "manifest_layout", absl::StatusCode::kOk,
        "The manifest is of another layout:",
        {fmt::format("'{}', this is '{}'", wanted.layout, found.layout)}, "");
  }
  std::map<std::string, const ManifestRow*> rest;
  for (const ManifestRow& row : found.rows) rest[row.path] = &row;
  std::vector<std::string> missing;
  std::vector<std::string> changed;
  std::vector<std::string> reencoded;
  for (const ManifestRow& row : wanted.rows) {
    const auto other = rest.find(row.path);
    if (other == rest.end()) {
      missing.push_back(fmt::format("'{}'", row.path));
      continue;
    }
    const ManifestRow& now = *other->second;
    if (now.pixels_sha256 != row.pixels_sha256) {
      changed.push_back(fmt::format(
          "'{}': {} bytes of {}x{} in the manifest, {} bytes of {}x{} here",
          row.path, row.bytes, row.width_px, row.height_px, now.bytes,
          now.width_px, now.height_px));
    } else if (now.sha256 != row.sha256) {
      reencoded.push_back(fmt::format("'{}': {} bytes in the manifest, {} here",
                                      row.path, row.bytes, now.bytes));
    }
    rest.erase(other);
  }
  std::vector<std::string> extra;
  for (const auto& entry : rest) {
    extra.push_back(fmt::format("'{}'", entry.first));
  }
  problems->Add("manifest_missing", absl::StatusCode::kNotFound,
                fmt::format("{} of {} files of the manifest are not here:",
                            missing.size(), wanted.rows.size()),
                missing, "");
  problems->Add("manifest_extra", absl::StatusCode::kFailedPrecondition,
                fmt::format("{} of {} files here are not in the manifest:",
                            extra.size(), found.rows.size()),
                extra, "");
  problems->Add("manifest_changed", absl::StatusCode::kDataLoss,
                fmt::format("{} files hold other pixels than the manifest "
                            "says:",
                            changed.size()),
                changed, "");
  warnings->Add("manifest_reencoded", absl::StatusCode::kOk,
                fmt::format("{} files were re-encoded; their pixels are those "
                            "of the manifest:",
                            reencoded.size()),
                reencoded, "");
}

}  // namespace bild
