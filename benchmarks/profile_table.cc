#include "benchmarks/profile_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reports/markdown.h"

namespace bild {
namespace {

// One more than in reports: the table is there for moves between profiles,
// which may be less than 0.01 dB.
constexpr int kPsnrDecimals = 3;
constexpr int kSsimDecimals = 4;
constexpr int kColourDecimals = 2;

}  // namespace

std::string ProfileTable(const std::vector<Record>& records) {
  const auto with_default =
      std::find_if(records.begin(), records.end(),
                   [](const Record& r) { return r.profile == "default"; });
  const Record& base =
      with_default == records.end() ? records.front() : *with_default;
  MarkdownTable table({"Profile", "PSNR (dB)", "SSIM", "CIEDE2000",
                       absl::StrCat("PSNR − ", base.profile, " (dB)"),
                       absl::StrCat("SSIM − ", base.profile)},
                      /*left_columns=*/1);
  std::string footnotes;
  for (const Record& record : records) {
    const bool is_marked = record.n_identical > 0;
    if (is_marked) {
      footnotes +=
          IdenticalFootnote(Code(record.profile), record.n_identical, record.n);
    }
    table.AddRow({Code(record.profile),
                  FormatFixed(record.psnr_db, kPsnrDecimals) +
                      (is_marked ? kIdenticalMark : ""),
                  FormatFixed(record.ssim, kSsimDecimals),
                  record.ciede2000.has_value()
                      ? FormatFixed(*record.ciede2000, kColourDecimals)
                      : "",
                  FormatSigned(record.psnr_db - base.psnr_db, kPsnrDecimals),
                  FormatSigned(record.ssim - base.ssim, kSsimDecimals)});
  }
  return absl::StrCat(
      base.method == "input" ? "The hazy input" : Code(base.backbone), " on ",
      Code(base.dataset), ": ", Count(base.n, "hazy image"), ", ",
      Count(base.n_clear, "clear image"), ", list ",
      Code(base.test_list_sha256.substr(0, 12)), ", resolution ",
      Code(base.evaluation_resolution), ", tiling ", Code(base.tiling), ".\n\n",
      table.ToText(), footnotes);
}

}  // namespace bild
