#include "benchmarks/ablations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/catalog.h"
#include "bild/base/status.h"
#include "bild/reward_engine.h"
#include "datasets/catalog.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Collects runs. A knob is a flag; its value in the table is what the run's
// description says of it.
class Sweep {
 public:
  Sweep(const std::string& target, const RunSpec& base) : base_(base) {
    ablation_.plan.target = target;
    ablation_.plan.question = AblationQuestion(target);
  }

  AblationPlan& plan() { return ablation_.plan; }
  const RunSpec& base() const { return base_; }
  void Left(const std::string& sentence) {
    ablation_.plan.left_out.push_back(sentence);
  }

  // The base with `spec`'s changes; only the knobs `mattering` matter to it.
  // It is named after them, and after `methods` where those are given.
  void Add(RunSpec spec, const std::vector<std::string>& mattering,
           const std::vector<std::string>& methods = {}) {
    std::vector<std::string> name = methods;
    if (!methods.empty()) spec.methods = methods;
    spec.target = OrdinaryTarget(spec);
    std::map<std::string, std::string> values;
    for (auto& [flag, value] : DescribeRunSpec(spec)) values[flag] = value;
    AblationVariant variant;
    for (const std::string& knob : plan().knobs) {
      const bool matters = std::find(mattering.begin(), mattering.end(),
                                     knob) != mattering.end();
      variant.settings.push_back(matters ? values[knob] : "");
      if (matters) name.push_back(absl::StrCat(knob, "=", values[knob]));
    }
    variant.name = name.empty() ? "run" : absl::StrJoin(name, ",");
    plan().variants.push_back(std::move(variant));
    ablation_.runs.push_back(std::move(spec));
  }

  Ablation Take() { return std::move(ablation_); }

 private:
  // The benchmark program that runs `spec` by its flags.
  static std::string OrdinaryTarget(const RunSpec& spec) {
    const auto sets = FindBenchmarkSets(spec.data.dataset);
    const bool has_target = sets.ok() && !sets->synthetic_like.empty();
    const std::string& net = spec.train.backbone;
    return absl::StrCat(has_target ? spec.data.dataset : "its", "_",
                        net.substr(0, net.find('[')));
  }

  const RunSpec& base_;
  Ablation ablation_;
};

AblationFigure GainFigure(std::vector<std::string> by = {}) {
  return {"weight_gain",
          "gain_normalised_mean",
          "What the weights gain over uniform ones, per logging window",
          "normalised weight gain",
          /*has_zero_line=*/true,
          std::move(by)};
}

AblationFigure EntropyFigure(std::vector<std::string> by = {}) {
  return {"weight_entropy",
          "weight_entropy",
          "Entropy of the weights of a batch",
          "entropy of w (nats)",
          /*has_zero_line=*/false,
          std::move(by)};
}

AblationFigure PsnrFigure(std::vector<std::string> by = {}) {
  return {"convergence",
          "validation_psnr_db",
          "PSNR on the validation split while training",
          "validation PSNR (dB)",
          /*has_zero_line=*/false,
          std::move(by)};
}

void FillAlpha(Sweep* sweep) {
  sweep->plan().knobs = {"logit_norm", "entropy", "alpha"};
  sweep->plan().quantities = {"psnr_db",
                              "weight_entropy",
                              "effective_batch",
                              "weight_loss_correlation",
                              "gain",
                              "zero_gradient_share"};
  sweep->plan().contrasts = {{"psnr_db", "plain", ""}};
  sweep->plan().figures = {EntropyFigure({"logit_norm", "entropy"}),
                           GainFigure({"logit_norm", "entropy"})};
  sweep->Add(sweep->base(), {}, {"plain"});
  for (const char* norm : {"zscore", "none"}) {
    RunSpec spec = sweep->base();
    spec.train.logit_norm = norm;
    sweep->Add(spec, {"logit_norm"}, {"frozen_random"});
    spec.train.alpha = 0.0;
    sweep->Add(spec, {"logit_norm", "alpha"});
    for (const char* entropy : {"maximize", "literal_6j"}) {
      for (const double alpha : {0.001, 0.01, 0.1, 1.0}) {
        spec.train.entropy = entropy;
        spec.train.alpha = alpha;
        sweep->Add(spec, {"logit_norm", "entropy", "alpha"});
      }
    }
  }
}

void FillMarkov(Sweep* sweep) {
  sweep->plan().knobs = {"horizon", "truncate"};
  sweep->plan().quantities = {"psnr_db", "gain", "weight_entropy",
                              "step_milliseconds"};
  sweep->plan().contrasts = {{"psnr_db", "plain", ""},
                             {"gain", "bild", "horizon=1,truncate=1"},
                             {"step_milliseconds", "plain", ""}};
  sweep->plan().figures = {GainFigure(), PsnrFigure()};
  sweep->Add(sweep->base(), {}, {"plain"});
  for (const int64_t horizon : {1, 2, 4, 8}) {
    for (int64_t truncate = 1; truncate <= horizon; truncate *= 2) {
      RunSpec spec = sweep->base();
      spec.train.outer_every = 1;  // The horizon says how often.
      spec.train.horizon = horizon;
      spec.train.truncate = truncate;
      // Outer steps: a window of K times as many inner ones would hardly end in
      // the second half of a short run.
      spec.train.log_every =
          std::max<int64_t>(1, sweep->base().train.log_every / horizon);
      sweep->Add(spec, {"horizon", "truncate"});
    }
  }
}

void FillControls(Sweep* sweep) {
  sweep->plan().quantities = {"psnr_db",
                              "psnr_last_db",
                              "gain",
                              "own_gain",
                              "weight_entropy",
                              "effective_batch",
                              "weight_loss_correlation",
                              "step_milliseconds"};
  sweep->plan().contrasts = {{"psnr_db", "plain", ""},
                             {"gain", "frozen_random", ""}};
  sweep->plan().seed_by_seed = {"psnr_db", "gain"};
  sweep->plan().figures = {GainFigure(), EntropyFigure(), PsnrFigure()};
  sweep->Add(sweep->base(), {});
}

void FillEngines(Sweep* sweep) {
  sweep->plan().knobs = {"reward_engine"};
  sweep->plan().quantities = {"psnr_db", "gain", "weight_entropy",
                              "step_milliseconds"};
  sweep->plan().same_curves_as = "reward_engine=per_sample";
  sweep->plan().contrasts = {
      {"psnr_db", "bild", "reward_engine=per_sample"},
      {"step_milliseconds", "bild", "reward_engine=per_sample"}};
  sweep->plan().figures = {GainFigure(), EntropyFigure(), PsnrFigure()};
  const auto backbone = MakeBackbone(NetOf(sweep->base()), at::kFloat);
  for (const char* engine : {"per_sample", "in_backward", "layerwise",
                             "forward", "finite_difference"}) {
    RunSpec spec = sweep->base();
    spec.train.reward_engine = engine;
    const absl::Status serves =
        backbone.ok() ? ChooseRewardEngine(engine, **backbone).status()
                      : absl::OkStatus();
    if (serves.ok()) {
      sweep->Add(spec, {"reward_engine"});
    } else {
      sweep->Left(std::string(serves.message()));
    }
  }
}

void FillValidation(Sweep* sweep) {
  sweep->plan().knobs = {"validation_scenes", "validation_batch",
                         "validation_momentum"};
  sweep->plan().quantities = {"psnr_db",
                              "gain",
                              "agreement",
                              "weight_entropy",
                              "weight_loss_correlation",
                              "step_milliseconds"};
  sweep->plan().contrasts = {{"psnr_db", "plain", ""}};
  sweep->plan().figures = {GainFigure({"validation_scenes"})};
  sweep->Add(sweep->base(), {}, {"plain"});
  for (const char* scenes : {"apart", "training"}) {
    for (const double momentum : {0.0, 0.9}) {
      for (const int64_t patches : {2, 8, 32}) {
        RunSpec spec = sweep->base();
        spec.data.validation_scenes = scenes;
        spec.train.validation_batch = patches;
        spec.train.validation_momentum = momentum;
        sweep->Add(spec, sweep->plan().knobs);
      }
    }
  }
}

void FillLabelFault(Sweep* sweep) {
  sweep->plan().knobs = {"label_fault", "validation_scenes"};
  sweep->plan().quantities = {"weight_auc",     "reward_auc", "gain",
                              "weight_entropy", "agreement",  "psnr_db",
                              "faulty_share"};
  sweep->plan().contrasts = {{"weight_auc", "frozen_random", ""},
                             {"reward_auc", "frozen_random", ""},
                             {"gain", "frozen_random", ""},
                             {"psnr_db", "plain", ""}};
  sweep->plan().seed_by_seed = {"weight_auc", "reward_auc", "gain"};
  sweep->plan().figures = {GainFigure({"validation_scenes"})};
  for (const char* scenes : {"apart", "training"}) {
    RunSpec spec = sweep->base();
    spec.data.validation_scenes = scenes;
    sweep->Add(spec, sweep->plan().knobs);
  }
}

struct Entry {
  const char* name;
  const char* question;
  void (*fill)(Sweep*);
};

const std::vector<Entry>& Entries() {
  static const auto* const entries = new std::vector<Entry>{
      {"ablation_alpha",
       "What does the entropy term do, at which weight, under which sign? "
       "alpha over decades, both readings of its sign, both ways to normalise "
       "logits.",
       FillAlpha},
      {"ablation_markov",
       "What does the assumption cost that parameters do not depend on earlier "
       "weights? Outer gradients through K inner steps, truncated to the "
       "newest T of them, with what they cost. Truncation to 1 has the "
       "schedule of the horizon and the gradient of the paper.",
       FillMarkov},
      {"ablation_controls",
       "Do learned weights do what uniform, random, shuffled and network-free "
       "ones do not?",
       FillControls},
      {"ablation_engines",
       "Do all ways to compute the rewards train the same net? The same run "
       "with each engine: curves must coincide but for rounding, those of "
       "finite differences but for their error.",
       FillEngines},
      {"ablation_validation",
       "What does the validation batch decide? Its size, a running mean of its "
       "gradient, and whether its scenes are those that are trained on.",
       FillValidation},
      {"ablation_label_fault",
       "Do weights and rewards find training pairs whose clear picture is "
       "wrong, with validation patches from other scenes and from sound pairs "
       "of the training scenes?",
       FillLabelFault},
  };
  return *entries;
}

const Entry& EntryNamed(const std::string& name) {
  return *std::find_if(Entries().begin(), Entries().end(),
                       [&name](const Entry& e) { return e.name == name; });
}

// What an ablation itself needs of its base.
void CheckBase(const std::string& name, const RunSpec& base,
               std::vector<std::string>* problems) {
  if (name == "ablation_label_fault" && base.data.label_fault == "none") {
    problems->emplace_back(
        "--label_fault=none: there is no fault to find. Expected hazy:SHARE "
        "or other:SHARE.");
  }
  const bool has_bild =
      std::count(base.methods.begin(), base.methods.end(), "bild") > 0;
  if (!has_bild) {
    problems->push_back(
        absl::StrCat("--methods=", absl::StrJoin(base.methods, ","), ": ", name,
                     " is about bild, which is not among them."));
  }
}

}  // namespace

std::vector<std::string> AblationNames() {
  std::vector<std::string> names;
  for (const Entry& entry : Entries()) names.emplace_back(entry.name);
  return names;
}

std::string AblationQuestion(const std::string& name) {
  return EntryNamed(name).question;
}

absl::StatusOr<Ablation> MakeAblation(const std::string& name,
                                      const RunSpec& base) {
  Sweep sweep(name, base);
  EntryNamed(name).fill(&sweep);
  Ablation ablation = sweep.Take();
  std::vector<std::string> problems;
  CheckBase(name, base, &problems);
  for (size_t i = 0; i < ablation.runs.size(); ++i) {
    const absl::Status status = ValidateRunSpec(ablation.runs[i], "");
    if (!status.ok()) {
      problems.push_back(absl::StrCat(ablation.plan.variants[i].name, ": ",
                                      std::string(status.message())));
    }
  }
  if (problems.empty()) return ablation;
  return absl::InvalidArgumentError(
      ListProblems(absl::StrCat(name, " cannot run so:"), problems, ""));
}

}  // namespace bild
