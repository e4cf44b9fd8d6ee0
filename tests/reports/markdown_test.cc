#include "reports/markdown.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(MarkdownTest, FixedNumbers) {
  EXPECT_EQ(FormatFixed(23.456, 2), "23.46");
  EXPECT_EQ(FormatFixed(-0.001, 2), "0.00");
  EXPECT_EQ(FormatFixed(-0.01, 2), "-0.01");
  EXPECT_EQ(FormatFixed(kInfinity, 2), "∞");
  EXPECT_EQ(FormatFixed(-kInfinity, 2), "-∞");
  EXPECT_EQ(FormatFixed(std::numeric_limits<double>::quiet_NaN(), 2), "n/a");
}

TEST(MarkdownTest, SignedNumbers) {
  EXPECT_EQ(FormatSigned(0.28125, 3), "+0.281");
  EXPECT_EQ(FormatSigned(-0.5, 1), "-0.5");
  EXPECT_EQ(FormatSigned(0.0001, 2), "0.00");
  EXPECT_EQ(FormatSigned(-0.0001, 2), "0.00");
  EXPECT_EQ(FormatSigned(kInfinity, 2), "+∞");
}

TEST(MarkdownTest, SpreadOverSeeds) {
  EXPECT_EQ(FormatMeanAndSd(Summarise({31.25, 31.5, 31.125}), 2),
            "31.29 ± 0.19");
  EXPECT_EQ(FormatMeanAndSd(Summarise({31.25}), 2), "31.25 (1 seed)");
  EXPECT_EQ(FormatMeanAndSd(Summarise({100.0, 100.0}), 2, "†"),
            "100.00† ± 0.00");
  EXPECT_EQ(FormatMeanAndSd(Summarise({kInfinity, 30.0}), 2, "†"), "∞†");
  EXPECT_EQ(FormatSignedMeanAndSd(Summarise({0.25, 0.3125, 0.28125}), 3),
            "+0.281 ± 0.031");
}

TEST(MarkdownTest, TextThatMeansNothingToMarkdown) {
  EXPECT_EQ(Code("ffa[dim=16]"), "`ffa[dim=16]`");
  EXPECT_EQ(Code(""), "");
  EXPECT_EQ(Code("a`b``c"), "``` a`b``c ```");
  EXPECT_EQ(PlainText("a*b`c<d\\e\nf_g"), "a\\*b\\`c\\<d\\\\e f_g");
  EXPECT_EQ(Count(1, "seed"), "1 seed");
  EXPECT_EQ(Count(0, "seed"), "0 seeds");
}

TEST(MarkdownTest, FootnoteOfIdenticalImages) {
  EXPECT_EQ(IdenticalFootnote("`bild`, seed 2", 3, 140),
            "\n† `bild`, seed 2: 3 of 140 images identical to the clear "
            "image.\n");
}

TEST(MarkdownTest, TablesArePaddedByWhatAReaderSees) {
  MarkdownTable table({"Method", "PSNR"}, 1);
  table.AddRow({"plain", "1 ± 0.5"});
  table.AddRow({"a|b\nc", "100†"});
  EXPECT_EQ(table.ToText(),
            "| Method |    PSNR |\n"
            "| :----- | ------: |\n"
            "| plain  | 1 ± 0.5 |\n"
            "| a\\|b c |    100† |\n");
}

TEST(MarkdownTest, ColumnsWithoutACellAreLeftOut) {
  MarkdownTable table({"A", "B", "C"}, 1);
  table.AddRow({"x", "", "1"});
  table.AddRow({"y", "", ""});
  EXPECT_EQ(table.ToText(),
            "| A   |   C |\n"
            "| :-- | --: |\n"
            "| x   |   1 |\n"
            "| y   |     |\n");
}

}  // namespace
}  // namespace bild
