// The JSON of a safetensors header, read event by event. Inside
// //backbones:safetensors_header only.

#ifndef BACKBONES_SAFETENSORS_JSON_H_
#define BACKBONES_SAFETENSORS_JSON_H_

#include <string>

#include "backbones/safetensors_header.h"

namespace bild {

constexpr char kSafetensorsMetadataKey[] = "__metadata__";

// For messages: in quotes, printable, and short whatever the file holds.
std::string Quoted(const std::string& text);

// Fills entries, in the order of the text, and metadata. Returns what is wrong
// with the form, as "expected ..., found ..."; empty when nothing is. What
// sizes and offsets mean is not looked at.
std::string ReadHeaderJson(const std::string& json, SafetensorsHeader* header);

}  // namespace bild

#endif  // BACKBONES_SAFETENSORS_JSON_H_
