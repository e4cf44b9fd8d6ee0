// The orientation tag of a picture file: readers ignore it, `verify` warns.

#ifndef DATASETS_EXIF_ORIENTATION_H_
#define DATASETS_EXIF_ORIENTATION_H_

#include <string>

namespace bild {

// The value of EXIF tag 0x0112 (Exif 2.32, 4.6.4) in the APP1 segment of a JPEG
// or the eXIf chunk of a PNG: 1 to 8. 1, as it is, where there is none or it
// does not read.
int ExifOrientation(const std::string& bytes);

}  // namespace bild

#endif  // DATASETS_EXIF_ORIENTATION_H_
