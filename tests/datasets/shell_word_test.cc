#include "datasets/shell_word.h"

#include <array>
#include <cstdio>

#include "gtest/gtest.h"

namespace bild {
namespace {

// What a shell hands to a program that is given the word.
std::string ByAShell(const std::string& word) {
  FILE* const pipe = ::popen(("printf %s " + word).c_str(), "r");
  std::string text;
  std::array<char, 256> buffer;
  for (size_t count = 0;
       (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), count);
  }
  ::pclose(pipe);
  return text;
}

TEST(ShellWord, IsQuotedWhereItNeedsToBe) {
  EXPECT_EQ(ShellWord("/data/SOTS_indoor/a-b.c"), "/data/SOTS_indoor/a-b.c");
  EXPECT_EQ(ShellWord("D/# O-HAZY NTIRE 2018"), "'D/# O-HAZY NTIRE 2018'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellWord(""), "''");
}

TEST(ShellWord, ReadsBack) {
  for (const std::string text :
       {"plain", "# a b", "it's \"it\"", "$HOME `ls` \\n", "~", "a\nb\tc",
        "\xff\xfe", "*?[x]", "&;|<>()", "''", "!"}) {
    EXPECT_EQ(ByAShell(ShellWord(text)), text);
  }
}

}  // namespace
}  // namespace bild
