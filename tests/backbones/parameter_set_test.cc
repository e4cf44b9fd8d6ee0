#include "backbones/parameter_set.h"

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/ones.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// [2, 3] and [2]: eight numbers.
void Declare(ParameterSet& set) {
  set.Add("weight", {2, 3}, 3);
  set.Add("bias", {2}, 3);
}

std::string ErrorOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const c10::Error& error) {
    return error.what();
  }
  return "";
}

TEST(ParameterSet, WindowsIntoOneVectorInOrder) {
  ParameterSet set;
  Declare(set);
  EXPECT_EQ(set.size(), 8);
  EXPECT_FALSE(set.flat().defined());
  EXPECT_FALSE(set.list()[0]->value.defined());
  set.Materialise(at::kDouble);
  EXPECT_EQ(set.flat().count_nonzero().item<int64_t>(), 0);
  {
    const at::NoGradGuard no_grad;
    at::Tensor flat = set.flat();
    flat.copy_(at::arange(8, at::kDouble));
  }
  EXPECT_EQ(set.list()[0]->value[1][2].item<double>(), 5.0);
  EXPECT_EQ(set.list()[1]->value[1].item<double>(), 7.0);
  EXPECT_EQ(set.list()[1]->offset, 6);
  EXPECT_EQ(set.list()[1]->numel, 2);
  for (const at::Tensor& leaf : set.leaves()) {
    EXPECT_TRUE(leaf.is_leaf());
    EXPECT_TRUE(leaf.requires_grad());
  }
  EXPECT_FALSE(set.flat().requires_grad());
}

TEST(ParameterSet, UnflattensWithoutCopies) {
  ParameterSet set;
  Declare(set);
  const at::Tensor vector = at::arange(8, at::kDouble);
  const std::vector<at::Tensor> pieces = set.Unflatten(vector);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0][0][2].item<double>(), 2.0);
  pieces[1].fill_(-1.0);
  EXPECT_EQ(vector[6].item<double>(), -1.0);
  EXPECT_NE(ErrorOf([&] {
              set.Unflatten(at::arange(7, at::kDouble));
            }).find("expected [8], found [7]"),
            std::string::npos);
  EXPECT_THROW(set.Unflatten(vector.view({2, 4})), c10::Error);
}

TEST(ParameterSet, RefusesWhatCannotBeDeclared) {
  ParameterSet set;
  Declare(set);
  EXPECT_NE(
      ErrorOf([&] { set.Add("bias", {4}, 1); }).find("'bias' declared twice"),
      std::string::npos);
  EXPECT_NE(ErrorOf([&] {
              set.Add("empty", {4, 0}, 1);
            }).find("'empty': extent 0"),
            std::string::npos);
  EXPECT_EQ(set.size(), 8);
  set.Materialise(at::kFloat);
  EXPECT_EQ(set.flat().scalar_type(), at::kFloat);
  EXPECT_THROW(set.Add("late", {1}, 1), c10::Error);
  EXPECT_THROW(set.Materialise(at::kFloat), c10::Error);
}

class TangentScopeTest : public testing::Test {
 protected:
  TangentScopeTest() {
    Declare(set_);
    set_.Materialise(at::kDouble);
    const at::NoGradGuard no_grad;
    at::Tensor flat = set_.flat();
    flat.copy_(at::arange(8, at::kDouble) * 0.1);
    before_ = set_.flat().clone();
    leaves_ = set_.leaves();
  }

  // The very tensors of before, of the same bits, and free to be used again.
  void ExpectUntouched() {
    EXPECT_TRUE(set_.flat().equal(before_));
    for (size_t i = 0; i < leaves_.size(); ++i) {
      EXPECT_TRUE(set_.list()[i]->value.is_same(leaves_[i]));
    }
    const at::Tensor square = set_.list()[1]->value.square().sum();
    const at::Tensor gradient =
        torch::autograd::grad({square}, {leaves_[1]})[0];
    EXPECT_TRUE(gradient.equal(leaves_[1].detach() * 2.0));
    const at::NoGradGuard no_grad;
    const TangentScope again(set_, at::ones({8}, at::kDouble));
    EXPECT_DOUBLE_EQ(
        again.TangentOf(set_.list()[1]->value.square().sum()).item<double>(),
        2.0 * (0.6 + 0.7));
  }

  ParameterSet set_;
  at::Tensor before_;
  std::vector<at::Tensor> leaves_;
};

TEST_F(TangentScopeTest, DerivativeByHand) {
  {
    const at::NoGradGuard no_grad;
    const TangentScope tangent(set_, at::arange(8, at::kDouble));
    const Parameter& weight = *set_.list()[0];
    // d/dt sum (w + t v)^2 = 2 sum w v, w = 0.1 v.
    EXPECT_DOUBLE_EQ(
        tangent.TangentOf(weight.value.square().sum()).item<double>(),
        0.2 * (1 + 4 + 9 + 16 + 25));
    const at::Tensor constant = at::ones({3}, at::kDouble);
    EXPECT_TRUE(tangent.TangentOf(constant).equal(constant * 0.0));
  }
  ExpectUntouched();
}

TEST_F(TangentScopeTest, RestoresAfterAnException) {
  try {
    const TangentScope tangent(set_, at::ones({8}, at::kDouble));
    throw std::runtime_error("on the way");
  } catch (const std::runtime_error&) {
  }
  ExpectUntouched();
}

TEST_F(TangentScopeTest, RefusesATangentThatDoesNotFit) {
  EXPECT_THROW(TangentScope(set_, at::ones({7}, at::kDouble)), c10::Error);
  ExpectUntouched();
  EXPECT_THROW(TangentScope(set_, at::ones({8}, at::kLong)), c10::Error);
  ExpectUntouched();
}

TEST_F(TangentScopeTest, OneAtATime) {
  {
    const TangentScope first(set_, at::ones({8}, at::kDouble));
    EXPECT_THROW(TangentScope(set_, at::ones({8}, at::kDouble)), c10::Error);
  }
  ExpectUntouched();
}

}  // namespace
}  // namespace bild
