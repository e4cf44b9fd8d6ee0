#include "datasets/jpeg_decoder.h"

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

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
// false with state->reason set. `image->rgb` is sized by the caller's header
// check.
bool Decode(const unsigned char* bytes, size_t size, Image* image,
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
      static_cast<int64_t>(decoder.output_width) == image->width_px &&
      static_cast<int64_t>(decoder.output_height) == image->height_px;
  if (!is_as_expected) {
    std::strcpy(state->reason, "its frame is not what its header says");
    jpeg_destroy_decompress(&decoder);
    return false;
  }
  const size_t row_bytes = static_cast<size_t>(image->width_px) * 3;
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW row = image->rgb.data() + decoder.output_scanline * row_bytes;
    jpeg_read_scanlines(&decoder, &row, 1);
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
  Image image;
  image.width_px = header->width_px;
  image.height_px = header->height_px;
  image.rgb.resize(
      static_cast<size_t>(header->width_px * header->height_px * 3));
  ErrorState state;
  if (!Decode(reinterpret_cast<const unsigned char*>(bytes.data()),
              bytes.size(), &image, &state)) {
    return absl::DataLossError(fmt::format(
        "is damaged or cut off; the decoder says: {}", state.reason));
  }
  return image;
}

}  // namespace bild
