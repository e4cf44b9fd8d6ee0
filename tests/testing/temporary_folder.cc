#include "tests/testing/temporary_folder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "gtest/gtest.h"

namespace bild {

TemporaryFolder::TemporaryFolder() {
  path_ = testing::TempDir() + "/bild_XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) {
    throw std::runtime_error("no temporary folder at " + path_);
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::operator/(const std::string& name) const {
  return path_ + "/" + name;
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace bild
