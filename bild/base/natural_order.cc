#include "bild/base/natural_order.h"

#include <cstddef>

namespace bild {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The run of digits at `*at` without leading zeros; moves `*at` behind it.
std::string TakeNumber(const std::string& text, size_t* at) {
  std::string digits;
  for (; *at < text.size() && IsDigit(text[*at]); ++*at) {
    if (!digits.empty() || text[*at] != '0') digits += text[*at];
  }
  return digits;
}

}  // namespace

bool NaturalLess(const std::string& a, const std::string& b) {
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (IsDigit(a[i]) && IsDigit(b[j])) {
      const std::string left = TakeNumber(a, &i);
      const std::string right = TakeNumber(b, &j);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
    } else {
      const auto left = static_cast<unsigned char>(a[i++]);
      const auto right = static_cast<unsigned char>(b[j++]);
      if (left != right) return left < right;
    }
  }
  if (i == a.size() && j == b.size()) return a < b;
  return i == a.size();
}

}  // namespace bild
