#include "bild/base/sha256.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace bild {

Sha256Digest Sha256(const void* data, size_t size) {
  Sha256Digest digest;
  SHA256(static_cast<const unsigned char*>(data), size, digest.data());
  return digest;
}

Sha256Digest Sha256(const std::string& text) {
  return Sha256(text.data(), text.size());
}

std::string Sha256Hex(const void* data, size_t size) {
  const Sha256Digest digest = Sha256(data, size);
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string Sha256Hex(const std::string& text) {
  return Sha256Hex(text.data(), text.size());
}

}  // namespace bild
