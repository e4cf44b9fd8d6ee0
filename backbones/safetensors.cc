#include "backbones/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "ATen/ops/empty.h"
#include "ATen/ops/from_blob.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/safetensors_header.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "Tensors are read and written as they lie in memory.");

struct TypeName {
  at::ScalarType type;
  const char* name;
};

constexpr TypeName kTypeNames[] = {
    {at::kBool, "BOOL"},  {at::kByte, "U8"},       {at::kChar, "I8"},
    {at::kShort, "I16"},  {at::kInt, "I32"},       {at::kLong, "I64"},
    {at::kHalf, "F16"},   {at::kBFloat16, "BF16"}, {at::kFloat, "F32"},
    {at::kDouble, "F64"},
};

// The format's name of a type; empty where it has none.
std::string NameOf(at::ScalarType type) {
  for (const TypeName& row : kTypeNames) {
    if (row.type == type) return row.name;
  }
  return "";
}

// Only for names that the header's parser has let through.
at::ScalarType TypeOf(const std::string& name) {
  for (const TypeName& row : kTypeNames) {
    if (row.name == name) return row.type;
  }
  return at::ScalarType::Undefined;
}

absl::Status CannotRead(const std::string& path, int error) {
  const std::string text =
      absl::StrCat("Cannot read '", path, "': ", std::strerror(error), ".");
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(
          absl::StrCat(text, " Check the path and its folder."));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat(text, " Change its rights or choose another file."));
    default:
      return absl::UnavailableError(text);
  }
}

// A regular file, open for reading; its size is that when it was opened.
class InputFile {
 public:
  explicit InputFile(std::string path) : path_(std::move(path)) {}
  ~InputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  absl::Status Open() {
    // Without O_NONBLOCK, a named pipe would wait here for a writer.
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
      return CannotRead(path_, errno);
    }
    if (!S_ISREG(status.st_mode)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "Cannot read '", path_, "': expected a regular file, found a ",
          S_ISDIR(status.st_mode) ? "folder" : "pipe or device", "."));
    }
    size_ = static_cast<uint64_t>(status.st_size);
    return absl::OkStatus();
  }

  uint64_t size() const { return size_; }

  absl::Status Read(void* to, uint64_t size) {
    char* next = static_cast<char*>(to);
    while (size > 0) {
      const ssize_t count = ::read(descriptor_, next, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return CannotRead(path_, errno);
      if (count == 0) {
        return absl::DataLossError(absl::StrCat(
            "'", path_, "': expected ", size_, " bytes, found ", size,
            " fewer: it became shorter while it was read. Read it again when "
            "nothing writes to it."));
      }
      next += count;
      size -= static_cast<uint64_t>(count);
    }
    return absl::OkStatus();
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// A tensor over its bytes in `data`, which it keeps alive; a copy where they
// are not aligned. (A view would share its version counter with the others, and
// autograd would take a change of one for a change of all.)
at::Tensor TensorOver(const at::Tensor& data, const SafetensorsEntry& entry) {
  const at::TensorOptions options =
      at::TensorOptions().dtype(TypeOf(entry.dtype));
  if (entry.begin == entry.end) return at::empty(entry.shape, options);
  uint8_t* bytes = data.mutable_data_ptr<uint8_t>() + entry.begin;
  if (entry.begin % SafetensorsElementBytes(entry.dtype) == 0) {
    return at::from_blob(
        bytes, entry.shape, [data](void*) {}, options);
  }
  at::Tensor copy = at::empty(entry.shape, options);
  std::memcpy(copy.mutable_data_ptr(), bytes, entry.end - entry.begin);
  return copy;
}

absl::Status CheckBooleans(const std::string& path, const at::Tensor& data,
                           const SafetensorsEntry& entry) {
  const uint8_t* bytes = data.const_data_ptr<uint8_t>();
  for (uint64_t i = entry.begin; i < entry.end; ++i) {
    if (bytes[i] > 1) {
      return absl::DataLossError(absl::StrCat(
          "'", path, "': tensor '", entry.name,
          "': expected the bytes 0 and 1 for BOOL, found ",
          static_cast<int>(bytes[i]), " at place ", i - entry.begin,
          ". The file is damaged: fetch or write it again."));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SafetensorsFile> ReadOpenFile(const std::string& path,
                                             InputFile& input) {
  unsigned char first[8] = {};
  if (input.size() >= sizeof first) {
    BILD_RETURN_IF_ERROR(input.Read(first, sizeof first));
  }
  BILD_ASSIGN_OR_RETURN(
      const uint64_t header_bytes,
      ParseSafetensorsHeaderLength(path, first, input.size()));
  std::string json(header_bytes, '\0');
  BILD_RETURN_IF_ERROR(input.Read(json.data(), json.size()));
  const uint64_t data_bytes = input.size() - sizeof first - header_bytes;
  BILD_ASSIGN_OR_RETURN(SafetensorsHeader header,
                        ParseSafetensorsHeader(path, json, data_bytes));

  const at::Tensor data =
      at::empty({static_cast<int64_t>(data_bytes)}, at::kByte);
  BILD_RETURN_IF_ERROR(
      input.Read(data.mutable_data_ptr<uint8_t>(), data_bytes));

  SafetensorsFile file;
  file.path = path;
  file.metadata = std::move(header.metadata);
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.dtype == "BOOL") {
      BILD_RETURN_IF_ERROR(CheckBooleans(path, data, entry));
    }
    file.tensors.push_back({entry.name, TensorOver(data, entry)});
  }
  return file;
}

absl::Status WriteSorted(const std::string& path,
                         std::vector<NamedTensor> tensors,
                         const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(),
            [](const NamedTensor& a, const NamedTensor& b) {
              const size_t a_bytes = a.value.element_size();
              const size_t b_bytes = b.value.element_size();
              return a_bytes != b_bytes ? a_bytes > b_bytes : a.name < b.name;
            });
  SafetensorsHeader header;
  header.metadata = metadata;
  std::vector<Bytes> pieces(1);
  uint64_t offset = 0;
  for (NamedTensor& tensor : tensors) {
    tensor.value = tensor.value.detach().cpu().contiguous();
    const size_t bytes = tensor.value.nbytes();
    header.entries.push_back({tensor.name, NameOf(tensor.value.scalar_type()),
                              tensor.value.sizes().vec(), offset,
                              offset + bytes});
    pieces.push_back({tensor.value.const_data_ptr(), bytes});
    offset += bytes;
  }
  BILD_ASSIGN_OR_RETURN(const std::string start,
                        FormatSafetensorsHeader(header));
  pieces[0] = {start.data(), start.size()};
  return WriteFileAtomically(path, pieces);
}

std::string ShapeText(at::IntArrayRef shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

// The text between a net's names and a file's when it is the same throughout,
// as the "module." that PyTorch's DataParallel leaves: for the advice.
std::string CommonPrefix(const std::set<std::string>& missing,
                         const std::set<std::string>& extra) {
  if (missing.empty() || missing.size() != extra.size()) return "";
  const std::string& longer = *extra.begin();
  const std::string& shorter = *missing.begin();
  if (longer.size() <= shorter.size()) return "";
  const std::string prefix = longer.substr(0, longer.size() - shorter.size());
  for (const std::string& name : missing) {
    if (extra.count(prefix + name) == 0) return "";
  }
  return prefix;
}

}  // namespace

const at::Tensor* SafetensorsFile::Find(const std::string& name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor.value;
  }
  return nullptr;
}

absl::StatusOr<SafetensorsFile> ReadSafetensors(const std::string& path) {
  return CatchTorchErrors(absl::StrCat("Cannot read '", path, "'"),
                          [&]() -> absl::StatusOr<SafetensorsFile> {
                            InputFile input(path);
                            BILD_RETURN_IF_ERROR(input.Open());
                            return ReadOpenFile(path, input);
                          });
}

absl::Status WriteSafetensors(
    const std::string& path, const std::vector<NamedTensor>& tensors,
    const std::map<std::string, std::string>& metadata) {
  std::set<std::string> names;
  std::vector<std::string> problems;
  for (const NamedTensor& tensor : tensors) {
    const std::string quoted = absl::StrCat("'", tensor.name, "'");
    if (tensor.name == "__metadata__") {
      problems.push_back(
          absl::StrCat(quoted, ": the format reserves the name"));
    } else if (!names.insert(tensor.name).second) {
      problems.push_back(
          absl::StrCat(quoted, ": a second tensor of that name"));
    }
    if (!tensor.value.defined()) {
      problems.push_back(absl::StrCat(quoted, ": no tensor"));
    } else if (NameOf(tensor.value.scalar_type()).empty()) {
      problems.push_back(
          absl::StrCat(quoted, ": the format has no ",
                       c10::toString(tensor.value.scalar_type())));
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(
        ListProblems(absl::StrCat("Cannot write '", path,
                                  "': expected defined tensors of different "
                                  "names, found:"),
                     problems, ""));
  }
  return CatchTorchErrors(absl::StrCat("Cannot write '", path, "'"), [&]() {
    return WriteSorted(path, tensors, metadata);
  });
}

absl::Status CheckTensors(const SafetensorsFile& file,
                          const std::vector<ExpectedTensor>& expected) {
  std::map<std::string, const at::Tensor*> found;
  for (const NamedTensor& tensor : file.tensors) {
    found[tensor.name] = &tensor.value;
  }
  std::set<std::string> missing;
  std::vector<std::string> misshapen;
  for (const ExpectedTensor& want : expected) {
    const auto have = found.find(want.name);
    if (have == found.end()) {
      missing.insert(want.name);
      continue;
    }
    if (have->second->sizes() != at::IntArrayRef(want.shape)) {
      misshapen.push_back(absl::StrCat(want.name, ": expected ",
                                       ShapeText(want.shape), ", found ",
                                       ShapeText(have->second->sizes())));
    }
  }
  std::set<std::string> extra;
  for (const auto& [name, tensor] : found) extra.insert(name);
  for (const ExpectedTensor& want : expected) extra.erase(want.name);
  if (missing.empty() && extra.empty() && misshapen.empty()) {
    return absl::OkStatus();
  }

  std::vector<std::string> lists = {absl::StrCat(
      "'", file.path, "': expected ", expected.size(), " tensors, found ",
      file.tensors.size(), " that do not match them.")};
  const auto add_list = [&lists](const std::string& what,
                                 const std::vector<std::string>& problems) {
    if (problems.empty()) return;
    // All of them: which names differ is what tells one net from another.
    lists.push_back(absl::StrCat(what, " (", problems.size(), "):\n  ",
                                 absl::StrJoin(problems, "\n  ")));
  };
  add_list("Missing", {missing.begin(), missing.end()});
  add_list("Extra", {extra.begin(), extra.end()});
  add_list("Misshapen", misshapen);
  const std::string prefix = CommonPrefix(missing, extra);
  lists.push_back(
      prefix.empty()
          ? "Choose the net and the options that these weights were made for."
          : absl::StrCat("The names differ by the prefix '", prefix,
                         "' alone: remove it when converting the file."));
  return absl::InvalidArgumentError(absl::StrJoin(lists, "\n"));
}

absl::Status CopyTensorsInto(const SafetensorsFile& file,
                             const std::vector<NamedTensor>& targets) {
  std::vector<ExpectedTensor> expected;
  for (const NamedTensor& target : targets) {
    expected.push_back({target.name, target.value.sizes().vec()});
  }
  BILD_RETURN_IF_ERROR(CheckTensors(file, expected));

  std::map<std::string, at::Tensor> found;
  for (const NamedTensor& tensor : file.tensors) {
    found[tensor.name] = tensor.value;
  }
  const auto is_converted = [](at::ScalarType type) {
    return type == at::kFloat || type == at::kDouble;
  };
  std::vector<std::string> problems;
  for (const NamedTensor& target : targets) {
    const at::ScalarType want = target.value.scalar_type();
    const at::ScalarType have = found[target.name].scalar_type();
    if (want != have && !(is_converted(want) && is_converted(have))) {
      problems.push_back(absl::StrCat(target.name, ": expected ",
                                      c10::toString(want), ", found ",
                                      c10::toString(have)));
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(
        ListProblems(absl::StrCat("'", file.path, "': types differ:"), problems,
                     "Only Float (F32) and Double (F64) are converted into "
                     "each other: write the file with the expected types."));
  }
  return CatchTorchErrors(absl::StrCat("Cannot load '", file.path, "'"), [&]() {
    c10::NoGradGuard no_grad;
    for (const NamedTensor& target : targets) {
      target.value.copy_(found[target.name]);
    }
    return absl::OkStatus();
  });
}

}  // namespace bild
