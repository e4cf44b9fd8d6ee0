// verify and evaluate on damaged PNG and JPEG files: they end by themselves
// with exit code 0 or 1, name every picture that cannot be used, and no other.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "bild/base/seed.h"
#include "datasets/image_reader.h"
#include "datasets/image_writer.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"
#include "tests/fuzz/png_checksums.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Names = std::set<std::string>;

constexpr int64_t kWidthPx = 40;
constexpr int64_t kHeightPx = 32;
constexpr int kPicturesPerFolder = 50;

// A multiple of kPicturesPerFolder, or less than it.
int PictureCount() {
  const char* text = std::getenv("BILD_MUTATED_PICTURES");
  return text == nullptr ? 40 : std::atoi(text);
}

class Mutator {
 public:
  explicit Mutator(uint64_t index)
      : draws_(20201124, SeedStream::kInit, 0, index) {}

  // A picture file with a change or two.
  std::string Mutate(const std::string& whole) {
    std::string bytes = whole;
    const int changes = 1 + Below(2);
    for (int i = 0; i < changes; ++i) Change(&bytes);
    // Behind checksums that fit, the damage gets as far as the decoder.
    return Below(2) == 0 ? WithPngChecksums(bytes) : bytes;
  }

 private:
  int Below(size_t bound) {
    return static_cast<int>(draws_.UniformInt(static_cast<uint64_t>(bound)));
  }

  void Change(std::string* bytes) {
    // Headers are a small part of a file and the largest part of its parser.
    const size_t reach =
        Below(2) == 0 ? std::min<size_t>(bytes->size(), 64) : bytes->size();
    const auto at = static_cast<size_t>(Below(reach + 1));
    const auto count = static_cast<size_t>(1 + Below(20));
    switch (Below(6)) {
      case 0:
        if (at < bytes->size()) {
          (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 1 << Below(8));
        }
        break;
      case 1:
        for (size_t i = at; i < std::min(bytes->size(), at + 4); ++i) {
          (*bytes)[i] = Below(2) == 0 ? '\0' : '\xff';
        }
        break;
      case 2:
        bytes->erase(at, count);
        break;
      case 3:
        bytes->insert(at, bytes->substr(at / 2, count));
        break;
      case 4:
        for (size_t i = at; i < std::min(bytes->size(), at + count); ++i) {
          (*bytes)[i] = static_cast<char>(Below(256));
        }
        break;
      default:
        bytes->resize(at);
    }
  }

  SeedEngine draws_;
};

// m0000, m0001, ...: hazy pictures are damaged, every fourth time the clear one
// instead. Odd ones are JPEG.
void WriteMutatedPair(const std::string& root, int index) {
  const bool is_jpeg = index % 2 == 1;
  const std::string name =
      fmt::format("m{:04}.{}", index, is_jpeg ? "jpg" : "png");
  const bool damages_clear = index / 2 % 4 == 3;
  const Image image = PatternImage(kWidthPx, kHeightPx, index);
  const std::string whole =
      (is_jpeg ? EncodeJpeg(image) : EncodePng(image)).value();
  const std::string damaged =
      Mutator(static_cast<uint64_t>(index)).Mutate(whole);
  WriteBytes(root + "/hazy/" + name, damages_clear ? whole : damaged);
  WriteBytes(root + "/clear/" + name, damages_clear ? damaged : whole);
}

// What the reader of one picture refuses, or reads as another size.
Names BadPairs(const std::string& root) {
  Names bad;
  for (const std::string side : {"hazy", "clear"}) {
    for (const auto& file :
         std::filesystem::directory_iterator(root + "/" + side)) {
      const absl::StatusOr<Image> image = ReadImage(file.path().string());
      if (!image.ok() || image->width_px != kWidthPx ||
          image->height_px != kHeightPx) {
        bad.insert(file.path().stem().string());
      }
    }
  }
  return bad;
}

Names NamesIn(const std::string& text) {
  static const std::regex name("m[0-9]{4}");
  return {std::sregex_token_iterator(text.begin(), text.end(), name),
          std::sregex_token_iterator()};
}

// A minute is far more than either program needs for some tens of small
// pictures.
ProgramOutcome EndsByItself(const ProgramCall& call) {
  StartedProgram program(call);
  program.WaitUntil([] { return false; }, std::chrono::minutes(1));
  ProgramOutcome outcome = program.Kill();
  EXPECT_EQ(outcome.signal, 0) << Describe(outcome);
  return outcome;
}

// All that verify lists with --json.
Names NamedByVerify(const std::string& root) {
  ProgramCall call;
  call.program = TestedProgram("VERIFY");
  call.arguments = {"--dataset=pair", "--data_root=" + root, "--json"};
  const ProgramOutcome outcome = EndsByItself(call);
  Names names;
  const auto json = nlohmann::json::parse(
      outcome.out.substr(0, outcome.out.find('\n')), nullptr, false);
  if (!json.is_object()) {
    ADD_FAILURE() << Describe(outcome);
    return names;
  }
  for (const auto& group : json["problems"]) {
    for (const auto& line : group["lines"]) {
      const Names found = NamesIn(line.get<std::string>());
      EXPECT_EQ(found.size(), 1u) << line;
      names.insert(found.begin(), found.end());
    }
  }
  EXPECT_EQ(outcome.exit_code, names.empty() ? 0 : 1) << Describe(outcome);
  return names;
}

// evaluate names up to ten of a kind, one kind at a time: what it names is
// taken away, as a user would, until it is content. Counts its calls.
Names NamedByEvaluate(const std::string& root, int* calls) {
  Names all;
  while (true) {
    const ProgramOutcome outcome =
        EndsByItself(TinyEvaluation({"--backbone=none", "--dataset=pair",
                                     "--threads=1", "--data_root=" + root}));
    ++*calls;
    if (outcome.exit_code == 0) {
      EXPECT_THAT(outcome.out, HasSubstr(" psnr_db="));
      return all;
    }
    EXPECT_EQ(outcome.out, "");
    const Names named = NamesIn(outcome.err);
    if (outcome.exit_code != 1 || named.empty()) {
      ADD_FAILURE() << Describe(outcome);
      return all;
    }
    for (const std::string& name : named) {
      EXPECT_TRUE(all.insert(name).second) << Describe(outcome);
      for (const std::string side : {"/hazy/", "/clear/"}) {
        for (const std::string ending : {".png", ".jpg"}) {
          std::filesystem::remove(root + side + name + ending);
        }
      }
    }
  }
}

TEST(MutatedPicturesTest, EachBadOneIsNamed) {
  const int count = PictureCount();
  ASSERT_GT(count, 0);
  size_t bad_pairs = 0;
  int calls = 0;
  for (int begin = 0; begin < count; begin += kPicturesPerFolder) {
    const TemporaryFolder folder;
    for (int i = begin; i < std::min(count, begin + kPicturesPerFolder); ++i) {
      WriteMutatedPair(folder.path(), i);
    }
    const Names bad = BadPairs(folder.path());
    EXPECT_EQ(NamedByVerify(folder.path()), bad);
    EXPECT_EQ(NamedByEvaluate(folder.path(), &calls), bad);
    EXPECT_THAT(BadPairs(folder.path()), IsEmpty());
    bad_pairs += bad.size();
  }
  fmt::print("{} mutated pictures, {} bad, {} calls of evaluate\n", count,
             bad_pairs, calls);
  // Some changes leave a picture, most do not.
  EXPECT_GT(bad_pairs, static_cast<size_t>(count) / 2);
  EXPECT_LT(bad_pairs, static_cast<size_t>(count));
}

}  // namespace
}  // namespace bild
