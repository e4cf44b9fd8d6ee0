// An image decoder that gives other pixels: for LD_PRELOAD. libjpeg with its
// fast DCT, as other builds and bindings have it.

#include <dlfcn.h>

#include <cstdio>
// jpeglib.h needs <cstdio> before it.
#include "jpeglib.h"

extern "C" boolean jpeg_start_decompress(j_decompress_ptr decoder) {
  decoder->dct_method = JDCT_IFAST;
  using Start = boolean (*)(j_decompress_ptr);
  return reinterpret_cast<Start>(::dlsym(RTLD_NEXT, "jpeg_start_decompress"))(
      decoder);
}
