// A set of files in plain words, for `doctor`.

#ifndef DATASETS_DATASET_WORDS_H_
#define DATASETS_DATASET_WORDS_H_

#include <string>
#include <vector>

#include "datasets/dataset_info.h"
#include "datasets/folder_draft.h"
#include "datasets/layouts.h"

namespace bild {

// Sentences: which set and how much of it, sizes and the border rule, what the
// leak filter will do, what is wrong, and the flags that open it.
std::vector<std::string> DescribeSet(const DatasetInfo& info,
                                     const SetFolders& folders,
                                     const FolderDraft& draft);

// Pictures that belong to no set: how many, and whose names they have.
std::vector<std::string> DescribeLoosePictures(
    const std::vector<PictureFile>& pictures);

}  // namespace bild

#endif  // DATASETS_DATASET_WORDS_H_
