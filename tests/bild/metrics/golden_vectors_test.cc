#include "tests/bild/metrics/golden_vectors.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GoldenVectorsTest : public testing::Test {
 protected:
  GoldenVectorsTest()
      : folder_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    ::setenv("BILD_GOLDEN_DIR", folder_.c_str(), /*replace=*/1);
  }
  ~GoldenVectorsTest() override { ::unsetenv("BILD_GOLDEN_DIR"); }

  void Write(const std::string& name, const std::string& content) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::filesystem::create_directories(
        std::filesystem::path(path).parent_path());
    ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  }

  const std::string folder_;
};

TEST_F(GoldenVectorsTest, KnowsVectorsByTheirKeysWhateverTheirName) {
  Write("other.json", R"({"ciede2000_pairs": []})");
  Write("below/first.json", R"({"formula_cases": []})");
  Write("metrics.json", R"({"net": "aodnet"})");
  Write("metrics.safetensors", "");
  Write("metrics.params.tsv", "");
  Write("make_metrics.py", "");
  const GoldenFolder folder = ReadGoldenFolder();
  EXPECT_THAT(folder.problems, IsEmpty());
  ASSERT_EQ(folder.metrics.size(), 2u);
  EXPECT_THAT(folder.metrics[0].path, HasSubstr("below/first.json"));
  EXPECT_THAT(folder.metrics[1].path, HasSubstr("other.json"));
  EXPECT_THAT(folder.of_other_suites, ElementsAre(HasSubstr("metrics.json")));
}

TEST_F(GoldenVectorsTest, FindsWhatItDoesNotKnow) {
  Write("a.json", R"({"something": 1})");
  Write("b.json", "{");
  Write("c.json", R"([{"formula_cases": []}])");
  Write("d.txt", "");
  Write("e.safetensors", "");
  const GoldenFolder folder = ReadGoldenFolder();
  EXPECT_THAT(folder.metrics, IsEmpty());
  EXPECT_THAT(folder.problems,
              ElementsAre(HasSubstr("a.json: a vector of no known kind"),
                          HasSubstr("b.json: is not JSON"),
                          HasSubstr("c.json: a vector of no known kind"),
                          HasSubstr("d.txt: a file of no known kind"),
                          HasSubstr("e.safetensors: a file of no known kind")));
}

TEST_F(GoldenVectorsTest, AMissingFolderIsAProblem) {
  std::filesystem::remove_all(folder_);
  EXPECT_THAT(ReadGoldenFolder().problems,
              ElementsAre(HasSubstr("expected a folder of vectors")));
}

}  // namespace
}  // namespace bild
