// SHA-256, for lists, pixels and run ids.

#ifndef BILD_BASE_SHA256_H_
#define BILD_BASE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bild {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest Sha256(const void* data, size_t size);
Sha256Digest Sha256(const std::string& text);

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(const void* data, size_t size);
std::string Sha256Hex(const std::string& text);

}  // namespace bild

#endif  // BILD_BASE_SHA256_H_
