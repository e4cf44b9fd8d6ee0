// Any text as one field of a line whose fields stand between tabs.

#ifndef DATASETS_ESCAPED_FIELD_H_
#define DATASETS_ESCAPED_FIELD_H_

#include <string>

namespace bild {

// `field` with \t for a tab, \n for a line feed and \\ for a backslash; without
// these it stays as it is.
std::string EscapedField(const std::string& field);

// The way back. False for what EscapedField does not write: a bare tab or line
// feed, another escape.
bool UnescapeField(const std::string& text, std::string* field);

}  // namespace bild

#endif  // DATASETS_ESCAPED_FIELD_H_
