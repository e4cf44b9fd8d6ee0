#include "datasets/cache_index.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/escaped_field.h"
#include "datasets/sha256_text.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr char kSign[] = "# bild-cache ";
constexpr char kVersion[] = "1";
constexpr char kChecksum[] = "sha256\t";

// Only what fmt would write: no sign but of a negative number, no leading zero,
// nothing around it.
bool ReadNumber(const std::string& text, int64_t* number) {
  return absl::SimpleAtoi(text, number) && fmt::format("{}", *number) == text;
}

int64_t Aligned(int64_t offset) {
  return (offset + kCacheAlignment - 1) / kCacheAlignment * kCacheAlignment;
}

std::string BodyText(const CacheIndex& index) {
  std::string text = fmt::format("{}{}\n", kSign, kVersion);
  const auto line = [&text](const char* key, const std::string& value) {
    text += fmt::format("{}\t{}\n", key, EscapedField(value));
  };
  line("set", index.set);
  line("name", index.name);
  line("layout", index.layout);
  line("root", index.root);
  line("source", index.source_folder);
  line("partial", index.is_partial ? "1" : "0");
  line("expand_grey", index.reading.expand_grey ? "1" : "0");
  line("depth16", index.reading.depth16 ? "1" : "0");
  line("decoder", index.decoder_sha256);
  line("manifest", index.manifest_sha256);
  line("plan", index.plan_sha256);
  line("bytes", fmt::format("{}", index.data_bytes));
  for (const std::string& reason : index.invalid_reasons) {
    line("invalid", reason);
  }
  for (const std::string& note : index.notes) line("note", note);
  for (const CachedImage& image : index.images) {
    text += fmt::format(
        "image\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", image.offset,
        image.width_px, image.height_px, image.is_16_bit ? 16 : 8,
        EscapedField(image.source_path), image.source_bytes,
        image.source_mtime_ns, image.source_sha256, image.pixels_sha256);
  }
  for (const CachedPair& pair : index.pairs) {
    text += fmt::format("pair\t{}\t{}\t{}\t{}\n", EscapedField(pair.id),
                        EscapedField(pair.scene), pair.hazy, pair.clear);
  }
  return text;
}

// Reads the lines of a body in their order.
class BodyParser {
 public:
  explicit BodyParser(const std::vector<std::string>& lines) : lines_(lines) {}

  // The index, or what is wrong in `problems`.
  CacheIndex Parse(std::vector<std::string>* problems) {
    problems_ = problems;
    ReadHead();
    while (ReadText("invalid", &index_.invalid_reasons)) continue;
    while (ReadText("note", &index_.notes)) continue;
    while (StartsWith("image\t")) ReadLine([this] { return ReadImage(); });
    while (StartsWith("pair\t")) ReadLine([this] { return ReadPair(); });
    if (at_ < lines_.size()) Complain("does not belong here");
    if (problems->empty()) CheckWhole();
    return std::move(index_);
  }

 private:
  bool StartsWith(const std::string& start) const {
    return at_ < lines_.size() && lines_[at_].rfind(start, 0) == 0;
  }

  void Complain(const std::string& problem) {
    // Line 1 is the sign.
    problems_->push_back(fmt::format("line {}: {}", at_ + 2, problem));
  }

  // Takes the line `key<tab>value`, or complains.
  void Take(const std::string& key, std::string* value) {
    if (!StartsWith(key + "\t")) {
      Complain(fmt::format("expected '{}'", key));
      return;
    }
    if (!UnescapeField(lines_[at_].substr(key.size() + 1), value)) {
      Complain("a tab or an escape that nobody writes");
    }
    ++at_;
  }

  // The same; `read` says what is wrong with the value, or nothing.
  template <typename Read>
  void TakeChecked(const std::string& key, const Read& read) {
    const size_t before = at_;
    std::string value;
    Take(key, &value);
    if (at_ == before) return;
    const std::string problem = read(value);
    if (problem.empty()) return;
    at_ = before;
    Complain(key + " " + problem);
    ++at_;
  }

  void TakeFlag(const std::string& key, bool* flag) {
    TakeChecked(key, [flag](const std::string& value) {
      *flag = value == "1";
      return value == "0" || value == "1" ? "" : "is neither 0 nor 1";
    });
  }

  void TakeHash(const std::string& key, std::string* hash) {
    TakeChecked(key, [hash](const std::string& value) {
      *hash = value;
      return IsSha256(value) ? "" : "is no SHA-256";
    });
  }

  void ReadHead() {
    Take("set", &index_.set);
    Take("name", &index_.name);
    Take("layout", &index_.layout);
    Take("root", &index_.root);
    Take("source", &index_.source_folder);
    TakeFlag("partial", &index_.is_partial);
    TakeFlag("expand_grey", &index_.reading.expand_grey);
    TakeFlag("depth16", &index_.reading.depth16);
    TakeHash("decoder", &index_.decoder_sha256);
    TakeHash("manifest", &index_.manifest_sha256);
    TakeHash("plan", &index_.plan_sha256);
    TakeChecked("bytes", [this](const std::string& value) {
      return ReadNumber(value, &index_.data_bytes) ? "" : "is no whole number";
    });
  }

  bool ReadText(const std::string& key, std::vector<std::string>* texts) {
    if (!StartsWith(key + "\t")) return false;
    texts->emplace_back();
    Take(key, &texts->back());
    return true;
  }

  // One line of fields; `read` says what is wrong with it, or nothing.
  template <typename Read>
  void ReadLine(const Read& read) {
    fields_ = absl::StrSplit(lines_[at_], '\t');
    const std::string problem = read();
    if (!problem.empty()) Complain(problem);
    ++at_;
  }

  std::string ReadImage() {
    if (fields_.size() != 10) {
      return fmt::format("{} fields, expected 10", fields_.size());
    }
    CachedImage image;
    int64_t bits = 0;
    if (!ReadNumber(fields_[1], &image.offset) ||
        !ReadNumber(fields_[2], &image.width_px) ||
        !ReadNumber(fields_[3], &image.height_px) ||
        !ReadNumber(fields_[4], &bits) ||
        !ReadNumber(fields_[6], &image.source_bytes) ||
        !ReadNumber(fields_[7], &image.source_mtime_ns)) {
      return "a field that is no whole number";
    }
    if (image.width_px < 1 || image.height_px < 1 ||
        image.width_px > kMostPixels ||
        image.height_px > kMostPixels / image.width_px) {
      return fmt::format("a picture of {}x{}, expected 1 to {} pixels",
                         image.width_px, image.height_px, kMostPixels);
    }
    if (bits != 8 && bits != 16) return "bits are neither 8 nor 16";
    image.is_16_bit = bits == 16;
    if (!UnescapeField(fields_[5], &image.source_path)) {
      return "a tab or an escape that nobody writes";
    }
    if (image.source_bytes < 0) return "source bytes below 0";
    image.source_sha256 = fields_[8];
    image.pixels_sha256 = fields_[9];
    if (!IsSha256(image.source_sha256) || !IsSha256(image.pixels_sha256)) {
      return "a field that is no SHA-256";
    }
    // Exactly where the writer puts it: nothing overlaps, nothing lies outside.
    if (image.offset != Aligned(end_)) {
      return fmt::format("an image at {}, expected at {}", image.offset,
                         Aligned(end_));
    }
    // 2^62 is more than any file has, and leaves room for the next sum.
    constexpr int64_t kMostBytes = int64_t{1} << 62;
    if (image.offset > kMostBytes) return "more pixels than a file can hold";
    end_ = image.offset + image.bytes();
    index_.images.push_back(std::move(image));
    return "";
  }

  std::string ReadPair() {
    if (fields_.size() != 5) {
      return fmt::format("{} fields, expected 5", fields_.size());
    }
    CachedPair pair;
    if (!UnescapeField(fields_[1], &pair.id) ||
        !UnescapeField(fields_[2], &pair.scene)) {
      return "a tab or an escape that nobody writes";
    }
    const auto count = static_cast<int64_t>(index_.images.size());
    if (!ReadNumber(fields_[3], &pair.hazy) ||
        !ReadNumber(fields_[4], &pair.clear) || pair.hazy < 0 ||
        pair.clear < 0 || pair.hazy >= count || pair.clear >= count) {
      return fmt::format("a number that is none of {} images", count);
    }
    const CachedImage& hazy = index_.images[static_cast<size_t>(pair.hazy)];
    const CachedImage& clear = index_.images[static_cast<size_t>(pair.clear)];
    if (hazy.width_px != clear.width_px || hazy.height_px != clear.height_px) {
      return fmt::format("a pair of {}x{} and {}x{}", hazy.width_px,
                         hazy.height_px, clear.width_px, clear.height_px);
    }
    if (!index_.pairs.empty() && pair.id <= index_.pairs.back().id) {
      return "ids are not sorted bytewise, each once";
    }
    index_.pairs.push_back(std::move(pair));
    return "";
  }

  void CheckWhole() {
    if (index_.pairs.empty()) problems_->push_back("it names no pair");
    if (index_.data_bytes != end_) {
      problems_->push_back(fmt::format("its images end at {}, its bytes say {}",
                                       end_, index_.data_bytes));
    }
  }

  const std::vector<std::string>& lines_;
  size_t at_ = 0;
  std::vector<std::string> fields_;
  std::vector<std::string>* problems_ = nullptr;
  CacheIndex index_;
  int64_t end_ = kCacheHeaderBytes;  // Of the last image so far.
};

// The version in the first line; empty where it is no index.
std::string VersionOf(const std::string& text) {
  if (text.rfind(kSign, 0) != 0) return "";
  const std::string first = text.substr(0, text.find('\n'));
  return first.substr(std::char_traits<char>::length(kSign));
}

absl::Status CheckVersion(const std::string& text, const std::string& name) {
  const std::string version = VersionOf(text);
  if (version.empty()) {
    return absl::DataLossError(
        fmt::format("'{}' is no index of a cache: it does not begin with "
                    "'{}{}'.",
                    name, kSign, kVersion));
  }
  if (version != kVersion) {
    return absl::FailedPreconditionError(
        fmt::format("'{}' is an index of version '{}', expected version {}.",
                    name, version.substr(0, 20), kVersion));
  }
  return absl::OkStatus();
}

}  // namespace

void PlaceImages(CacheIndex* index) {
  int64_t end = kCacheHeaderBytes;
  for (CachedImage& image : index->images) {
    image.offset = Aligned(end);
    end = image.offset + image.bytes();
  }
  index->data_bytes = end;
}

std::string PlanSha256(const CacheIndex& index) {
  CacheIndex plan = index;
  const std::string unknown(64, '0');
  plan.plan_sha256 = unknown;
  plan.manifest_sha256 = unknown;
  for (CachedImage& image : plan.images) {
    image.source_sha256 = unknown;
    image.pixels_sha256 = unknown;
  }
  return Sha256Hex(BodyText(plan));
}

std::string CacheDataHeader(const std::string& plan_sha256) {
  std::string header =
      fmt::format("bild-pixels {} {}\n", kVersion, plan_sha256);
  header.resize(static_cast<size_t>(kCacheHeaderBytes), '\0');
  return header;
}

std::string CacheIndexText(const CacheIndex& index) {
  const std::string body = BodyText(index);
  return body + kChecksum + Sha256Hex(body) + "\n";
}

absl::StatusOr<CacheIndex> ParseCacheIndexBody(const std::string& body,
                                               const std::string& name) {
  BILD_RETURN_IF_ERROR(CheckVersion(body, name));
  std::vector<std::string> lines = absl::StrSplit(body, '\n');
  lines.erase(lines.begin());
  std::vector<std::string> problems;
  if (lines.empty() || !lines.back().empty()) {
    problems.emplace_back("the last line has no line feed: it was cut off");
  } else {
    lines.pop_back();
  }
  CacheIndex index = BodyParser(lines).Parse(&problems);
  if (problems.empty()) return index;
  return absl::DataLossError(ListProblems(
      fmt::format("'{}' does not read as an index of a cache:", name), problems,
      ""));
}

absl::StatusOr<CacheIndex> ParseCacheIndex(const std::string& text,
                                           const std::string& name) {
  BILD_RETURN_IF_ERROR(CheckVersion(text, name));
  const size_t checksum_bytes =
      std::char_traits<char>::length(kChecksum) + 64 + 1;
  const size_t body_bytes =
      text.size() < checksum_bytes ? 0 : text.size() - checksum_bytes;
  const std::string body = text.substr(0, body_bytes);
  if (body_bytes == 0 || body.back() != '\n' ||
      text.compare(body_bytes, std::string::npos,
                   kChecksum + Sha256Hex(body) + "\n") != 0) {
    return absl::DataLossError(
        fmt::format("'{}' was cut off or changed after it was written: its "
                    "checksum does not match.",
                    name));
  }
  return ParseCacheIndexBody(body, name);
}

}  // namespace bild
