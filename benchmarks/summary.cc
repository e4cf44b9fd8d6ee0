#include "benchmarks/summary.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fmt/format.h"

namespace bild {
namespace {

struct Sum {
  std::string key;
  int64_t n = 0;
  int64_t records = 0;
  int64_t seeds = 0;
  double psnr_db = 0.0;
  double ssim = 0.0;
  std::optional<double> ciede2000;
};

}  // namespace

std::string SummarizeRecords(const std::vector<Record>& records) {
  std::vector<Sum> sums;
  for (const Record& record : records) {
    if (record.checkpoint == "last") continue;
    const std::string key = fmt::format(
        "dataset={} backbone={} method={} profile={}", record.dataset,
        record.backbone, record.method, record.profile);
    auto sum = std::find_if(sums.begin(), sums.end(),
                            [&key](const Sum& s) { return s.key == key; });
    if (sum == sums.end()) {
      sums.emplace_back();
      sum = std::prev(sums.end());
      sum->key = key;
    }
    ++sum->records;
    if (record.seed.has_value()) ++sum->seeds;
    sum->n = record.n;
    sum->psnr_db += record.psnr_db;
    sum->ssim += record.ssim;
    if (record.ciede2000.has_value()) {
      sum->ciede2000 = sum->ciede2000.value_or(0.0) + *record.ciede2000;
    }
  }
  std::string text;
  for (const Sum& sum : sums) {
    const double count = static_cast<double>(sum.records);
    absl::StrAppend(&text, sum.key, " n=", sum.n);
    if (sum.seeds > 0) absl::StrAppend(&text, " seeds=", sum.seeds);
    absl::StrAppend(&text, fmt::format(" psnr_db={} ssim={}",
                                       sum.psnr_db / count, sum.ssim / count));
    if (sum.ciede2000.has_value()) {
      absl::StrAppend(&text,
                      fmt::format(" ciede2000={}", *sum.ciede2000 / count));
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace bild
