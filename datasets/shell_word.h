// Words of commands that messages print, so that they can be pasted.

#ifndef DATASETS_SHELL_WORD_H_
#define DATASETS_SHELL_WORD_H_

#include <string>

namespace bild {

// `text` so that a shell reads it back as one word: official folders have
// spaces and # in their names. In quotes only where it needs them.
std::string ShellWord(const std::string& text);

}  // namespace bild

#endif  // DATASETS_SHELL_WORD_H_
