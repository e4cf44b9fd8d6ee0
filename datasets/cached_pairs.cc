#include "datasets/cached_pairs.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "datasets/cache_sources.h"
#include "datasets/mapped_file.h"
#include "datasets/parallel_for.h"
#include "datasets/pixel_hash.h"
#include "datasets/shell_word.h"
#include "fmt/format.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "16-bit pixels of a cache are stored low byte first");

namespace bild {
namespace {

constexpr char kIndexSuffix[] = ".index";

absl::Status Extended(const absl::Status& status, const std::string& more) {
  return absl::Status(status.code(),
                      std::string(status.message()) + " " + more);
}

// "sots_indoor, its": the caches of a folder.
std::string CachesIn(const std::string& folder) {
  std::vector<std::string> sets;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error);
       !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == kIndexSuffix) {
      sets.push_back(entry->path().stem().string());
    }
  }
  std::sort(sets.begin(), sets.end());
  std::string text;
  for (const std::string& set : sets) text += (text.empty() ? "" : ", ") + set;
  return text.empty() ? "none" : text;
}

// The flags that a cache was packed with, against those of the run.
absl::Status CheckFlags(const CacheIndex& index, const CacheRequest& request) {
  std::vector<std::string> problems;
  if (index.is_partial && !request.allow_partial) {
    problems.push_back(fmt::format(
        "it holds '{}', packed with --allow_partial: give it here too, and "
        "every row will say so",
        index.name));
  }
  const auto compare = [&problems](const char* flag, bool packed, bool given) {
    if (packed == given) return;
    problems.push_back(
        fmt::format("it was packed with{} --{}, this call is "
                    "with{} it",
                    packed ? "" : "out", flag, given ? "" : "out"));
  };
  compare("expand_grey", index.reading.expand_grey,
          request.reading.expand_grey);
  compare("depth16", index.reading.depth16, request.reading.depth16);
  if (problems.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(ListProblems(
      fmt::format("{}: the cache '{}' does not fit the call:", index.set,
                  CacheIndexPath(request.folder, request.set)),
      problems, ""));
}

}  // namespace

std::string CacheIndexPath(const std::string& folder, const std::string& set) {
  return folder + "/" + set + kIndexSuffix;
}

std::string CacheDataPath(const std::string& folder, const std::string& set) {
  return folder + "/" + set + ".pixels";
}

std::string PackCommand(const CacheIndex& index, const std::string& folder) {
  return fmt::format(
      "bazel run //datasets:pack -- --dataset={} --data_root={} --output={}{}{}"
      "{}",
      index.set, ShellWord(index.root), ShellWord(folder),
      index.is_partial ? " --allow_partial" : "",
      index.reading.expand_grey ? " --expand_grey" : "",
      index.reading.depth16 ? " --depth16" : "");
}

struct CachedPairs::Content {
  CacheIndex index;
  std::vector<PairName> pairs;
  std::unique_ptr<MappedFile> pixels;
  std::string index_path;

  ImageView View(int64_t number) const {
    const CachedImage& image = index.images[static_cast<size_t>(number)];
    ImageView view{image.width_px, image.height_px};
    const uint8_t* const start = pixels->data() + image.offset;
    if (image.is_16_bit) {
      // Offsets are multiples of 64.
      view.rgb16 = reinterpret_cast<const uint16_t*>(start);
    } else {
      view.rgb = start;
    }
    return view;
  }

  std::shared_ptr<const Image> Copy(int64_t number) const {
    const ImageView view = View(number);
    auto image = std::make_shared<Image>();
    image->width_px = view.width_px;
    image->height_px = view.height_px;
    if (view.rgb16 != nullptr) {
      image->rgb16.assign(view.rgb16, view.rgb16 + view.values());
    } else {
      image->rgb.assign(view.rgb, view.rgb + view.values());
    }
    return image;
  }
};

CachedPairs::CachedPairs(std::shared_ptr<const Content> content)
    : content_(std::move(content)) {}
CachedPairs::~CachedPairs() = default;

absl::StatusOr<std::unique_ptr<CachedPairs>> CachedPairs::Open(
    const CacheRequest& request) {
  const std::string index_path = CacheIndexPath(request.folder, request.set);
  const std::string data_path = CacheDataPath(request.folder, request.set);
  CacheIndex unread;
  unread.set = request.set;
  unread.root = "DIR";
  unread.reading = request.reading;
  const std::string pack_again =
      "Pack it again: " + PackCommand(unread, request.folder);
  const absl::StatusOr<std::string> text = ReadFile(index_path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(fmt::format(
        "{}={}: there is no cache of {} ('{}'); caches there: {}. Pack it: {}",
        request.folder_flag, request.folder, request.set, index_path,
        CachesIn(request.folder), PackCommand(unread, request.folder)));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<CacheIndex> index = ParseCacheIndex(*text, index_path);
  if (!index.ok()) return Extended(index.status(), pack_again);
  const std::string mend =
      "Pack it again: " + PackCommand(*index, request.folder);
  if (index->set != request.set) {
    return absl::FailedPreconditionError(
        fmt::format("'{}' is the index of a cache of {}, expected {}. {}",
                    index_path, index->set, request.set, pack_again));
  }
  BILD_RETURN_IF_ERROR(CheckFlags(*index, request));

  auto content = std::make_shared<Content>();
  content->index = *std::move(index);
  content->index_path = index_path;
  const CacheIndex& whole = content->index;
  auto pixels = MappedFile::Open(data_path, whole.data_bytes);
  if (!pixels.ok()) return Extended(pixels.status(), mend);
  content->pixels = *std::move(pixels);
  const std::string header = CacheDataHeader(whole.plan_sha256);
  if (std::memcmp(content->pixels->data(), header.data(), header.size()) != 0) {
    return absl::DataLossError(
        fmt::format("'{}' and '{}' are not of one packing. {}", data_path,
                    index_path, mend));
  }
  if (request.notes != nullptr) {
    for (const std::string& note : whole.notes) request.notes->push_back(note);
  }
  const absl::Status sources = CompareWithSources(whole, /*hashes_them=*/false);
  if (absl::IsNotFound(sources)) {
    if (request.notes != nullptr) {
      request.notes->push_back(
          fmt::format("{} The cache '{}' was not compared with its sources.",
                      std::string(sources.message()), index_path));
    }
  } else if (!sources.ok()) {
    return Extended(sources, mend);
  }
  for (const CachedPair& pair : whole.pairs) {
    content->pairs.push_back(
        {pair.id, pair.scene,
         whole.images[static_cast<size_t>(pair.hazy)].source_path,
         whole.images[static_cast<size_t>(pair.clear)].source_path});
  }
  return std::unique_ptr<CachedPairs>(new CachedPairs(std::move(content)));
}

const std::string& CachedPairs::name() const { return content_->index.name; }

const std::string& CachedPairs::layout() const {
  return content_->index.layout;
}

const std::vector<std::string>& CachedPairs::invalid_reasons() const {
  return content_->index.invalid_reasons;
}

const std::vector<PairName>& CachedPairs::pairs() const {
  return content_->pairs;
}

const CacheIndex& CachedPairs::index() const { return content_->index; }

absl::StatusOr<ImagePair> CachedPairs::Read(int64_t index) const {
  const CachedPair& pair = content_->index.pairs.at(static_cast<size_t>(index));
  return ImagePair{content_->Copy(pair.hazy), content_->Copy(pair.clear)};
}

absl::StatusOr<PairView> CachedPairs::View(int64_t index) const {
  const CachedPair& pair = content_->index.pairs.at(static_cast<size_t>(index));
  return PairView{content_->View(pair.hazy), content_->View(pair.clear),
                  /*x_px=*/0, /*y_px=*/0, content_};
}

absl::StatusOr<ImageSize> CachedPairs::ReadSize(int64_t index) const {
  const CachedPair& pair = content_->index.pairs.at(static_cast<size_t>(index));
  const ImageView hazy = content_->View(pair.hazy);
  return ImageSize{hazy.width_px, hazy.height_px};
}

absl::StatusOr<PairFileBytes> CachedPairs::FileBytes(int64_t index) const {
  const CachedPair& pair = content_->index.pairs.at(static_cast<size_t>(index));
  const auto& images = content_->index.images;
  return PairFileBytes{images[static_cast<size_t>(pair.hazy)].source_bytes,
                       images[static_cast<size_t>(pair.clear)].source_bytes};
}

absl::Status CachedPairs::CheckPixels() const {
  const auto& images = content_->index.images;
  std::vector<char> is_changed(images.size(), 0);
  ParallelFor(static_cast<int64_t>(images.size()), [&](int64_t i) {
    const auto place = static_cast<size_t>(i);
    is_changed[place] =
        PixelHash(content_->View(i)) != images[place].pixels_sha256;
  });
  std::vector<std::string> changed;
  for (size_t i = 0; i < images.size(); ++i) {
    if (is_changed[i] != 0) {
      changed.push_back(fmt::format("the picture of '{}' at byte {}",
                                    images[i].source_path, images[i].offset));
    }
  }
  if (changed.empty()) return absl::OkStatus();
  return absl::DataLossError(ListProblems(
      fmt::format("{}: {} of {} pictures of the cache '{}' are not what was "
                  "packed:",
                  content_->index.name, changed.size(), images.size(),
                  content_->index_path),
      changed, "Delete that file, then pack again."));
}

}  // namespace bild
