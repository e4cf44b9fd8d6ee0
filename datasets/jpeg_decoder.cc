#include "datasets/jpeg_decoder.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "datasets/image_header.h"
#include "fmt/format.h"
// jpeglib.h needs <cstdio> before it.
#include "jpeglib.h"
// Its numbers depend on the version that jpeglib.h defines.
#include "jerror.h"

namespace bild {
namespace {

// Our end of libjpeg's error handling. `base` comes first: the library hands
// back a pointer to it.
struct ErrorState {
  jpeg_error_mgr base;
  jmp_buf escape;
  char reason[JMSG_LENGTH_MAX];
  bool lacks_memory;
};

// A block of 8x8 pixels takes at least a bit of Huffman code, in progressive
// files as well: a byte holds 8 blocks at most. (Arithmetic codes can be
// shorter.)
constexpr int64_t kMostPixelsOfAByte = 8 * DCTSIZE2;

// The finished rows of the window. The header's word is not enough to take
// memory for all of them: beyond a size that nearly every picture stays below,
// room is made as rows come.
class GrowingRows {
 public:
  GrowingRows(size_t row_bytes, int64_t rows, std::vector<uint8_t>* rgb)
      : row_bytes_(row_bytes),
        all_bytes_(row_bytes * static_cast<size_t>(rows)),
        rgb_(rgb) {}

  size_t row_bytes() const { return row_bytes_; }

  // Null where there is no memory for it. Rows come in order.
  uint8_t* Row(int64_t y) noexcept {
    constexpr size_t kFirstBytes = size_t{64} << 20;
    const size_t start = static_cast<size_t>(y) * row_bytes_;
    if (start + row_bytes_ > rgb_->size()) {
      const size_t wanted =
          std::min(std::max(kFirstBytes, 2 * rgb_->size()), all_bytes_);
      try {
        rgb_->reserve(wanted);  // resize alone would take twice what it has.
        rgb_->resize(wanted);
      } catch (const std::bad_alloc&) {
        return nullptr;
      }
    }
    return rgb_->data() + start;
  }

 private:
  size_t row_bytes_;
  size_t all_bytes_;
  std::vector<uint8_t>* rgb_;
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
// false with state->reason or lacks_memory set. `row` has room for a row of the
// whole picture.
//
// Smooth upsampling looks one chroma sample beyond each edge, so a block more
// is decoded on every side, and the window is cut out of that.
bool Decode(const unsigned char* bytes, size_t size, const ImageSize& whole,
            const ImageWindow& window, uint8_t* row, GrowingRows* rows,
            ErrorState* state) {
  jpeg_decompress_struct decoder;
  std::memset(&decoder, 0, sizeof decoder);
  decoder.err = jpeg_std_error(&state->base);
  state->base.error_exit = Escape;
  state->base.emit_message = OnMessage;
  state->base.output_message = OnOutput;
  state->reason[0] = '\0';
  state->lacks_memory = false;
  if (setjmp(state->escape) != 0) {
    state->lacks_memory = state->base.msg_code == JERR_OUT_OF_MEMORY;
    jpeg_destroy_decompress(&decoder);
    return false;
  }
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, bytes, static_cast<unsigned long>(size));
  jpeg_read_header(&decoder, TRUE);
  // Before the library takes memory for the coefficients of progressive files.
  const bool is_promise_kept =
      decoder.arith_code ||
      whole.width_px * whole.height_px / kMostPixelsOfAByte <=
          static_cast<int64_t>(size);
  if (!is_promise_kept) {
    std::snprintf(state->reason, sizeof state->reason,
                  "%zu bytes cannot hold %lldx%lld pixels", size,
                  static_cast<long long>(whole.width_px),
                  static_cast<long long>(whole.height_px));
    jpeg_destroy_decompress(&decoder);
    return false;
  }
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
  const size_t before_bytes = static_cast<size_t>(window.x_px - left_px) * 3;
  const int64_t end_px = window.y_px + window.height_px;
  while (static_cast<int64_t>(decoder.output_scanline) < end_px) {
    const int64_t y_px = decoder.output_scanline;
    JSAMPROW to = row;
    jpeg_read_scanlines(&decoder, &to, 1);
    if (y_px < window.y_px) continue;
    uint8_t* const finished = rows->Row(y_px - window.y_px);
    if (finished == nullptr) {
      state->lacks_memory = true;
      jpeg_destroy_decompress(&decoder);
      return false;
    }
    std::memcpy(finished, row + before_bytes, rows->row_bytes());
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
  GrowingRows rows(static_cast<size_t>(window.width_px) * 3, window.height_px,
                   &image.rgb);
  std::vector<uint8_t> row(static_cast<size_t>(header->width_px * 3));
  ErrorState state;
  if (!Decode(reinterpret_cast<const unsigned char*>(bytes.data()),
              bytes.size(), {header->width_px, header->height_px}, window,
              row.data(), &rows, &state)) {
    if (state.lacks_memory) {
      return absl::ResourceExhaustedError(
          fmt::format("does not fit in memory with its {}x{} pixels",
                      header->width_px, header->height_px));
    }
    return absl::DataLossError(fmt::format(
        "is damaged or cut off; the decoder says: {}", state.reason));
  }
  return image;
}

}  // namespace bild
