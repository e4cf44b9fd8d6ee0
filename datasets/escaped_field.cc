#include "datasets/escaped_field.h"

#include <cstddef>

namespace bild {

std::string EscapedField(const std::string& field) {
  std::string text;
  for (const char c : field) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

bool UnescapeField(const std::string& text, std::string* field) {
  field->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\t' || text[i] == '\n') return false;
    if (text[i] != '\\') {
      *field += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    if (text[i] == '\\') {
      *field += '\\';
    } else if (text[i] == 't') {
      *field += '\t';
    } else if (text[i] == 'n') {
      *field += '\n';
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace bild
