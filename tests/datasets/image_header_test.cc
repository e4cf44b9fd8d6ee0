#include "datasets/image_header.h"

#include <sys/stat.h>

#include <filesystem>

#include "bild/base/seed.h"
#include "datasets/image_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::HasSubstr;

// A BMP header: 24 bits, uncompressed, unless told otherwise.
std::string BmpHeader(int32_t width, int32_t height, int depth,
                      int compression) {
  std::string bytes = "BM" + std::string(52, '\0');
  const auto put = [&](size_t at, uint32_t value, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      bytes[at + i] = static_cast<char>(value >> (8 * i));
    }
  };
  put(10, 54, 4);
  put(14, 40, 4);
  put(18, static_cast<uint32_t>(width), 4);
  put(22, static_cast<uint32_t>(height), 4);
  put(28, static_cast<uint32_t>(depth), 2);
  put(30, static_cast<uint32_t>(compression), 4);
  return bytes;
}

TEST(ParseImageHeader, ReadsFormatAndSize) {
  const auto png = ParseImageHeader(EncodePng(PatternImage(31, 17, 1)).value());
  ASSERT_TRUE(png.ok()) << png.status();
  EXPECT_EQ(png->format, ImageFormat::kPng);
  EXPECT_EQ(png->width_px, 31);
  EXPECT_EQ(png->height_px, 17);
  EXPECT_FALSE(png->has_alpha);

  const auto jpeg =
      ParseImageHeader(EncodeJpeg(PatternImage(300, 17, 1)).value());
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  EXPECT_EQ(jpeg->format, ImageFormat::kJpeg);
  EXPECT_EQ(jpeg->width_px, 300);
  EXPECT_EQ(jpeg->height_px, 17);

  // A negative height: rows from top to bottom.
  const auto bmp = ParseImageHeader(BmpHeader(5, -7, 24, 0));
  ASSERT_TRUE(bmp.ok()) << bmp.status();
  EXPECT_EQ(bmp->format, ImageFormat::kBmp);
  EXPECT_EQ(bmp->width_px, 5);
  EXPECT_EQ(bmp->height_px, 7);
}

TEST(ParseImageHeader, SeesAlphaAndTransparentColours) {
  const auto alpha = ParseImageHeader(PngHeaderOnly(4, 4, 8, 6));
  ASSERT_TRUE(alpha.ok()) << alpha.status();
  EXPECT_TRUE(alpha->has_alpha);
  const auto transparent = ParseImageHeader(
      PngHeaderOnly(4, 4, 8, 2) + PngChunk("tRNS", std::string(6, '\0')));
  ASSERT_TRUE(transparent.ok()) << transparent.status();
  EXPECT_TRUE(transparent->has_alpha);
}

TEST(ParseImageHeader, RefusesOtherKindsByName) {
  const struct {
    std::string bytes;
    absl::StatusCode code;
    std::string fragment;
  } cases[] = {
      {"", absl::StatusCode::kDataLoss, "is empty (0 bytes)"},
      {PngHeaderOnly(4, 4, 16, 2), absl::StatusCode::kInvalidArgument,
       "has 16 bits a channel"},
      {PngHeaderOnly(4, 4, 8, 0), absl::StatusCode::kInvalidArgument,
       "grey picture of 8 bits"},
      {PngHeaderOnly(4, 4, 16, 4), absl::StatusCode::kInvalidArgument,
       "grey picture of 16 bits"},
      {PngHeaderOnly(4, 4, 8, 3), absl::StatusCode::kInvalidArgument,
       "palette picture"},
      {PngHeaderOnly(4, 4, 8, 5), absl::StatusCode::kDataLoss,
       "no colour type 5"},
      {PngHeaderOnly(0, 4, 8, 2), absl::StatusCode::kDataLoss, "size is 0x4"},
      {PngHeaderOnly(16385, 16384, 8, 2), absl::StatusCode::kInvalidArgument,
       "16385x16384, more than the 268435456 pixels"},
      {PngHeaderOnly(4294967295u, 4294967295u, 8, 2),
       absl::StatusCode::kInvalidArgument, "more than the 268435456 pixels"},
      {JpegHeaderOnly(4, 4, 8, 1), absl::StatusCode::kInvalidArgument,
       "grey picture"},
      {JpegHeaderOnly(4, 4, 8, 4), absl::StatusCode::kInvalidArgument,
       "CMYK or YCCK"},
      {JpegHeaderOnly(4, 4, 12, 3), absl::StatusCode::kInvalidArgument,
       "has 12 bits a channel"},
      {JpegHeaderOnly(65500, 65500, 8, 3), absl::StatusCode::kInvalidArgument,
       "65500x65500, more than"},
      {BmpHeader(4, 4, 8, 0), absl::StatusCode::kInvalidArgument,
       "palette picture (8-bit BMP)"},
      {BmpHeader(4, 4, 32, 0), absl::StatusCode::kInvalidArgument,
       "a 32-bit or packed BMP"},
      {"GIF89a......", absl::StatusCode::kInvalidArgument, "but a GIF"},
      {"RIFF....WEBPVP8 ", absl::StatusCode::kInvalidArgument, "but a WebP"},
      // Too short to tell.
      {"RIFF", absl::StatusCode::kInvalidArgument,
       "starting with bytes 52 49 46 46"},
      {"<html><body>", absl::StatusCode::kInvalidArgument,
       "starting with bytes 3c 68 74 6d 6c 3e 3c 62"},
  };
  for (const auto& c : cases) {
    const auto header = ParseImageHeader(c.bytes);
    EXPECT_EQ(header.status().code(), c.code) << c.fragment;
    EXPECT_THAT(std::string(header.status().message()), HasSubstr(c.fragment));
  }
}

// Shorter than what tells a WebP from other RIFF files.
// What the decoders' 32-bit counts cannot hold is refused from the header.
TEST(ParseImageHeader, RefusesWhatIsTooLarge) {
  const auto refusal = [](const std::string& bytes) {
    const auto header = ParseImageHeader(bytes, {false, /*depth16=*/true});
    EXPECT_EQ(header.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(header.status().message());
  };
  EXPECT_TRUE(ParseImageHeader(PngHeaderOnly(16384, 16384, 8, 6)).ok());
  EXPECT_THAT(refusal(PngHeaderOnly(16384, 16385, 8, 2)),
              HasSubstr("is 16384x16385, more than the 268435456 pixels"));
  // 2^31 bytes with 16 bits; one row fewer is read.
  EXPECT_THAT(refusal(PngHeaderOnly(16384, 16384, 16, 2)),
              HasSubstr("is 16384x16384 with 16 bits a channel, 2147483648 "
                        "bytes where 2147483647 are read"));
  EXPECT_TRUE(ParseImageHeader(PngHeaderOnly(16384, 16383, 16, 2),
                               {false, /*depth16=*/true})
                  .ok());
  EXPECT_TRUE(ParseImageHeader(PngHeaderOnly(1000000, 2, 8, 2)).ok());
  for (const std::string& bytes :
       {PngHeaderOnly(1000001, 2, 8, 2), PngHeaderOnly(2, 1000001, 8, 2),
        BmpHeader(1000001, 2, 24, 0), BmpHeader(2, -1000001, 24, 0)}) {
    EXPECT_THAT(refusal(bytes), HasSubstr("a side longer than the 1000000"));
  }
}

TEST(ParseImageHeader, RefusesCutOffRiffFiles) {
  const std::string webp = "RIFF....WEBP";
  for (size_t size = 1; size < webp.size(); ++size) {
    EXPECT_FALSE(ParseImageHeader(webp.substr(0, size)).ok()) << size;
  }
}

TEST(ParseImageHeader, AnyPrefixOfAHeaderAsksForMore) {
  for (const std::string& bytes :
       {PngHeaderOnly(4, 5, 8, 2), JpegHeaderOnly(4, 5, 8, 3).substr(0, 12),
        BmpHeader(4, 5, 24, 0).substr(0, 34)}) {
    ASSERT_TRUE(ParseImageHeader(bytes).ok());
    // From the length on at which the format is known.
    for (size_t size = 8; size < bytes.size(); ++size) {
      EXPECT_EQ(ParseImageHeader(bytes.substr(0, size)).status().code(),
                absl::StatusCode::kOutOfRange)
          << size;
    }
  }
}

// Whatever the bytes: no crash, and nothing impossible is let through.
TEST(ParseImageHeader, SurvivesDamage) {
  SeedEngine engine(1, SeedStream::kInit, 0, 0);
  const std::string starts[] = {EncodePng(PatternImage(9, 7, 1)).value(),
                                EncodeJpeg(PatternImage(9, 7, 1)).value(),
                                BmpHeader(9, 7, 24, 0),
                                std::string("\xff\xd8\xff", 3)};
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = starts[engine.UniformInt(4)];
    const uint64_t changes = 1 + engine.UniformInt(8);
    for (uint64_t i = 0; i < changes; ++i) {
      const size_t most = std::min<size_t>(bytes.size(), 64);
      bytes[engine.UniformInt(most)] = static_cast<char>(engine.Next());
    }
    bytes.resize(engine.UniformInt(bytes.size() + 1));
    if (round % 4 == 0) {
      bytes.resize(bytes.size() + engine.UniformInt(200));
      for (size_t i = 3; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(engine.Next());
      }
    }
    const auto header = ParseImageHeader(bytes);
    if (!header.ok()) continue;
    EXPECT_GE(header->width_px, 1);
    EXPECT_GE(header->height_px, 1);
    EXPECT_LE(header->width_px * header->height_px, kMostPixels);
  }
}

TEST(InspectImage, FindsFilesThatWereCutOff) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.png";
  for (const std::string& whole :
       {EncodePng(PatternImage(40, 30, 1)).value(),
        EncodeJpeg(PatternImage(40, 30, 1)).value(),
        BmpHeader(40, 30, 24, 0) + std::string(40 * 3 * 30, 'x')}) {
    WriteBytes(path, whole);
    const auto header = InspectImage(path);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->width_px, 40);
    // Bytes after the picture are harmless.
    WriteBytes(path, whole + "trailing");
    EXPECT_TRUE(InspectImage(path).ok());
    for (size_t size = 8; size < whole.size(); size += 13) {
      WriteBytes(path, whole.substr(0, size));
      EXPECT_EQ(InspectImage(path).status().code(), absl::StatusCode::kDataLoss)
          << size << " " << InspectImage(path).status();
    }
  }
}

// Metadata of 60 KB before the frame: the header lies beyond the prefix.
TEST(InspectImage, ReadsPastLargeMetadata) {
  const TemporaryFolder folder;
  std::string bytes = EncodeJpeg(PatternImage(40, 30, 1)).value();
  bytes.insert(2, "\xff\xe1\xea\x60" + std::string(0xea60 - 2, '\xd9'));
  WriteBytes(folder / "a.jpg", bytes);
  const auto header = InspectImage(folder / "a.jpg");
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->height_px, 30);
  WriteBytes(folder / "b.jpg", bytes.substr(0, 50000));
  EXPECT_THAT(std::string(InspectImage(folder / "b.jpg").status().message()),
              HasSubstr("is cut off: it ends inside its header (50000 bytes)"));
}

// A colour profile, or a thousand notes, in front of a transparent colour: it
// lies beyond the prefix, in a file that is not read whole for it.
TEST(InspectImage, SeesATransparentColourBehindLargeMetadata) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.png";
  const std::string png = EncodePng(PatternImage(40, 30, 1)).value();
  const std::string transparent = PngChunk("tRNS", std::string(6, '\0'));
  std::string notes;
  for (int i = 0; i < 2000; ++i) notes += PngChunk("tEXt", "a");
  for (const std::string& metadata :
       {PngChunk("iCCP", std::string(5000, 'x')), notes,
        PngChunk("iCCP", std::string(4096 - 8 - 25 - 12 - 4, 'x'))}) {
    std::string bytes = png;
    WriteBytes(path, bytes.insert(8 + 25, metadata));
    ASSERT_TRUE(InspectImage(path).ok()) << InspectImage(path).status();
    EXPECT_FALSE(InspectImage(path)->has_alpha);
    WriteBytes(path, bytes.insert(8 + 25 + metadata.size(), transparent));
    ASSERT_TRUE(InspectImage(path).ok()) << InspectImage(path).status();
    EXPECT_TRUE(InspectImage(path)->has_alpha);
    // Behind the pixels it says nothing.
    bytes = png;
    bytes.insert(8 + 25, metadata);
    WriteBytes(path, bytes.insert(bytes.size() - 12, transparent));
    EXPECT_FALSE(InspectImage(path)->has_alpha);
  }
}

// From its size alone: a hole of 3 GiB is never read.
TEST(InspectImage, RefusesAFileThatIsTooLarge) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.bmp";
  WriteBytes(path, BmpHeader(40, 30, 24, 0));
  std::filesystem::resize_file(path, int64_t{3} << 30);
  const absl::Status status = InspectImage(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("a.bmp' is a file of more than the 2147483647 bytes "
                        "that are read, expected a picture (3221225472"));
}

TEST(InspectImage, SaysWhyAFileCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(InspectImage(folder / "no.png").status().code(),
            absl::StatusCode::kNotFound);
  std::filesystem::create_symlink("nowhere.png", folder / "link.png");
  const auto link = InspectImage(folder / "link.png").status();
  EXPECT_EQ(link.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(link.message()),
              HasSubstr("link whose target is missing"));
  std::filesystem::create_directory(folder / "folder.png");
  const auto is_folder = InspectImage(folder / "folder.png").status();
  EXPECT_EQ(is_folder.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(is_folder.message()), HasSubstr("it is a folder"));
  // A pipe nobody writes to must not hang the program.
  ASSERT_EQ(::mkfifo((folder / "pipe.png").c_str(), 0600), 0);
  EXPECT_EQ(InspectImage(folder / "pipe.png").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ExtensionFits, IgnoresCase) {
  EXPECT_TRUE(ExtensionFits("a/b.PNG", ImageFormat::kPng));
  EXPECT_TRUE(ExtensionFits("a.b.Jpeg", ImageFormat::kJpeg));
  EXPECT_FALSE(ExtensionFits("a.png", ImageFormat::kJpeg));
  EXPECT_FALSE(ExtensionFits("a.png/b", ImageFormat::kPng));
}

}  // namespace
}  // namespace bild
