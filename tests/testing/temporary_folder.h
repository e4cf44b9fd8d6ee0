// A fresh, empty folder for one test, removed with what is in it.

#ifndef TESTS_TESTING_TEMPORARY_FOLDER_H_
#define TESTS_TESTING_TEMPORARY_FOLDER_H_

#include <string>
#include <vector>

namespace bild {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  // The path of `name` in the folder.
  std::string operator/(const std::string& name) const;

 private:
  std::string path_;
};

// Names of everything directly in `folder`, sorted.
std::vector<std::string> NamesIn(const std::string& folder);

}  // namespace bild

#endif  // TESTS_TESTING_TEMPORARY_FOLDER_H_
