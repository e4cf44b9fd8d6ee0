#include "bild/train_config.h"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

TrainConfig Valid() {
  TrainConfig config;
  config.backbone = "aodnet";
  config.steps = 100;
  return config;
}

TEST(TrainConfig, DefaultsAreThoseOfTheMethod) {
  const TrainConfig config = Valid();
  EXPECT_TRUE(ValidateTrainConfig(config).ok());
  EXPECT_EQ(config.alpha, 0.01);
  EXPECT_EQ(config.entropy, "maximize");
  EXPECT_EQ(config.reward_scale, "unit_rms");
  EXPECT_EQ(config.logit_norm, "zscore");
  EXPECT_EQ(config.phi_learning_rate, 1e-3);
  EXPECT_EQ(config.phi_epsilon, 1e-8);
  EXPECT_EQ(config.log_every, 50);
  EXPECT_EQ(config.outer_every, 1);
}

TEST(TrainConfig, DerivedValues) {
  TrainConfig config = Valid();
  EXPECT_EQ(config.effective_validation_batch(), 8);
  EXPECT_EQ(config.effective_eval_every(), 20);
  config.steps = 101;
  EXPECT_EQ(config.effective_eval_every(), 21);  // Five points at most.
  config.steps = 3;
  EXPECT_EQ(config.effective_eval_every(), 1);
  config.validation_batch = 2;
  config.eval_every = 7;
  EXPECT_EQ(config.effective_validation_batch(), 2);
  EXPECT_EQ(config.effective_eval_every(), 7);
}

// Every field is in the text in effect, each once, and every one that changes
// changes it: what guards a checkpoint must not overlook any.
TEST(TrainConfig, TextHoldsEveryField) {
  const std::string text = TrainConfigText(Valid());
  EXPECT_EQ(text,
            "--backbone=aodnet --loss=l1 --initialisation=fan_in --steps=100 "
            "--batch=8 --crop_px=64 --flip=true --quarter_turns=true "
            "--optimizer=adam --learning_rate=0.001 "
            "--learning_rate_schedule=constant --beta1=0.9 --beta2=0.999 "
            "--epsilon=1e-08 --momentum=0 --weight_decay=0 "
            "--clip_gradient_norm=0 --alpha=0.01 --entropy=maximize "
            "--reward_scale=unit_rms --logit_norm=zscore --reward_engine=auto "
            "--reward_memory_mib=1024 --finite_difference_step=0.01 "
            "--phi_learning_rate=0.001 --phi_epsilon=1e-08 "
            "--validation_batch=8 --validation_momentum=0 --outer_every=1 "
            "--horizon=1 --truncate=1 --preconditioner=identity "
            "--stop_on_zero_gradient=true --log_every=50 "
            "--eval_every=20 --validation_pictures=10");
  // Shortest decimals that read back to the same double.
  TrainConfig config = Valid();
  config.learning_rate = 0.1 + 0.2;
  EXPECT_NE(TrainConfigText(config).find("--learning_rate=0.30000000000000004"),
            std::string::npos);
  // A derived value and the same one given are the same run.
  config = Valid();
  config.validation_batch = 8;
  config.eval_every = 20;
  EXPECT_EQ(TrainConfigText(config), text);
}

TEST(ValidateTrainConfig, ListsEveryProblemAtOnce) {
  TrainConfig config = Valid();
  config.loss = "l2";
  config.initialisation = "xavier";
  config.entropy = "minimize";
  config.reward_scale = "rms";
  config.learning_rate = 0.0;
  const absl::Status status = ValidateTrainConfig(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  for (const std::string part :
       {"The training configuration does not hold:",
        "--loss='l2': expected 'l1', 'mse' or 'smooth_l1'.",
        "--initialisation='xavier'", "--entropy='minimize'",
        "--reward_scale='rms'",
        "--learning_rate=0: expected a finite number above 0."}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
}

TEST(ValidateTrainConfig, AlphaIsFiniteAndItsSignHasAName) {
  TrainConfig config = Valid();
  const auto message = [&config](double alpha) {
    config.alpha = alpha;
    return std::string(ValidateTrainConfig(config).message());
  };
  EXPECT_NE(message(std::numeric_limits<double>::infinity())
                .find("--alpha=inf: expected a finite number of at least 0."),
            std::string::npos);
  EXPECT_NE(message(std::numeric_limits<double>::quiet_NaN())
                .find("--alpha=nan: expected a finite number of at least 0."),
            std::string::npos);
  EXPECT_NE(message(-0.1).find("--entropy=maximize or literal_6j"),
            std::string::npos);
}

// Each field alone, with the fragment that names it.
TEST(ValidateTrainConfig, EveryRange) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::map<std::string, void (*)(TrainConfig*, double)> fields = {
      {"--alpha", [](TrainConfig* c, double x) { c->alpha = x; }},
      {"--clip_gradient_norm",
       [](TrainConfig* c, double x) { c->clip_gradient_norm = x; }},
      {"--learning_rate",
       [](TrainConfig* c, double x) { c->learning_rate = x; }},
      {"--phi_learning_rate",
       [](TrainConfig* c, double x) { c->phi_learning_rate = x; }},
      {"--phi_epsilon", [](TrainConfig* c, double x) { c->phi_epsilon = x; }},
      {"--finite_difference_step",
       [](TrainConfig* c, double x) {
         c->reward_engine = "finite_difference";
         c->finite_difference_step = x;
       }},
      {"weight_decay", [](TrainConfig* c, double x) { c->weight_decay = x; }},
      {"momentum", [](TrainConfig* c, double x) { c->momentum = x; }},
      {"beta1", [](TrainConfig* c, double x) { c->beta1 = x; }},
      {"beta2", [](TrainConfig* c, double x) { c->beta2 = x; }},
      {"epsilon", [](TrainConfig* c, double x) { c->epsilon = x; }},
  };
  for (const auto& [fragment, set] : fields) {
    for (const double bad : {-1.0, kNan, kInfinity}) {
      TrainConfig config = Valid();
      set(&config, bad);
      const absl::Status status = ValidateTrainConfig(config);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
          << fragment << "=" << bad;
      EXPECT_NE(std::string(status.message()).find(fragment), std::string::npos)
          << status;
    }
    TrainConfig config = Valid();
    set(&config, 0.5);
    EXPECT_TRUE(ValidateTrainConfig(config).ok()) << fragment;
  }
  const std::map<std::string, int64_t TrainConfig::*> counts = {
      {"--steps", &TrainConfig::steps},
      {"--crop_px", &TrainConfig::crop_px},
      {"--outer_every", &TrainConfig::outer_every},
      {"--log_every", &TrainConfig::log_every},
      {"--validation_pictures", &TrainConfig::validation_pictures},
      {"--batch", &TrainConfig::batch},
  };
  for (const auto& [fragment, field] : counts) {
    for (const int64_t bad : {int64_t{0}, int64_t{-5}}) {
      TrainConfig config = Valid();
      config.*field = bad;
      const absl::Status status = ValidateTrainConfig(config);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << fragment;
      EXPECT_NE(std::string(status.message())
                    .find(fragment + "=" + std::to_string(bad)),
                std::string::npos)
          << status;
    }
  }
  TrainConfig config = Valid();
  config.eval_every = -1;
  EXPECT_FALSE(ValidateTrainConfig(config).ok());
  config.eval_every = 0;
  EXPECT_TRUE(ValidateTrainConfig(config).ok());
}

// Each alone, with the fragments that name it.
TEST(ValidateTrainConfig, TheMethodsKnobs) {
  using Change = void (*)(TrainConfig*);
  const std::vector<std::pair<std::string, Change>> bad = {
      {"--validation_batch=0: expected at least 1, or -1",
       [](TrainConfig* c) { c->validation_batch = 0; }},
      {"--validation_batch=-2: expected",
       [](TrainConfig* c) { c->validation_batch = -2; }},
      {"--batch=1 with --logit_norm=zscore",
       [](TrainConfig* c) { c->batch = 1; }},
      {"--horizon=0", [](TrainConfig* c) { c->horizon = 0; }},
      {"--horizon=101 with --steps=100: there would be no outer step",
       [](TrainConfig* c) { c->horizon = 101; }},
      {"--outer_every=101 with --steps=100: there would be no outer step",
       [](TrainConfig* c) { c->outer_every = 101; }},
      {"--truncate=-1", [](TrainConfig* c) { c->truncate = -1; }},
      {"--truncate=5: expected 1 to --horizon=4",
       [](TrainConfig* c) {
         c->horizon = 4;
         c->truncate = 5;
       }},
      {"--outer_every=2 with --horizon=4",
       [](TrainConfig* c) {
         c->horizon = 4;
         c->outer_every = 2;
       }},
      {"--validation_momentum=0.5 with --horizon=2",
       [](TrainConfig* c) {
         c->horizon = 2;
         c->validation_momentum = 0.5;
       }},
      {"--validation_momentum=1: expected",
       [](TrainConfig* c) { c->validation_momentum = 1.0; }},
      {"--validation_momentum=nan: expected",
       [](TrainConfig* c) {
         c->validation_momentum = std::numeric_limits<double>::quiet_NaN();
       }},
      {"--reward_engine=layerwise with --horizon=2",
       [](TrainConfig* c) {
         c->horizon = 2;
         c->reward_engine = "layerwise";
       }},
      {"--preconditioner='diagonal'",
       [](TrainConfig* c) { c->preconditioner = "diagonal"; }},
      {"--finite_difference_step=0",
       [](TrainConfig* c) { c->finite_difference_step = 0.0; }},
      {"--finite_difference_step=0.001 with --reward_engine=auto: only",
       [](TrainConfig* c) { c->finite_difference_step = 0.001; }},
      {"--reward_memory_mib=0",
       [](TrainConfig* c) { c->reward_memory_mib = 0; }},
      {"--reward_memory_mib=9000000000000",
       [](TrainConfig* c) { c->reward_memory_mib = 9'000'000'000'000; }},
  };
  for (const auto& [fragment, change] : bad) {
    TrainConfig config = Valid();
    change(&config);
    const absl::Status status = ValidateTrainConfig(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << fragment;
    EXPECT_NE(std::string(status.message()).find(fragment), std::string::npos)
        << fragment << "\n"
        << status;
  }
  const std::vector<Change> good = {
      [](TrainConfig* c) {
        c->horizon = 4;
        c->outer_every = 4;
      },
      [](TrainConfig* c) {
        c->horizon = 100;
        c->truncate = 1;
        c->reward_engine = "layerwise";
      },
      [](TrainConfig* c) {
        c->horizon = 2;
        c->preconditioner = "exact";
      },
      [](TrainConfig* c) { c->validation_momentum = 0.99; },
      [](TrainConfig* c) { c->validation_batch = 1; },
  };
  for (const Change change : good) {
    TrainConfig config = Valid();
    change(&config);
    EXPECT_TRUE(ValidateTrainConfig(config).ok())
        << ValidateTrainConfig(config);
  }
}

// An outer step ends every window.
TEST(TrainConfig, AHorizonSetsOuterEvery) {
  TrainConfig config = Valid();
  config.horizon = 5;
  EXPECT_EQ(config.effective_outer_every(), 5);
  EXPECT_EQ(config.effective_truncate(), 5);
  const std::string text = TrainConfigText(config);
  EXPECT_NE(text.find("--outer_every=5 --horizon=5 --truncate=5 "),
            std::string::npos)
      << text;
  // The text read back is the same run.
  config.outer_every = 5;
  config.truncate = 5;
  EXPECT_EQ(TrainConfigText(config), text);
}

TEST(ValidateTrainConfig, NamesOfWhatItDoesNotKnow) {
  for (std::string TrainConfig::*field :
       {&TrainConfig::optimizer, &TrainConfig::learning_rate_schedule,
        &TrainConfig::logit_norm, &TrainConfig::loss}) {
    TrainConfig config = Valid();
    config.*field = "wrong";
    const absl::Status status = ValidateTrainConfig(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find("'wrong'"), std::string::npos)
        << status;
  }
}

TEST(ValidateTrainConfig, AZscoreNeedsThreePatches) {
  TrainConfig config = Valid();
  config.batch = 2;
  const absl::Status status = ValidateTrainConfig(config);
  EXPECT_NE(
      std::string(status.message()).find("--batch=2 with --logit_norm=zscore"),
      std::string::npos)
      << status;
  config.logit_norm = "none";
  EXPECT_TRUE(ValidateTrainConfig(config).ok());
}

}  // namespace
}  // namespace bild
