// Windows of picture files: the bits of the whole picture, at less cost and
// with no damage overlooked.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bild/base/seed.h"
#include "datasets/catalog.h"
#include "datasets/image_reader.h"
#include "datasets/image_store.h"
#include "datasets/jpeg_decoder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"
// jpeglib.h needs <cstdio> before it.
#include "jpeglib.h"

namespace bild {
namespace {

using testing::HasSubstr;

struct JpegKind {
  int horizontal = 2;  // Luma samples for one of chroma.
  int vertical = 2;
  bool is_progressive = false;
  int restart_rows = 0;
};

std::string Jpeg(const Image& image, const JpegKind& kind) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = static_cast<JDIMENSION>(image.width_px);
  encoder.image_height = static_cast<JDIMENSION>(image.height_px);
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 92, TRUE);
  encoder.comp_info[0].h_samp_factor = kind.horizontal;
  encoder.comp_info[0].v_samp_factor = kind.vertical;
  encoder.restart_in_rows = kind.restart_rows;
  if (kind.is_progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  while (encoder.next_scanline < encoder.image_height) {
    auto* row = const_cast<JSAMPLE*>(
        image.rgb.data() + static_cast<size_t>(encoder.next_scanline) *
                               static_cast<size_t>(image.width_px) * 3);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return file;
}

Image Noisy(int64_t width_px, int64_t height_px) {
  Image image = PatternImage(width_px, height_px, 3);
  SeedEngine engine(1, SeedStream::kOrder, 0, 0);
  for (uint8_t& value : image.rgb) {
    value = static_cast<uint8_t>((value + engine.UniformInt(120)) % 256);
  }
  return image;
}

std::vector<uint8_t> Cut(const Image& image, const ImageWindow& window) {
  std::vector<uint8_t> rgb;
  for (int64_t y = window.y_px; y < window.y_px + window.height_px; ++y) {
    const auto row = image.rgb.begin() + (y * image.width_px + window.x_px) * 3;
    rgb.insert(rgb.end(), row, row + window.width_px * 3);
  }
  return rgb;
}

TEST(DecodeJpegWindow, HasTheBitsOfTheWholePicture) {
  SeedEngine engine(2, SeedStream::kOrder, 0, 0);
  for (const JpegKind& kind : std::vector<JpegKind>{{1, 1, false, 0},
                                                    {2, 1, false, 0},
                                                    {1, 2, false, 0},
                                                    {2, 2, false, 0},
                                                    {4, 1, false, 0},
                                                    {2, 2, true, 0},
                                                    {2, 2, false, 1},
                                                    {2, 1, true, 2}}) {
    for (const ImageSize& size :
         std::vector<ImageSize>{{131, 97}, {64, 48}, {50, 160}}) {
      const std::string file = Jpeg(Noisy(size.width_px, size.height_px), kind);
      const Image whole = DecodeJpeg(file).value();
      for (int round = 0; round < 60; ++round) {
        ImageWindow window;
        window.width_px = 1 + static_cast<int64_t>(engine.UniformInt(
                                  static_cast<uint64_t>(size.width_px)));
        window.height_px = 1 + static_cast<int64_t>(engine.UniformInt(
                                   static_cast<uint64_t>(size.height_px)));
        window.x_px = static_cast<int64_t>(engine.UniformInt(
            static_cast<uint64_t>(size.width_px - window.width_px + 1)));
        window.y_px = static_cast<int64_t>(engine.UniformInt(
            static_cast<uint64_t>(size.height_px - window.height_px + 1)));
        const auto part = DecodeJpegWindow(file, window);
        ASSERT_TRUE(part.ok()) << part.status();
        ASSERT_EQ(part->width_px, window.width_px);
        ASSERT_EQ(part->rgb, Cut(whole, window))
            << kind.horizontal << "x" << kind.vertical << " of "
            << size.width_px << "x" << size.height_px << ": " << window.width_px
            << "x" << window.height_px << " at " << window.x_px << ", "
            << window.y_px;
      }
    }
  }
}

// Below the window, where no pixel is asked for.
TEST(DecodeJpegWindow, FindsDamageOutsideTheWindow) {
  std::string file = Jpeg(Noisy(131, 97), {});
  ASSERT_TRUE(DecodeJpegWindow(file, {0, 0, 16, 16}).ok());
  file[file.size() - 40] = '\xff';
  file[file.size() - 39] = '\xd9';
  const auto part = DecodeJpegWindow(file, {0, 0, 16, 16});
  EXPECT_EQ(part.status().code(), absl::StatusCode::kDataLoss);
}

// Through a dataset: JPEG beside PNG, the border rule, a store that is full.
TEST(ViewPart, GivesWhatReadGives) {
  const TemporaryFolder folder;
  for (const std::string scene : {"1400", "1401"}) {
    WritePicture(folder / ("SOTS/indoor/gt/" + scene + ".png"),
                 PatternImage(84, 70, std::stoi(scene)));
    WritePicture(folder / ("SOTS/indoor/hazy/" + scene + "_1.jpg"),
                 PatternImage(64, 50, 1));
    WritePicture(folder / ("SOTS/indoor/hazy/" + scene + "_2.png"),
                 PatternImage(64, 50, 2));
  }
  DatasetRequest request;
  request.name = "sots_indoor";
  request.data_root = folder.path();
  request.allow_partial = true;
  auto opened = OpenDataset(request);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const std::shared_ptr<const PairedDataset> files = *std::move(opened);
  const ImageWindow window{13, 9, 21, 33};
  const std::vector<std::shared_ptr<const PairedDataset>> datasets = {
      files, std::make_shared<ImageStore>(files, 0),
      std::make_shared<ImageStore>(files, 1 << 30)};
  for (const auto& dataset : datasets) {
    for (int64_t index = 0; index < 4; ++index) {
      const ImagePair whole = files->Read(index).value();
      const auto part = dataset->ViewPart(index, window);
      ASSERT_TRUE(part.ok()) << part.status();
      for (const bool is_hazy : {true, false}) {
        const ImageView& view = is_hazy ? part->hazy : part->clear;
        const Image& wanted = is_hazy ? *whole.hazy : *whole.clear;
        const std::vector<uint8_t> rgb = Cut(wanted, window);
        const ImageWindow inner{window.x_px - part->x_px,
                                window.y_px - part->y_px, window.width_px,
                                window.height_px};
        Image held;
        held.width_px = view.width_px;
        held.height_px = view.height_px;
        held.rgb.assign(view.rgb, view.rgb + view.values());
        EXPECT_EQ(Cut(held, inner), rgb);
      }
    }
  }
  // A file that is another one now.
  WritePicture(folder / "SOTS/indoor/hazy/1400_1.jpg", PatternImage(60, 50, 1));
  const auto changed = files->ViewPart(0, window);
  EXPECT_EQ(changed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(changed.status().message()),
              HasSubstr("hazy/1400_1.jpg' was 64x50"));
}

}  // namespace
}  // namespace bild
