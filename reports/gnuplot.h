// Runs gnuplot, the program that draws our figures.

#ifndef REPORTS_GNUPLOT_H_
#define REPORTS_GNUPLOT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// `text` as a gnuplot string that means these very characters: single quotes,
// in which gnuplot expands neither backslashes nor backquoted shell commands.
// Control characters become spaces.
std::string GnuplotQuoted(const std::string& text);

struct GnuplotRun {
  std::string folder;  // Where it runs; the script's file names are relative.
  std::string script;  // A file in `folder`.
  std::string program = "gnuplot";  // Looked up on PATH.
  int timeout_seconds = 60;
};

// What the script wrote to standard output: an SVG file, whole. No shell is
// involved, and the user's own gnuplot settings are ignored. Errors: NotFound
// (no such program, with the package to install), DeadlineExceeded, Internal
// with what gnuplot wrote to standard error.
absl::StatusOr<std::string> RunGnuplot(const GnuplotRun& run);

// Writes FILE.csv, the numbers, and FILE.gp, the script, into `folder`, which
// is made where it is missing, and FILE.svg, what the script draws of them.
absl::Status DrawWithGnuplot(const std::string& folder, const std::string& file,
                             const std::string& numbers,
                             const std::string& script);

}  // namespace bild

#endif  // REPORTS_GNUPLOT_H_
