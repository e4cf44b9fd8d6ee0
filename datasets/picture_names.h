// What a picture's name says under a dataset's name rule.

#ifndef DATASETS_PICTURE_NAMES_H_
#define DATASETS_PICTURE_NAMES_H_

#include <string>

#include "datasets/dataset_info.h"

namespace bild {

// The form of a hazy name in words: "<scene>_<airlight>_<beta>, as ...".
std::string HazyNameForm(const DatasetInfo& info);

// The pair's id in a hazy picture's stem; empty if the stem does not read.
std::string HazyId(const DatasetInfo& info, const std::string& stem);

// The scene of an id. For kAnyPair the clear picture's key is the scene.
std::string SceneOf(const DatasetInfo& info, const std::string& id);

// What a clear picture is looked up by: the scene, or an id where the clear
// picture is stored once for each hazy one. A stem that does not read is its
// own key and belongs to nobody.
std::string ClearKey(const DatasetInfo& info, const std::string& stem);

// Whether a stem in a folder that holds both sides is a clear picture's: it
// ends in _GT, _gt or _clear.
bool IsClearStem(const std::string& stem);

}  // namespace bild

#endif  // DATASETS_PICTURE_NAMES_H_
