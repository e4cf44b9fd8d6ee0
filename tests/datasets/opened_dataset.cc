#include "tests/datasets/opened_dataset.h"

#include "tests/datasets/pictures.h"

namespace bild {

Opened Open(const std::string& name, const std::string& root,
            bool allow_partial) {
  Opened opened;
  DatasetRequest request;
  request.name = name;
  request.data_root = root;
  request.allow_partial = allow_partial;
  request.notes = &opened.notes;
  opened.dataset = OpenDataset(request);
  return opened;
}

std::string Message(const Opened& opened) {
  return std::string(opened.dataset.status().message());
}

void WriteSmallPairSet(const TemporaryFolder& root) {
  for (const char* scene : {"a", "b"}) {
    WritePicture(root / ("clear/" + std::string(scene) + ".png"),
                 PatternImage(24, 20, scene[0]));
    for (const char* haze : {"_1", "_2"}) {
      WritePicture(root / ("hazy/" + std::string(scene) + haze + ".png"),
                   PatternImage(24, 20, scene[0] + haze[1]));
    }
  }
}

}  // namespace bild
