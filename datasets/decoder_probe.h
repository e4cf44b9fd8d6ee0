// A small JPEG inside the program, to check the decoder with.

#ifndef DATASETS_DECODER_PROBE_H_
#define DATASETS_DECODER_PROBE_H_

#include <cstddef>

namespace bild {

// 37 x 29 pixels at quality 90, 4:2:0: red rises to the right, green downwards,
// blue is a checkerboard of 5 x 3. Odd sizes and steep chroma are where
// decoders differ.
extern const unsigned char kDecoderProbeJpeg[];
extern const size_t kDecoderProbeJpegBytes;

// Of its RGB bytes as libjpeg-turbo decodes them (`islow`, fancy upsampling).
extern const char kDecoderProbePixelsSha256[];

}  // namespace bild

#endif  // DATASETS_DECODER_PROBE_H_
