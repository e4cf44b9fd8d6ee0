#include "datasets/jpeg_decoder.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "datasets/image_header.h"
#include "fmt/format.h"
// jpeglib.h needs <cstdio> before it.
#include "jpeglib.h"

namespace bild {
namespace {

// Our end of libjpeg's error handling. `base` comes first: the library hands
// back a pointer to it.
struct ErrorState {
  jpeg_error_mgr base;
  jmp_buf escape;
  char reason[JMSG_LENGTH_MAX];
};

// Leaves the decoder, for errors and for warnings alike.
[[noreturn]] void Escape(j_common_ptr decoder) {
  auto* state = reinterpret_cast<ErrorState*>(decoder->err);
  decoder->err->format_message(decoder, state->reason);
  std::longjmp(state->escape, 1);
}

void OnMessage(j_common_ptr decoder, int level) {
  if (level < 0) Escape(decoder);  // Levels from 0 on are traces.
}

void OnOutput(j_common_ptr) {}

// Plain C between setjmp and longjmp: nothing here has a destructor. Gives
// false with state->reason set. `row` has room for a row of the whole picture,
// `rgb` for the window.
//
// Smooth upsampling looks one chroma sample beyond each edge, so a block more
// is decoded on every side, and the window is cut out of that.
bool Decode(const unsigned char* bytes, size_t size, const ImageSize& whole,
            const ImageWindow& window, uint8_t* row, uint8_t* rgb,
            ErrorState* state) {
  jpeg_decompress_struct decoder;
  std::memset(&decoder, 0, sizeof decoder);
  decoder.err = jpeg_std_error(&state->base);
  state->base.error_exit = Escape;
  state->base.emit_message = OnMessage;
  state->base.output_message = OnOutput;
  state->reason[0] = '\0';
  if (setjmp(state->escape) != 0) {
    jpeg_destroy_decompress(&decoder);
    return false;
  }
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, bytes, static_cast<unsigned long>(size));
  jpeg_read_header(&decoder, TRUE);
  decoder.out_color_space = JCS_RGB;
  decoder.dct_method = JDCT_ISLOW;
  decoder.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&decoder);
  const bool is_as_expected =
      decoder.output_components == 3 &&
      static_cast<int64_t>(decoder.output_width) == whole.width_px &&
      static_cast<int64_t>(decoder.output_height) == whole.height_px;
  if (!is_as_expected) {
    std::strcpy(state->reason, "its frame is not what its header says");
    jpeg_destroy_decompress(&decoder);
    return false;
  }
  const int64_t block_width_px = decoder.max_h_samp_factor * DCTSIZE;
  const int64_t block_height_px = decoder.max_v_samp_factor * DCTSIZE;
  JDIMENSION left_px = 0;
  if (window.width_px < whole.width_px) {
    const int64_t start = std::max<int64_t>(0, window.x_px - block_width_px);
    const int64_t end = std::min(
        whole.width_px, window.x_px + window.width_px + block_width_px);
    left_px = static_cast<JDIMENSION>(start);
    auto width_px = static_cast<JDIMENSION>(end - start);
    jpeg_crop_scanline(&decoder, &left_px, &width_px);
  }
  const int64_t top_px = window.y_px - block_height_px;
  if (top_px > 0) {
    jpeg_skip_scanlines(&decoder, static_cast<JDIMENSION>(top_px));
  }
  const auto row_bytes = static_cast<size_t>(window.width_px) * 3;
  const size_t before_bytes = static_cast<size_t>(window.x_px - left_px) * 3;
  const int64_t end_px = window.y_px + window.height_px;
  while (static_cast<int64_t>(decoder.output_scanline) < end_px) {
    const int64_t y_px = decoder.output_scanline;
    JSAMPROW to = row;
    jpeg_read_scanlines(&decoder, &to, 1);
    if (y_px < window.y_px) continue;
    std::memcpy(rgb + static_cast<size_t>(y_px - window.y_px) * row_bytes,
                row + before_bytes, row_bytes);
  }
  // The rest is read too, so that damage in it is found: skipping to the very
  // end would look at nothing, so the last row is decoded.
  if (decoder.output_scanline + 1 < decoder.output_height) {
    jpeg_skip_scanlines(&decoder,
                        decoder.output_height - decoder.output_scanline - 1);
  }
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW to = row;
    jpeg_read_scanlines(&decoder, &to, 1);
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return true;
}

}  // namespace

absl::StatusOr<Image> DecodeJpeg(const std::string& bytes,
                                 const ImageRules& rules) {
  const absl::StatusOr<ImageHeader> header = ParseImageHeader(bytes, rules);
  if (!header.ok()) return header.status();
  return DecodeJpegWindow(bytes, {0, 0, header->width_px, header->height_px},
                          rules);
}

absl::StatusOr<Image> DecodeJpegWindow(const std::string& bytes,
                                       const ImageWindow& window,
                                       const ImageRules& rules) {
  const absl::StatusOr<ImageHeader> header = ParseImageHeader(bytes, rules);
  if (!header.ok()) return header.status();
  Image image;
  image.width_px = window.width_px;
  image.height_px = window.height_px;
  image.rgb.resize(static_cast<size_t>(window.width_px * window.height_px * 3));
  std::vector<uint8_t> row(static_cast<size_t>(header->width_px * 3));
  ErrorState state;
  if (!Decode(reinterpret_cast<const unsigned char*>(bytes.data()),
              bytes.size(), {header->width_px, header->height_px}, window,
              row.data(), image.rgb.data(), &state)) {
    return absl::DataLossError(fmt::format(
        "is damaged or cut off; the decoder says: {}", state.reason));
  }
  return image;
}

}  // namespace bild
