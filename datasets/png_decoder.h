// The usual kind of PNG to RGB, fast: 8 bits, three channels, rows in order.
// Training from files spends most of its loading in here.

#ifndef DATASETS_PNG_DECODER_H_
#define DATASETS_PNG_DECODER_H_

#include <optional>
#include <string>

#include "datasets/image.h"

namespace bild {

// Decodes what PngOfPixelsOnly (image_structure.h) left of a file, its chunks'
// checksums compared: the bits that libpng gives. Nothing for any other kind of
// PNG (palette, grey, 16 bits, alpha, a transparent colour, interlaced), for
// one that is damaged, and for one of more than kMostPixels: the general
// decoder says what it is. Thread-safe.
std::optional<Image> DecodePlainPng(const std::string& bytes);

}  // namespace bild

#endif  // DATASETS_PNG_DECODER_H_
