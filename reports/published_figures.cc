#include "reports/published_figures.h"

#include "absl/strings/str_cat.h"
#include "reports/markdown.h"
#include "reports/statistics.h"

namespace bild {
namespace {

constexpr int kPsnrDecimals = 2;

double MeanPsnrDb(const MethodRow& row) {
  return Summarise(PsnrValues(row)).mean;
}

}  // namespace

const std::vector<PublishedFigure>& PublishedFigures() {
  // Profiles: FFA-Net's and MSBDN's script is `ffa`, GridDehazeNet's and BILD's
  // `grid-bild` (docs/metrics.md). How FFA-Net's authors scored the nets of
  // others for their table, they do not say.
  constexpr char kFfaTable[] =
      "table in the read-me of FFA-Net (Qin et al., AAAI 2020)";
  static const auto* const figures = new std::vector<PublishedFigure>{
      {"aodnet", "plain", "sots_indoor", 19.06, "0.8504", "", kFfaTable},
      {"aodnet", "plain", "sots_outdoor", 20.29, "0.8765", "", kFfaTable},
      {"dehazenet[variant=original]", "plain", "sots_indoor", 21.14, "0.8472",
       "", kFfaTable},
      {"dehazenet[variant=original]", "plain", "sots_outdoor", 22.46, "0.8514",
       "", kFfaTable},
      {"ffa", "plain", "sots_indoor", 36.39, "0.9886", "ffa",
       "read-me of FFA-Net (Qin et al., AAAI 2020)"},
      {"ffa", "plain", "sots_outdoor", 33.57, "0.9840", "ffa",
       "read-me of FFA-Net (Qin et al., AAAI 2020)"},
      {"ffa", "bild", "sots_indoor", 38.58, "0.9921", "grid-bild",
       "Jiang et al., ECCV 2022, table 4; trained on all of ITS"},
      {"griddehazenet", "plain", "sots_indoor", 32.16, "0.9836", "grid-bild",
       "read-me of GridDehazeNet (Liu et al., ICCV 2019)"},
      {"msbdn", "plain", "sots_indoor", 33.79, "0.984", "ffa",
       "read-me of MSBDN-DFF (Dong et al., CVPR 2020)"},
  };
  return *figures;
}

const PublishedFigure* PublishedFigureOf(const ResultTable& table,
                                         const MethodRow& row) {
  const Record& record = row.records.front();
  if (record.evaluation_resolution != "full" || record.tiling != "none") {
    return nullptr;
  }
  const std::string method = row.method == "weights" ? "plain" : row.method;
  for (const PublishedFigure& figure : PublishedFigures()) {
    if (figure.backbone == table.Head().backbone && figure.method == method &&
        figure.dataset == record.dataset) {
      return &figure;
    }
  }
  return nullptr;
}

std::optional<double> PsnrMinusPublishedDb(const PublishedFigure& figure,
                                           const MethodRow& row) {
  if (figure.profile != row.records.front().profile) return std::nullopt;
  return MeanPsnrDb(row) - figure.psnr_db;
}

std::string PublishedTable(const ResultTable& table) {
  MarkdownTable text(
      {"Method", "Published in", "Its profile", "Published PSNR (dB)",
       "Published SSIM", "PSNR here (dB)", "Here − published (dB)"},
      /*left_columns=*/3);
  bool has_any = false;
  for (const MethodRow& row : table.rows) {
    const PublishedFigure* figure = PublishedFigureOf(table, row);
    if (figure == nullptr) continue;
    has_any = true;
    const auto difference_db = PsnrMinusPublishedDb(*figure, row);
    text.AddRow(
        {Code(row.method), figure->source,
         figure->profile.empty() ? "profile unknown" : Code(figure->profile),
         FormatFixed(figure->psnr_db, kPsnrDecimals), figure->ssim,
         FormatFixed(MeanPsnrDb(row), kPsnrDecimals),
         difference_db.has_value() ? FormatSigned(*difference_db, kPsnrDecimals)
                                   : ""});
  }
  if (!has_any) return "";
  return absl::StrCat(
      text.ToText(),
      "\nPublished figures are their authors', of nets that they trained. A "
      "difference is given only where both were scored under one profile.\n");
}

}  // namespace bild
