#include "bild/methods.h"

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

Method Named(const std::string& name) { return FindMethod(name).value(); }

TEST(Methods, Catalogue) {
  std::vector<std::string> names;
  for (const Method& method : MethodCatalog()) names.push_back(method.name);
  EXPECT_EQ(names, (std::vector<std::string>{"plain", "bild", "frozen_random",
                                             "shuffled", "uniform_phi_trained",
                                             "l2rw", "released"}));
  EXPECT_EQ(Named("plain").step_weights, StepWeights::kUniform);
  EXPECT_FALSE(Named("plain").needs_network());
  EXPECT_TRUE(Named("bild").updates_phi());
  EXPECT_FALSE(Named("frozen_random").updates_phi());
  EXPECT_TRUE(Named("frozen_random").needs_network());
  EXPECT_EQ(Named("frozen_random").step_weights, StepWeights::kNetwork);
  EXPECT_TRUE(Named("shuffled").updates_phi());
  EXPECT_EQ(Named("uniform_phi_trained").step_weights, StepWeights::kUniform);
  EXPECT_TRUE(Named("uniform_phi_trained").updates_phi());
  EXPECT_FALSE(Named("l2rw").needs_network());
  EXPECT_EQ(Named("released").phi_learning_rate, 0.05);
  for (const Method& method : MethodCatalog()) {
    EXPECT_EQ(method.sees_validation, method.name != "plain") << method.name;
    EXPECT_FALSE(method.description.empty()) << method.name;
  }
}

TEST(Methods, UnknownName) {
  const auto unknown = FindMethod("Bild");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(unknown.status().message(),
            "--methods: unknown method 'Bild'. Known methods: plain, bild, "
            "frozen_random, shuffled, uniform_phi_trained, l2rw, released.");
}

TEST(CheckMethod, WhatAPublishedAlgorithmFixes) {
  struct Case {
    std::string flag;
    std::function<void(TrainConfig*)> set;
    std::vector<std::string> refused;
  };
  const std::vector<Case> cases = {
      {"nothing", [](TrainConfig*) {}, {}},
      {"--horizon=3",
       [](TrainConfig* c) { c->horizon = 3; },
       {"l2rw", "released"}},
      {"--outer_every=2", [](TrainConfig* c) { c->outer_every = 2; }, {"l2rw"}},
      {"--preconditioner=exact",
       [](TrainConfig* c) { c->preconditioner = "exact"; },
       {"l2rw", "released"}},
      {"--validation_momentum=0.5",
       [](TrainConfig* c) { c->validation_momentum = 0.5; },
       {"released"}},
  };
  for (const Case& one : cases) {
    TrainConfig config;
    one.set(&config);
    std::vector<std::string> refused;
    for (const Method& method : MethodCatalog()) {
      const absl::Status status = CheckMethod(method, config);
      if (status.ok()) continue;
      refused.push_back(method.name);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_NE(std::string(status.message())
                    .find("--methods=" + method.name + " with " + one.flag),
                std::string::npos)
          << status;
    }
    EXPECT_EQ(refused, one.refused) << one.flag;
  }
}

}  // namespace
}  // namespace bild
