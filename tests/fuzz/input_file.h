// A file in memory, for code under test that wants a path.

#ifndef TESTS_FUZZ_INPUT_FILE_H_
#define TESTS_FUZZ_INPUT_FILE_H_

#include <string>

namespace bild {

// Holds `content` as long as the object lives, under a path of /proc. Nothing
// is written to a disk.
class InputFile {
 public:
  explicit InputFile(const std::string& content);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace bild

#endif  // TESTS_FUZZ_INPUT_FILE_H_
