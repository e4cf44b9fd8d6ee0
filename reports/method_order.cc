#include "reports/method_order.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

namespace bild {
namespace {

bool ComesBefore(std::initializer_list<const char*> first, const std::string& a,
                 const std::string& b) {
  const auto rank = [&first](const std::string& name) {
    return std::find(first.begin(), first.end(), name) - first.begin();
  };
  return std::make_pair(rank(a), a) < std::make_pair(rank(b), b);
}

}  // namespace

bool MethodComesBefore(const std::string& a, const std::string& b) {
  return ComesBefore({"input", "plain", "bild", "frozen_random", "released",
                      "uniform_phi_trained", "shuffled", "l2rw"},
                     a, b);
}

bool ProfileComesBefore(const std::string& a, const std::string& b) {
  return ComesBefore({"default", "ffa", "grid-bild", "dehazeformer",
                      "basicsr-rgb", "basicsr-y", "matlab-gray"},
                     a, b);
}

bool CheckpointComesBefore(const std::string& a, const std::string& b) {
  return ComesBefore({"best@val", "last"}, a, b);
}

}  // namespace bild
