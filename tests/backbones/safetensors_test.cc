#include "backbones/safetensors.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string TempPath(const std::string& name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

// Writes length, header and data, without padding.
std::string WriteBytes(const std::string& name, const std::string& header,
                       const std::string& data) {
  std::string bytes(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, sizeof length);
  const std::string path = TempPath(name);
  EXPECT_TRUE(WriteFileAtomically(path, bytes + header + data).ok());
  return path;
}

std::vector<double> Values(const at::Tensor& tensor) {
  const at::Tensor doubles = tensor.to(at::kDouble).contiguous();
  return {doubles.const_data_ptr<double>(),
          doubles.const_data_ptr<double>() + doubles.numel()};
}

// 3 bytes of BOOL come first, so nothing after them is aligned.
constexpr char kHandHeader[] =
    R"({"__metadata__":{"net":"tiny"},)"
    R"("half":{"dtype":"F16","shape":[2],"data_offsets":[11,15]},)"
    R"("flags":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]},)"
    R"("weight":{"dtype":"F32","shape":[2,1],"data_offsets":[3,11]},)"
    R"("brain":{"dtype":"BF16","shape":[1],"data_offsets":[15,17]},)"
    R"("count":{"dtype":"I64","shape":[],"data_offsets":[17,25]},)"
    R"("none":{"dtype":"F64","shape":[0,4],"data_offsets":[25,25]}})";

std::string HandData() {
  return std::string("\1\0\1", 3) +                           // true false true
         std::string("\0\0\x80\x3f\0\0\x20\xc0", 8) +         // 1 -2.5
         std::string("\0\x3c\0\xb8", 4) +                     // 1 -0.5
         std::string("\x40\x40", 2) +                         // 3
         std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8);  // -2
}

TEST(ReadSafetensors, ReadsBytesWrittenByHand) {
  const auto file =
      ReadSafetensors(WriteBytes("hand", kHandHeader, HandData()));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->metadata, UnorderedElementsAre(Pair("net", "tiny")));
  std::vector<std::string> names;
  for (const NamedTensor& tensor : file->tensors) names.push_back(tensor.name);
  EXPECT_THAT(names,
              ElementsAre("flags", "weight", "half", "brain", "count", "none"));
  EXPECT_EQ(file->Find("flags")->scalar_type(), at::kBool);
  EXPECT_THAT(Values(*file->Find("flags")), ElementsAre(1, 0, 1));
  EXPECT_EQ(file->Find("weight")->sizes(), at::IntArrayRef({2, 1}));
  EXPECT_THAT(Values(*file->Find("weight")), ElementsAre(1, -2.5));
  EXPECT_THAT(Values(*file->Find("half")), ElementsAre(1, -0.5));
  EXPECT_THAT(Values(*file->Find("brain")), ElementsAre(3));
  EXPECT_EQ(file->Find("count")->dim(), 0);
  EXPECT_EQ(file->Find("count")->item<int64_t>(), -2);
  EXPECT_EQ(file->Find("none")->sizes(), at::IntArrayRef({0, 4}));
  EXPECT_EQ(file->Find("nothing"), nullptr);
}

TEST(ReadSafetensors, TensorsOutliveTheFileAndChangeAlone) {
  const std::string path = TempPath("alive");
  ASSERT_TRUE(
      WriteSafetensors(
          path, {{"a", at::full({4}, 2.0)}, {"b", at::full({4}, 3.0)}}, {})
          .ok());
  at::Tensor a, b;
  {
    const auto file = ReadSafetensors(path);
    ASSERT_TRUE(file.ok()) << file.status();
    a = *file->Find("a");
    b = *file->Find("b");
  }
  a.mul_(5);
  EXPECT_THAT(Values(a), ElementsAre(10, 10, 10, 10));
  EXPECT_THAT(Values(b), ElementsAre(3, 3, 3, 3));
  // Autograd must not take a change of one for a change of the other.
  EXPECT_EQ(b._version(), 0);
}

TEST(WriteSafetensors, BytesAreThoseOfTheFormat) {
  const std::string path = TempPath("bytes");
  ASSERT_TRUE(WriteSafetensors(path,
                               {{"u", at::ones({1}, at::kByte)},
                                {"f", at::full({}, -2.5, at::kFloat)}},
                               {{"k", "v"}})
                  .ok());
  const std::string json =
      R"({"__metadata__":{"k":"v"},)"
      R"("f":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
      R"("u":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}})";
  const size_t padded = (json.size() + 7) / 8 * 8;
  ASSERT_LT(padded, 256);
  EXPECT_EQ(*ReadFile(path), std::string(1, static_cast<char>(padded)) +
                                 std::string(7, '\0') + json +
                                 std::string(padded - json.size(), ' ') +
                                 std::string("\0\0\x20\xc0\1", 5));
}

TEST(WriteSafetensors, SameContentInAnyOrderGivesTheSameFile) {
  const std::vector<NamedTensor> tensors = {
      {"z", at::arange(6, at::kDouble).reshape({2, 3}).t()},
      {"a", at::arange(3, at::kFloat)},
      {"m", at::arange(3, at::kDouble)}};
  ASSERT_TRUE(WriteSafetensors(TempPath("one"), tensors, {{"k", "v"}}).ok());
  ASSERT_TRUE(
      WriteSafetensors(
          TempPath("two"),
          {tensors[1], tensors[2], {"z", tensors[0].value.contiguous()}},
          {{"k", "v"}})
          .ok());
  EXPECT_EQ(*ReadFile(TempPath("one")), *ReadFile(TempPath("two")));
  const auto file = ReadSafetensors(TempPath("one"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->tensors[0].name, "m");
  EXPECT_EQ(file->tensors[1].name, "z");
  EXPECT_EQ(file->tensors[2].name, "a");
  EXPECT_THAT(Values(*file->Find("z")), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(WriteSafetensors, RefusesWhatTheFormatCannotHold) {
  const absl::Status status =
      WriteSafetensors(TempPath("refused"),
                       {{"twice", at::ones({1})},
                        {"twice", at::ones({1})},
                        {"undefined", at::Tensor()},
                        {"complex", at::ones({1}, at::kComplexFloat)},
                        {"__metadata__", at::ones({1})}},
                       {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("refused'"),
                    HasSubstr("'twice': a second tensor of that name"),
                    HasSubstr("'undefined': no tensor"),
                    HasSubstr("'complex': the format has no ComplexFloat"),
                    HasSubstr("'__metadata__': the format reserves the name")));
  EXPECT_FALSE(std::filesystem::exists(TempPath("refused")));
  EXPECT_EQ(WriteSafetensors(TempPath("refused"), {{"\xff", at::ones({1})}}, {})
                .code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteSafetensors(TempPath("no/such/folder/file"), {}, {}).code(),
            absl::StatusCode::kNotFound);
}

TEST(Safetensors, RoundTripKeepsEveryBit) {
  constexpr at::ScalarType kTypes[] = {
      at::kBool, at::kByte, at::kChar,     at::kShort, at::kInt,
      at::kLong, at::kHalf, at::kBFloat16, at::kFloat, at::kDouble};
  const std::string path = TempPath("round_trip");
  for (uint64_t round = 0; round < 100; ++round) {
    SeedEngine engine(2, SeedStream::kOrder, 0, round);
    std::vector<NamedTensor> written;
    const uint64_t count = engine.UniformInt(8);
    for (uint64_t i = 0; i < count; ++i) {
      std::vector<int64_t> shape;
      for (uint64_t d = engine.UniformInt(5); d > 0; --d) {
        shape.push_back(static_cast<int64_t>(engine.UniformInt(4)));
      }
      const at::ScalarType type = kTypes[engine.UniformInt(10)];
      at::Tensor value = at::empty(shape, type);
      auto* bytes = static_cast<uint8_t*>(value.mutable_data_ptr());
      for (size_t k = 0; k < value.nbytes(); ++k) {
        bytes[k] = static_cast<uint8_t>(
            engine.UniformInt(type == at::kBool ? 2 : 256));
      }
      written.push_back({absl::StrCat("layer.", engine.UniformInt(1000), ".", i,
                                      "\"\\\n\t\xc3\xa9"),
                         value});
    }
    ASSERT_TRUE(WriteSafetensors(path, written, {{"round", "\"1\""}}).ok());
    const auto file = ReadSafetensors(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_THAT(file->metadata, UnorderedElementsAre(Pair("round", "\"1\"")));
    ASSERT_EQ(file->tensors.size(), written.size());
    for (const NamedTensor& tensor : written) {
      const at::Tensor* read = file->Find(tensor.name);
      ASSERT_NE(read, nullptr) << tensor.name;
      ASSERT_EQ(read->scalar_type(), tensor.value.scalar_type());
      ASSERT_EQ(read->sizes(), tensor.value.sizes());
      // As bytes: not-a-numbers must come back too.
      ASSERT_TRUE(tensor.value.nbytes() == 0 ||
                  std::memcmp(read->const_data_ptr(),
                              tensor.value.const_data_ptr(),
                              tensor.value.nbytes()) == 0);
    }
  }
}

// Whatever happens to a file's bytes, reading it answers.
TEST(ReadSafetensors, SurvivesMutations) {
  const std::string valid =
      *ReadFile(WriteBytes("valid", kHandHeader, HandData()));
  const std::string path = TempPath("mutated");
  SeedEngine engine(3, SeedStream::kOrder, 0, 0);
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = valid;
    for (uint64_t i = engine.UniformInt(3) + 1; i > 0 && !bytes.empty(); --i) {
      const size_t place = engine.UniformInt(
          engine.UniformInt(4) == 0 ? std::min<size_t>(bytes.size(), 10)
                                    : bytes.size());
      switch (engine.UniformInt(4)) {
        case 0:
          bytes[place] = static_cast<char>(engine.UniformInt(256));
          break;
        case 1:
          bytes[place] ^= static_cast<char>(1 << engine.UniformInt(8));
          break;
        case 2:
          bytes.insert(place, 1, static_cast<char>(engine.UniformInt(256)));
          break;
        default:
          bytes.resize(place);
      }
    }
    std::ofstream(path, std::ios::binary) << bytes;
    const auto file = ReadSafetensors(path);
    if (!file.ok()) {
      ++refused;
      ASSERT_EQ(file.status().code(), absl::StatusCode::kDataLoss)
          << file.status();
      ASSERT_THAT(file.status().message(), HasSubstr("mutated'"));
      continue;
    }
    for (const NamedTensor& tensor : file->tensors) Values(tensor.value);
  }
  EXPECT_GT(refused, 2500);
  EXPECT_LT(refused, 4000);
}

TEST(ReadSafetensors, EveryTruncationIsRefused) {
  const std::string valid =
      *ReadFile(WriteBytes("valid", kHandHeader, HandData()));
  const std::string path = TempPath("truncated");
  for (size_t size = 0; size < valid.size(); ++size) {
    std::ofstream(path, std::ios::binary) << valid.substr(0, size);
    ASSERT_EQ(ReadSafetensors(path).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
}

TEST(ReadSafetensors, BooleansAreZeroOrOne) {
  const std::string path = WriteBytes(
      "boolean", R"({"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})",
      "\1\2");
  const absl::Status status = ReadSafetensors(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("boolean': tensor 'w'"),
                    HasSubstr("0 and 1 for BOOL, found 2 at place 1")));
}

TEST(ReadSafetensors, SaysWhyAFileCannotBeRead) {
  const absl::Status missing = ReadSafetensors(TempPath("missing")).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.message(),
              AllOf(HasSubstr("missing'"), HasSubstr("No such file"),
                    HasSubstr("Check the path")));
  const absl::Status folder = ReadSafetensors(testing::TempDir()).status();
  EXPECT_EQ(folder.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(folder.message(),
              HasSubstr("expected a regular file, found a folder"));
  const std::string pipe = TempPath("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(ReadSafetensors(pipe).status().message(),
              HasSubstr("found a pipe or device"));
  std::ofstream(TempPath("empty"));
  EXPECT_THAT(ReadSafetensors(TempPath("empty")).status().message(),
              HasSubstr("found a file of 0 bytes"));
}

// A length that fits the file's size, but the file is a hole of 64 GiB.
TEST(ReadSafetensors, TakesNoMemoryForWhatAFileClaims) {
  const std::string path = WriteBytes(
      "sparse", R"({"w":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}})", "");
  ASSERT_EQ(::truncate(path.c_str(), int64_t{1} << 36), 0);
  EXPECT_THAT(ReadSafetensors(path).status().message(),
              HasSubstr("expected 5 bytes of data, found 687194"));
}

SafetensorsFile FileOf(const std::vector<NamedTensor>& tensors) {
  SafetensorsFile file;
  file.path = "net.safetensors";
  file.tensors = tensors;
  return file;
}

TEST(CheckTensors, ListsMissingExtraAndMisshapenAtOnce) {
  const SafetensorsFile file = FileOf({{"conv.weight", at::ones({2, 3})},
                                       {"conv.bias", at::ones({2})},
                                       {"old.scale", at::ones({})}});
  EXPECT_TRUE(CheckTensors(file, {{"conv.bias", {2}},
                                  {"old.scale", {}},
                                  {"conv.weight", {2, 3}}})
                  .ok());
  const absl::Status status = CheckTensors(file, {{"conv.weight", {3, 2}},
                                                  {"conv.bias", {2}},
                                                  {"new.bias", {1}},
                                                  {"new.weight", {1}}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "'net.safetensors': expected 4 tensors, found 3 that do not match "
            "them.\n"
            "Missing (2):\n  new.bias\n  new.weight\n"
            "Extra (1):\n  old.scale\n"
            "Misshapen (1):\n  conv.weight: expected [3, 2], found [2, 3]\n"
            "Choose the net and the options that these weights were made for.");
}

TEST(CheckTensors, LongListsAreWholeAndCountedEachByItself) {
  std::vector<NamedTensor> tensors;
  std::vector<ExpectedTensor> expected;
  for (int i = 10; i < 23; ++i) {
    tensors.push_back({absl::StrCat("module.w", i), at::ones({1})});
    expected.push_back({absl::StrCat("w", i), {1}});
  }
  const absl::Status status = CheckTensors(FileOf(tensors), expected);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("Missing (13):\n  w10\n"),
                    HasSubstr("\n  w22\nExtra (13):\n  module.w10\n"),
                    HasSubstr("\n  module.w22\n"), Not(HasSubstr("Misshapen")),
                    HasSubstr("by the prefix 'module.' alone")));
}

TEST(CopyTensorsInto, CopiesByNameAndConvertsFloats) {
  const SafetensorsFile file = FileOf({{"a", at::full({2}, 0.1, at::kDouble)},
                                       {"b", at::full({}, 0.5f, at::kFloat)},
                                       {"n", at::full({1}, 7, at::kLong)}});
  const at::Tensor a = at::zeros({2}, at::kFloat).requires_grad_();
  const at::Tensor b = at::zeros({}, at::kDouble);
  const at::Tensor n = at::zeros({1}, at::kLong);
  const absl::Status status =
      CopyTensorsInto(file, {{"n", n}, {"a", a}, {"b", b}});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(Values(a.detach()), ElementsAre(0.1f, 0.1f));
  EXPECT_EQ(b.item<double>(), 0.5);
  EXPECT_EQ(n.item<int64_t>(), 7);
  EXPECT_TRUE(a.is_leaf());
}

TEST(CopyTensorsInto, ChangesNothingUnlessEverythingFits) {
  const at::Tensor a = at::zeros({1});
  const at::Tensor n = at::zeros({1}, at::kLong);
  absl::Status status = CopyTensorsInto(
      FileOf({{"a", at::ones({1})}, {"n", at::ones({1}, at::kInt)}}),
      {{"a", a}, {"n", n}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("'net.safetensors'"),
                    HasSubstr("n: expected Long, found Int")));
  status = CopyTensorsInto(
      FileOf({{"a", at::ones({1})}, {"n", at::ones({2}, at::kLong)}}),
      {{"a", a}, {"n", n}});
  EXPECT_THAT(status.message(), HasSubstr("n: expected [1], found [2]"));
  status = CopyTensorsInto(FileOf({{"a", at::ones({1}, at::kHalf)}, {"n", n}}),
                           {{"a", a}, {"n", n}});
  EXPECT_THAT(status.message(), HasSubstr("a: expected Float, found Half"));
  EXPECT_EQ(a.item<float>(), 0);
}

}  // namespace
}  // namespace bild
