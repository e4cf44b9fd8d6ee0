// SHA-256 as the suite's text files hold it.

#ifndef DATASETS_SHA256_TEXT_H_
#define DATASETS_SHA256_TEXT_H_

#include <algorithm>
#include <string>

namespace bild {

// 64 lower-case hexadecimal digits.
inline bool IsSha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace bild

#endif  // DATASETS_SHA256_TEXT_H_
