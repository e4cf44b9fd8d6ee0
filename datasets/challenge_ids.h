// The ids of the NTIRE dehazing challenges' sets: "01", "02", ...

#ifndef DATASETS_CHALLENGE_IDS_H_
#define DATASETS_CHALLENGE_IDS_H_

#include <string>
#include <vector>

namespace bild {

// "01" ... to `count`, which is below 100.
inline std::vector<std::string> NumberedIds(int count) {
  std::vector<std::string> ids;
  for (int i = 1; i <= count; ++i) {
    ids.push_back((i < 10 ? "0" : "") + std::to_string(i));
  }
  return ids;
}

inline std::vector<std::string> OHazeIds() { return NumberedIds(45); }
// What is public: the test pictures are not.
inline std::vector<std::string> IHazeIds() { return NumberedIds(30); }
inline std::vector<std::string> NhHazeIds() { return NumberedIds(55); }
inline std::vector<std::string> DenseHazeIds() { return NumberedIds(55); }

}  // namespace bild

#endif  // DATASETS_CHALLENGE_IDS_H_
