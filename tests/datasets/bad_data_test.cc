// Bad files in a dataset: each kind is found when the set is opened, named, and
// reported together with the others; some kinds are taken on purpose.

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/catalog.h"
#include "datasets/image_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/opened_dataset.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(BadData, SizesThatDifferAreAnError) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  WritePicture(root / "clear/b.png", PatternImage(44, 41, 1));
  const Opened opened = Open("pair", root.path());
  EXPECT_EQ(opened.dataset.status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(opened), HasSubstr("2 of 4 pairs differ in size"));
  EXPECT_THAT(Message(opened), HasSubstr("b_1.png' is 24x20, '"));
  EXPECT_THAT(Message(opened), HasSubstr("b.png' is 44x41"));
}

TEST(BadData, FindsBadFilesBeforeAnythingIsUsed) {
  const std::string whole = EncodePng(PatternImage(24, 20, 9)).value();
  const struct {
    std::string bytes;
    absl::StatusCode code;
    std::string fragment;
  } cases[] = {
      {"", absl::StatusCode::kDataLoss, "is empty (0 bytes)"},
      {whole.substr(0, whole.size() / 2), absl::StatusCode::kDataLoss,
       "is cut off: it ends before the end of chunk IDAT"},
      {EncodeJpeg(PatternImage(24, 20, 1)).value().substr(0, 700),
       absl::StatusCode::kDataLoss, "is cut off"},
      {"text", absl::StatusCode::kInvalidArgument, "is not a PNG, JPEG or BMP"},
      {PngHeaderOnly(24, 20, 16, 2), absl::StatusCode::kInvalidArgument,
       "has 16 bits a channel"},
      {PngHeaderOnly(24, 20, 8, 0), absl::StatusCode::kInvalidArgument,
       "is a grey picture"},
      {PngHeaderOnly(24, 20, 8, 3), absl::StatusCode::kInvalidArgument,
       "is a palette picture"},
      {PngHeaderOnly(24, 20, 8, 6), absl::StatusCode::kDataLoss, "is cut off"},
  };
  for (const auto& c : cases) {
    const TemporaryFolder root;
    WriteSmallPairSet(root);
    WriteBytes(root / "hazy/a_2.png", c.bytes);
    const Opened opened = Open("pair", root.path());
    EXPECT_EQ(opened.dataset.status().code(), c.code) << c.fragment;
    EXPECT_THAT(Message(opened), HasSubstr("1 of 6 pictures cannot be used"));
    EXPECT_THAT(Message(opened), HasSubstr("hazy/a_2.png' "));
    EXPECT_THAT(Message(opened), HasSubstr(c.fragment));
  }
}

// After the set was opened, as damage is that only a decoder finds.
TEST(BadData, BothPicturesOfAPairAreNamed) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << Message(opened);
  WriteBytes(root / "hazy/a_1.png", "text");
  const auto read = [&opened] {
    return std::string((*opened.dataset)->Read(0).status().message());
  };
  EXPECT_THAT(read(), AllOf(HasSubstr("hazy/a_1.png' is not a PNG"),
                            Not(HasSubstr("clear"))));
  WriteBytes(root / "clear/a.png", "");
  EXPECT_THAT(read(), AllOf(HasSubstr("hazy/a_1.png' is not a PNG"),
                            HasSubstr(" And its clear picture: '"),
                            HasSubstr("clear/a.png' is empty (0 bytes)")));
}

TEST(BadData, ReportsAllKindsOfProblemsTogether) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  WriteBytes(root / "hazy/a_2.png", "");
  WritePicture(root / "hazy/c_1.png", PatternImage(24, 20, 1));
  WritePicture(root / "hazy/b_1.jpg", PatternImage(24, 20, 1));
  WritePicture(root / "clear/b.png", PatternImage(25, 20, 1));
  const std::string text = Message(Open("pair", root.path()));
  EXPECT_THAT(text, HasSubstr("1 ids with two files"));
  EXPECT_THAT(text, HasSubstr("1 of 6 hazy pictures have no clear partner"));
  EXPECT_THAT(text, HasSubstr("1 of 6 pictures cannot be used"));
  EXPECT_THAT(text, HasSubstr("2 of 4 pairs differ in size"));
}

TEST(BadData, NotesAFileWithAnotherFormatThanItsName) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  WriteBytes(root / "hazy/a_1.png",
             EncodeJpeg(PatternImage(24, 20, 1)).value());
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_THAT(opened.notes, Contains(HasSubstr("hazy/a_1.png' is a JPEG")));
}

// A transparent colour counts where it is used, however far into the file it is
// declared.
TEST(BadData, ATransparentColourBehindAProfileIsFoundOnOpening) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  const Image image = PatternImage(24, 20, 9);
  const auto with_transparent = [&image](uint8_t red) {
    const std::string key = {0, static_cast<char>(red),
                             0, static_cast<char>(image.rgb[1]),
                             0, static_cast<char>(image.rgb[2])};
    std::string bytes = EncodePng(image).value();
    return bytes.insert(8 + 25, PngChunk("iCCP", std::string(5000, 'x')) +
                                    PngChunk("tRNS", key));
  };
  WriteBytes(root / "hazy/a_1.png",
             with_transparent(static_cast<uint8_t>(image.rgb[0] + 1)));
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_THAT(opened.notes,
              Contains(HasSubstr("1 pictures have an alpha channel, 255 "
                                 "everywhere: dropped")));
  WriteBytes(root / "hazy/a_1.png", with_transparent(image.rgb[0]));
  EXPECT_THAT(Message(Open("pair", root.path())),
              HasSubstr("hazy/a_1.png' has an alpha channel with value 0 at x "
                        "= 0, y = 0"));
}

TEST(BadData, AFileThatChangesLaterIsAnErrorOfRead) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok());
  WritePicture(root / "hazy/a_1.png", PatternImage(10, 10, 1));
  EXPECT_THAT(std::string((*opened.dataset)->Read(0).status().message()),
              HasSubstr("the files changed since the set was opened"));
  std::filesystem::remove(root / "hazy/a_1.png");
  EXPECT_EQ((*opened.dataset)->Read(0).status().code(),
            absl::StatusCode::kNotFound);
}

// --- Kinds of pictures that are taken on purpose ----

Opened OpenWith(const std::string& root, bool expand_grey, bool depth16,
                const std::string& name = "pair") {
  Opened opened;
  DatasetRequest request;
  request.name = name;
  request.data_root = root;
  request.allow_partial = true;
  request.reading = {expand_grey, depth16};
  request.notes = &opened.notes;
  opened.dataset = OpenDataset(request);
  return opened;
}

TEST(BadData, ExpandsGreyAndPaletteOnPurpose) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  WriteBytes(root / "hazy/a_1.png", GreyPng(24, 20, 77));
  WriteBytes(root / "hazy/a_2.png", PalettePng(24, 20, {9, 8, 7}));
  const Opened refused = OpenWith(root.path(), false, false);
  EXPECT_THAT(Message(refused), HasSubstr("2 of 6 pictures cannot be used"));
  EXPECT_THAT(Message(refused), HasSubstr("--expand_grey"));
  const Opened opened = OpenWith(root.path(), true, false);
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_THAT((*opened.dataset)->invalid_reasons(),
              ElementsAre("2 grey or palette pictures expanded "
                          "(--expand_grey)"));
  const Image grey = *(*opened.dataset)->Read(0)->hazy;
  EXPECT_EQ(grey.rgb, std::vector<uint8_t>(24 * 20 * 3, 77));
  const Image palette = *(*opened.dataset)->Read(1)->hazy;
  EXPECT_EQ(palette.rgb[0], 9);
  EXPECT_EQ(palette.rgb[1], 8);
  EXPECT_EQ(palette.rgb.back(), 7);
}

TEST(BadData, Keeps16BitsOfPairOnPurpose) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  WriteBytes(root / "hazy/a_1.png", DeepPng(24, 20, {1, 256, 65535}));
  EXPECT_THAT(Message(OpenWith(root.path(), false, false)),
              HasSubstr("has 16 bits a channel"));
  const Opened opened = OpenWith(root.path(), false, true);
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  const auto pair = (*opened.dataset)->Read(0);
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_TRUE(pair->hazy->rgb.empty());
  ASSERT_EQ(pair->hazy->rgb16.size(), 24u * 20 * 3);
  EXPECT_EQ(pair->hazy->rgb16[0], 1);
  EXPECT_EQ(pair->hazy->rgb16[1], 256);
  EXPECT_EQ(pair->hazy->rgb16[2], 65535);
  EXPECT_TRUE(pair->clear->rgb16.empty());
  WriteBytes(root / "hazy/1_1.png", DeepPng(24, 20, {1, 2, 3}));
  WritePicture(root / "clear/1.png", PatternImage(24, 20, 1));
  const Opened its = OpenWith(root.path(), false, true, "its");
  EXPECT_EQ(its.dataset.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(its), HasSubstr("--depth16 is for --dataset=pair"));
}

// Names may hold anything that a file system takes, but for a line break.
TEST(BadData, OddNamesAreFineAndALineBreakIsNot) {
  const TemporaryFolder root;
  for (const std::string name :
       {"a b", "it's \"it\"", "#1", "\xff\xfe,;", "\t", "-"}) {
    WritePicture(root / ("hazy/" + name + "_hazy.png"), PatternImage(8, 6, 1));
    WritePicture(root / ("clear/" + name + ".png"),
                 PatternImage(8, 6, static_cast<int64_t>(name.size())));
  }
  const Opened opened = Open("pair", root.path());
  ASSERT_TRUE(opened.dataset.ok()) << opened.dataset.status();
  EXPECT_EQ((*opened.dataset)->pairs().size(), 6u);
  EXPECT_TRUE((*opened.dataset)->Read(5).ok());
  WritePicture(root / "hazy/x\ny.png", PatternImage(8, 6, 1));
  const Opened refused = Open("pair", root.path());
  EXPECT_EQ(refused.dataset.status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(refused), HasSubstr("'x?y.png'"));
}

TEST(BadData, FoldersPipesAndBrokenLinksInPlaceOfFiles) {
  const TemporaryFolder root;
  WriteSmallPairSet(root);
  std::filesystem::remove(root / "hazy/a_1.png");
  std::filesystem::create_directory(root / "hazy/a_1.png");
  std::filesystem::remove(root / "hazy/a_2.png");
  std::filesystem::create_symlink("gone.png", root / "hazy/a_2.png");
  std::filesystem::remove(root / "hazy/b_1.png");
  ASSERT_EQ(::mkfifo((root / "hazy/b_1.png").c_str(), 0600), 0);
  const std::string text = Message(Open("pair", root.path()));
  EXPECT_THAT(text, HasSubstr("3 of 6 pictures cannot be used"));
  EXPECT_THAT(text, HasSubstr("a_1.png': it is a folder, expected a file"));
  EXPECT_THAT(text, HasSubstr("a_2.png': No such file or directory. It is a "
                              "link whose target is missing."));
  EXPECT_THAT(text, HasSubstr("b_1.png': it is no regular file"));
}

}  // namespace
}  // namespace bild
