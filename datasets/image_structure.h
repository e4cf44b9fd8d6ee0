// The parts that a PNG or JPEG file is made of, walked without decoding: what
// tells a whole file from one that was cut off or damaged.

#ifndef DATASETS_IMAGE_STRUCTURE_H_
#define DATASETS_IMAGE_STRUCTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

enum class ImageFormat { kPng, kJpeg, kBmp };

// The CRC-32 of PNG chunks (ISO 3309; PNG specification, annex D).
uint32_t PngCrc(const char* data, size_t size);

// Four bytes, most significant first. at + 4 <= bytes.size().
uint32_t BigEndian32(const std::string& bytes, size_t at);

// Walks every chunk of a PNG file, compares every checksum and gives the file
// back with nothing but what the pixels need: no gamma, colour profile, text or
// EXIF can change what a decoder makes of it. DataLoss says where the file is
// cut off or damaged (a fragment, without the path).
absl::StatusOr<std::string> PngOfPixelsOnly(const std::string& bytes);

// DataLoss where a PNG file is too short for the pixels that its header
// promises, so that no memory is taken for them. `bytes` begin with a header
// that was checked (image_header.h).
absl::Status CheckPngHoldsItsPixels(const std::string& bytes);

// Deflate packs no more bytes than these into one.
constexpr size_t kMostBytesOfADeflatedByte = 1032;

// Walks a JPEG file to its end marker. Bytes after it do not matter. Damage to
// the pixels in between is for the decoder to find.
absl::Status CheckJpegReachesItsEnd(const std::string& bytes);

}  // namespace bild

#endif  // DATASETS_IMAGE_STRUCTURE_H_
