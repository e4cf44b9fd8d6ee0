#include "datasets/png_decoder.h"

#include <libdeflate.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "datasets/image_header.h"
#include "datasets/image_structure.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace bild {
namespace {

constexpr size_t kSignatureBytes = 8;
constexpr size_t kPixelBytes = 3;

// The chunks' compressed pixels, joined, and the size; false for another kind.
bool TakeChunks(const std::string& bytes, Image* image, std::string* packed) {
  bool has_header = false;
  for (size_t at = kSignatureBytes; at + 12 <= bytes.size();) {
    const size_t length = BigEndian32(bytes, at);
    if (length > bytes.size() - at - 12) return false;
    const size_t data = at + 8;
    if (bytes.compare(at + 4, 4, "IHDR") == 0 && length == 13) {
      image->width_px = BigEndian32(bytes, data);
      image->height_px = BigEndian32(bytes, data + 4);
      // 8 bits, RGB, deflate, the five filters, not interlaced.
      has_header =
          bytes.compare(data + 8, 5, std::string("\10\2\0\0\0", 5)) == 0;
    } else if (bytes.compare(at + 4, 4, "IDAT") == 0) {
      packed->append(bytes, data, length);
    } else if (bytes.compare(at + 4, 4, "tRNS") == 0) {
      return false;
    }
    at += length + 12;
  }
  return has_header && image->width_px >= 1 && image->height_px >= 1 &&
         image->width_px <= kMostPixels &&
         image->height_px <= kMostPixels / image->width_px;
}

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};

// Whether `packed` is a zlib stream of exactly `size` bytes with the right
// checksum.
bool Inflate(const std::string& packed, size_t size, uint8_t* raw) {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor>
      decompressor(libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return false;
  return libdeflate_zlib_decompress(decompressor.get(), packed.data(),
                                    packed.size(), raw, size,
                                    nullptr) == LIBDEFLATE_SUCCESS;
}

// The filters of the PNG specification (section 9), undone: `raw` is a row as
// it was sent, `above` the finished row before it, `row` receives the finished
// one. All have `size` bytes, a multiple of kPixelBytes.

void UndoSub(const uint8_t* raw, size_t size, uint8_t* row) {
  std::memcpy(row, raw, kPixelBytes);
  for (size_t i = kPixelBytes; i < size; ++i) {
    row[i] = static_cast<uint8_t>(raw[i] + row[i - kPixelBytes]);
  }
}

void UndoUp(const uint8_t* raw, const uint8_t* above, size_t size,
            uint8_t* row) {
  for (size_t i = 0; i < size; ++i) {
    row[i] = static_cast<uint8_t>(raw[i] + above[i]);
  }
}

void UndoAverage(const uint8_t* raw, const uint8_t* above, size_t size,
                 uint8_t* row) {
  for (size_t i = 0; i < kPixelBytes; ++i) {
    row[i] = static_cast<uint8_t>(raw[i] + above[i] / 2);
  }
  for (size_t i = kPixelBytes; i < size; ++i) {
    row[i] =
        static_cast<uint8_t>(raw[i] + (row[i - kPixelBytes] + above[i]) / 2);
  }
}

#if defined(__SSE2__)

// A pixel's three bytes as 16-bit numbers in the lowest lanes.
__m128i LoadPixel(const uint8_t* from) {
  uint32_t bytes = 0;
  std::memcpy(&bytes, from, kPixelBytes);
  return _mm_unpacklo_epi8(_mm_cvtsi32_si128(static_cast<int>(bytes)),
                           _mm_setzero_si128());
}

__m128i Magnitude(__m128i x) {
  return _mm_max_epi16(x, _mm_sub_epi16(_mm_setzero_si128(), x));
}

__m128i Choose(__m128i mask, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

// The three channels of a pixel at once; from pixel to pixel there is no way
// around going one by one.
void UndoPaeth(const uint8_t* raw, const uint8_t* above, size_t size,
               uint8_t* row) {
  const __m128i low_bytes = _mm_set1_epi16(0xFF);
  __m128i left = _mm_setzero_si128();
  __m128i above_left = _mm_setzero_si128();
  for (size_t i = 0; i < size; i += kPixelBytes) {
    const __m128i up = LoadPixel(above + i);
    // Distances of the prediction left + up - above_left to its three parts.
    const __m128i to_left = _mm_sub_epi16(up, above_left);
    const __m128i to_up = _mm_sub_epi16(left, above_left);
    const __m128i far_left = Magnitude(to_left);
    const __m128i far_up = Magnitude(to_up);
    const __m128i far_corner = Magnitude(_mm_add_epi16(to_left, to_up));
    const __m128i least =
        _mm_min_epi16(far_corner, _mm_min_epi16(far_left, far_up));
    const __m128i nearest =
        Choose(_mm_cmpeq_epi16(far_left, least), left,
               Choose(_mm_cmpeq_epi16(far_up, least), up, above_left));
    left = _mm_and_si128(_mm_add_epi16(LoadPixel(raw + i), nearest), low_bytes);
    above_left = up;
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(left, left));
    std::memcpy(row + i, &bytes, kPixelBytes);
  }
}

#else

void UndoPaeth(const uint8_t* raw, const uint8_t* above, size_t size,
               uint8_t* row) {
  for (size_t i = 0; i < size; ++i) {
    const bool is_first = i < kPixelBytes;
    const int left = is_first ? 0 : row[i - kPixelBytes];
    const int above_left = is_first ? 0 : above[i - kPixelBytes];
    const int up = above[i];
    const int far_left = std::abs(up - above_left);
    const int far_up = std::abs(left - above_left);
    const int far_corner = std::abs(left + up - 2 * above_left);
    const int nearest = far_left <= far_up && far_left <= far_corner ? left
                        : far_up <= far_corner                       ? up
                                               : above_left;
    row[i] = static_cast<uint8_t>(raw[i] + nearest);
  }
}

#endif

// False for a filter that does not exist.
bool UndoFilter(uint8_t filter, const uint8_t* raw, const uint8_t* above,
                size_t size, uint8_t* row) {
  switch (filter) {
    case 0:
      std::memcpy(row, raw, size);
      return true;
    case 1:
      UndoSub(raw, size, row);
      return true;
    case 2:
      UndoUp(raw, above, size, row);
      return true;
    case 3:
      UndoAverage(raw, above, size, row);
      return true;
    case 4:
      UndoPaeth(raw, above, size, row);
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<Image> DecodePlainPng(const std::string& bytes) {
  Image image;
  std::string packed;
  packed.reserve(bytes.size());
  if (!TakeChunks(bytes, &image, &packed)) return std::nullopt;
  const size_t row_bytes = static_cast<size_t>(image.width_px) * kPixelBytes;
  const auto rows = static_cast<size_t>(image.height_px);
  // A row is its filter's number and its bytes.
  const size_t raw_bytes = rows * (row_bytes + 1);
  // A header that promises more lies, and no memory is taken for it.
  if (raw_bytes / kMostBytesOfADeflatedByte > packed.size()) {
    return std::nullopt;
  }
  const std::unique_ptr<uint8_t[]> raw(new uint8_t[raw_bytes]);
  if (!Inflate(packed, raw_bytes, raw.get())) return std::nullopt;
  image.rgb.resize(rows * row_bytes);
  const std::vector<uint8_t> nothing(row_bytes, 0);
  const uint8_t* above = nothing.data();
  for (size_t i = 0; i < rows; ++i) {
    const uint8_t* const sent = raw.get() + i * (row_bytes + 1);
    uint8_t* const row = image.rgb.data() + i * row_bytes;
    if (!UndoFilter(sent[0], sent + 1, above, row_bytes, row)) {
      return std::nullopt;
    }
    above = row;
  }
  return image;
}

}  // namespace bild
