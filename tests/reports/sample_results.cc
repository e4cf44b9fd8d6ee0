#include "tests/reports/sample_results.h"

#include <stdlib.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

constexpr double kPlainPsnr[] = {31.25, 31.5, 31.125};
constexpr double kBildMinusPlain[] = {0.25, 0.3125, 0.28125};
constexpr double kFrozenMinusPlain[] = {-0.125, 0.25, -0.0625};

double PsnrOf(const std::string& method, int64_t seed) {
  const auto place = static_cast<size_t>(seed - 1) % std::size(kPlainPsnr);
  const double plain = kPlainPsnr[place];
  if (method == "bild") return plain + kBildMinusPlain[place];
  if (method == "frozen_random") return plain + kFrozenMinusPlain[place];
  return plain;
}

}  // namespace

Record SampleRecord(const std::string& method, std::optional<int64_t> seed,
                    const std::string& checkpoint, const std::string& profile) {
  Record r;
  r.run_id = "5d1f0c2a9b34";
  r.target = "ots_ffa";
  r.method = method;
  r.seed = seed;
  r.checkpoint = checkpoint;
  r.profile = profile;
  r.n = 140;
  r.n_clear = 4;
  r.psnr_db = 15.92;
  r.ssim = 0.8125;
  if (profile == "default") r.ciede2000 = 11.75;
  r.decoder_probe = "9b1c44f0e2d7";
  r.dataset = "ots_synthetic_test";
  r.train_dataset = "ots_synthetic";
  r.layout = "ots";
  r.test_layout = "sots";
  r.test_list_sha256 = std::string(60, 'a') + "0123";
  r.train_list_sha256 = std::string(60, 'b') + "4567";
  r.validation_list_sha256 = std::string(60, 'c') + "89ab";
  r.n_train = 245;
  r.n_validation = 35;
  r.split = "pair scene_block=1 seed=1";
  r.run_profile = "quick";
  r.commit = "0f3ac61d2b7e";
  r.device = "cpu";
  r.threads = 2;
  r.libraries = "LibTorch 2.11.0, OpenCV 4.6.0";
  r.invalid_reasons =
      "synthetic data; quick recipe; narrowed net ffa[dim=16,blocks=2]";
  r.started_at = "2022-10-23T12:00:00Z";
  if (!seed.has_value()) return r;

  const auto offset = static_cast<double>(*seed);
  r.backbone = "ffa[dim=16,blocks=2]";
  r.parameters = 51234;
  r.steps = 300;
  r.batch = 8;
  r.crop_px = 64;
  r.loss = "L1";
  r.config =
      "--alpha=0.01 --batch=8 --crop_px=64 --entropy=maximize "
      "--logit_norm=zscore --loss=l1 --reward_scale=unit_rms --steps=300 "
      "--theta_lr=0.001";
  r.checkpoint_step = checkpoint == "last" ? 300 : 240;
  r.psnr_db = PsnrOf(method, *seed) - (checkpoint == "last" ? 0.25 : 0) -
              (profile == "default" ? 0 : 0.5);
  r.ssim = 0.9375 + 0.0078125 * offset;
  if (profile == "default") r.ciede2000 = 4.5 - 0.25 * offset;
  r.validation_psnr_db = r.psnr_db - 1;
  r.reward_engine = method == "plain" ? "none" : "in_backward";
  r.gain_mean = method == "bild" ? 0.125 + 0.0625 * offset : 0.0;
  if (method == "frozen_random") r.gain_mean = 0.03125 * (2 - offset);
  r.gain_standard_error = method == "plain" ? 0.0 : 0.0625;
  if (method != "plain") r.gain_t = *r.gain_mean / 0.0625;
  r.agreement_mean = 0.5 + 0.0625 * offset;
  if (method == "bild") r.phi_gradient_norm = 0.0023;
  r.entropy_mean = method == "plain" ? std::log(8.0) : 1.75;
  r.effective_batch_mean = method == "plain" ? 8.0 : 5.25;
  if (method != "plain") r.weight_loss_correlation = -0.125 * offset;
  r.wall_seconds = 40.5 + offset;
  r.step_milliseconds_median = method == "plain" ? 110 : 250 + offset;
  r.peak_memory_mib = 612.25;
  return r;
}

std::vector<Record> SampleRecords() {
  std::vector<Record> records;
  for (const char* profile : {"default", "grid-bild"}) {
    records.push_back(SampleRecord("input", std::nullopt, "", profile));
  }
  for (const char* method : {"plain", "bild", "frozen_random"}) {
    for (int64_t seed = 1; seed <= 3; ++seed) {
      for (const char* checkpoint : {"best@val", "last"}) {
        for (const char* profile : {"default", "grid-bild"}) {
          records.push_back(SampleRecord(method, seed, checkpoint, profile));
        }
      }
    }
  }
  return records;
}

std::vector<CurvePoint> SampleCurves() {
  std::vector<CurvePoint> curves;
  for (const char* method : {"plain", "bild", "frozen_random"}) {
    for (int64_t seed = 1; seed <= 3; ++seed) {
      const double target = PsnrOf(method, seed) - 1;
      for (int64_t step = 0; step <= 300; step += 60) {
        const double ripple = 0.25 * std::sin(static_cast<double>(step) / 37 +
                                              2 * static_cast<double>(seed));
        curves.push_back(
            {method, seed, step, "validation_psnr_db",
             target - 14 * std::exp(-static_cast<double>(step) / 70) + ripple});
      }
      for (int64_t step = 50; step <= 300; step += 50) {
        const double full =
            SampleRecord(method, seed, "last", "default").gain_mean.value_or(0);
        const double error =
            std::string(method) == "plain"
                ? 0
                : 0.0625 * (1 + 0.2 * std::cos(static_cast<double>(step)));
        curves.push_back(
            {method, seed, step, "gain_normalised_mean",
             full * (1 - std::exp(-static_cast<double>(step) / 90))});
        curves.push_back(
            {method, seed, step, "gain_normalised_standard_error", error});
      }
    }
  }
  return curves;
}

std::vector<PerImageRow> SamplePerImage() {
  std::vector<PerImageRow> rows;
  for (const Record& record : SampleRecords()) {
    if (!record.seed.has_value()) continue;
    for (int64_t i = 0; i < record.n; ++i) {
      PerImageRow row;
      row.method = record.method;
      row.seed = record.seed;
      row.checkpoint = record.checkpoint;
      row.profile = record.profile;
      row.clear = absl::StrCat("clear", i % record.n_clear);
      row.hazy = absl::StrCat(row.clear, "_", i);
      row.width = 64;
      row.height = 48;
      // Both extras have mean 0 over the 140 images.
      row.psnr_db = record.psnr_db + static_cast<double>(i % 5 - 2) / 4.0;
      if (record.method != "plain") {
        row.psnr_db += (static_cast<double>(i % 2) - 0.5) / 8.0;
      }
      row.ssim = record.ssim;
      row.ciede2000 = record.ciede2000;
      rows.push_back(row);
    }
  }
  return rows;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = testing::TempDir() + "/reports.XXXXXX";
  path_ = ::mkdtemp(pattern.data()) != nullptr ? pattern : "";
  EXPECT_NE(path_, "") << "no temporary folder under " << testing::TempDir();
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  if (!path_.empty()) std::filesystem::remove_all(path_, error);
}

void WriteSampleResults(const std::string& folder,
                        const std::vector<Record>& records,
                        const std::vector<CurvePoint>& curves,
                        const std::vector<PerImageRow>& images) {
  const absl::Status written = WriteRecords(folder + "/records.jsonl", records);
  ASSERT_TRUE(written.ok()) << written;
  const auto write_rows = [&folder](const std::string& name, std::string text,
                                    const auto& rows) {
    if (rows.empty()) return;
    for (const auto& row : rows) text += ToCsvLine(row);
    const absl::Status rows_written = WriteFileAtomically(folder + name, text);
    ASSERT_TRUE(rows_written.ok()) << rows_written;
  };
  write_rows("/curves.csv", CurvesHeader(), curves);
  write_rows("/per_image.csv", PerImageHeader(), images);
}

}  // namespace bild
