#include "benchmarks/profile_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reports/markdown.h"

namespace bild {
namespace {

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
  MarkdownTable table(
      {"Profile", "PSNR (dB)", "SSIM", "CIEDE2000",
       absl::StrCat("PSNR − ", base.profile, " (dB)"),
       absl::StrCat("SSIM − ", base.profile), "Identical images"},
      /*left_columns=*/1);
  for (const Record& record : records) {
    table.AddRow(
        {Code(record.profile), FormatFixed(record.psnr_db, kPsnrDecimals),
         FormatFixed(record.ssim, kSsimDecimals),
         record.ciede2000.has_value()
             ? FormatFixed(*record.ciede2000, kColourDecimals)
             : "",
         FormatSigned(record.psnr_db - base.psnr_db, kPsnrDecimals),
         FormatSigned(record.ssim - base.ssim, kSsimDecimals),
         record.n_identical > 0 ? absl::StrCat(record.n_identical) : ""});
  }
  return absl::StrCat(
      base.method == "input" ? "The hazy input" : Code(base.backbone), " on ",
      Code(base.dataset), ": ", Count(base.n, "hazy image"), ", ",
      Count(base.n_clear, "clear image"), ", list ",
      Code(base.test_list_sha256.substr(0, 12)), ", resolution ",
      Code(base.evaluation_resolution), ", tiling ", Code(base.tiling), ".\n\n",
      table.ToText());
}

}  // namespace bild
