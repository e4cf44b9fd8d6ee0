#include "reports/provenance.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/aggregate.h"
#include "reports/markdown.h"

namespace bild {
namespace {

bool Mentions(const std::vector<std::string>& reasons,
              const std::string& word) {
  return std::any_of(reasons.begin(), reasons.end(),
                     [&word](const std::string& reason) {
                       return reason.find(word) != std::string::npos;
                     });
}

// "`a`, `b`" of the values that are not empty; "" if all are.
std::string CodeList(const std::vector<std::string>& values) {
  std::vector<std::string> shown;
  for (const std::string& value : values) {
    if (!value.empty()) shown.push_back(Code(value));
  }
  return absl::StrJoin(shown, ", ");
}

// "`set`: 24 pairs, list `1f2e...`": a list is nothing without its length.
std::string ListText(const std::string& set, int64_t count,
                     const std::string& unit, const std::string& hash) {
  if (hash.empty()) return "";
  return absl::StrCat(Code(set), ": ", Count(count, unit), ", SHA-256 ",
                      Code(hash));
}

std::string SeedText(const Record& record) {
  return record.seed.has_value() ? absl::StrCat(*record.seed) : "";
}

}  // namespace

std::string HonestyLine(const std::vector<Record>& records,
                        const std::string& subject) {
  std::vector<std::string> reasons = InvalidReasonsOf(records);
  const auto invalid = std::count_if(
      records.begin(), records.end(),
      [](const Record& record) { return record.verdict != "VALID"; });
  const bool all_published =
      std::all_of(records.begin(), records.end(),
                  [](const Record& record) { return record.published; });
  if (!all_published && !Mentions(reasons, "recipe")) {
    reasons.push_back("quick recipe, not the backbone's published one");
  }
  if (reasons.empty()) return "";
  const bool all_invalid =
      invalid == static_cast<std::ptrdiff_t>(records.size());
  const std::string claim = invalid == 0
                                ? "not to be set beside published numbers"
                                : "INVALID for any published protocol";
  return absl::StrCat(invalid == 0 || all_invalid ? "These " : "Some of these ",
                      subject, " are ", claim, ": ",
                      absl::StrJoin(reasons, "; "), ".");
}

std::string HowItWasMeasured(const std::vector<Record>& records) {
  MarkdownTable table({"What", "Value"}, /*left_columns=*/2);
  const auto add = [&](const char* what,
                       const std::function<std::string(const Record&)>& field) {
    std::vector<std::string> values = DistinctValues(records, field);
    values.erase(std::remove(values.begin(), values.end(), ""), values.end());
    if (!values.empty()) table.AddRow({what, absl::StrJoin(values, "<br>")});
  };
  const auto add_list =
      [&](const char* what,
          const std::function<std::string(const Record&)>& field) {
        const std::string text = CodeList(DistinctValues(records, field));
        if (!text.empty()) table.AddRow({what, text});
      };
  add_list("Run", [](const Record& r) { return r.run_id; });
  add("Commit", [](const Record& r) {
    return absl::StrCat(r.commit.empty() ? "unknown" : Code(r.commit),
                        r.dirty ? ", with changes that are not committed" : "");
  });
  add_list("Seeds", SeedText);
  add("Tested on", [](const Record& r) {
    return ListText(r.dataset, r.n, "image", r.test_list_sha256);
  });
  add("Trained on", [](const Record& r) {
    return ListText(r.train_dataset, r.n_train, "pair", r.train_list_sha256);
  });
  add("Validated on", [](const Record& r) {
    return ListText(r.train_dataset, r.n_validation, "pair",
                    r.validation_list_sha256);
  });
  add_list("Split", [](const Record& r) { return r.split; });
  add_list("Layout, trained on", [](const Record& r) { return r.layout; });
  add_list("Layout, tested on", [](const Record& r) { return r.test_layout; });
  add_list("Metric profiles", [](const Record& r) { return r.profile; });
  add_list("Evaluation resolution",
           [](const Record& r) { return r.evaluation_resolution; });
  add_list("Tiling", [](const Record& r) { return r.tiling; });
  add_list("Decoder probe", [](const Record& r) { return r.decoder_probe; });
  add("Backbone", [](const Record& r) {
    if (r.backbone.empty()) return std::string();
    return absl::StrCat(Code(r.backbone), ", ",
                        Count(r.parameters, "trainable parameter"));
  });
  add("Recipe", [](const Record& r) {
    if (r.run_profile.empty()) return std::string();
    return absl::StrCat(r.published ? "published" : "quick", ", profile ",
                        Code(r.run_profile));
  });
  add("Training", [](const Record& r) {
    if (r.steps == 0) return std::string();
    return absl::StrCat(r.steps, " steps, batch ", r.batch, ", crop ",
                        r.crop_px, " px, loss ", PlainText(r.loss));
  });
  add("Configuration", [](const Record& r) { return Code(r.config); });
  add_list("Reward engine", [](const Record& r) { return r.reward_engine; });
  add("Device", [](const Record& r) {
    if (r.device.empty()) return std::string();
    return absl::StrCat(Code(r.device), ", ", Count(r.threads, "thread"));
  });
  add("Libraries", [](const Record& r) { return PlainText(r.libraries); });
  return table.ToText();
}

}  // namespace bild
