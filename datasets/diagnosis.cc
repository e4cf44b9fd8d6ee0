#include "datasets/diagnosis.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_join.h"
#include "datasets/catalog.h"
#include "datasets/dataset_words.h"
#include "datasets/folder_draft.h"
#include "datasets/layouts.h"
#include "datasets/picture_names.h"
#include "datasets/shell_word.h"
#include "fmt/format.h"

namespace bild {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 5;
constexpr size_t kMostFolders = 5000;

// `root` and the folders below, outer ones first, each level sorted.
std::vector<fs::path> FoldersBelow(const fs::path& root) {
  std::vector<fs::path> folders;
  std::deque<std::pair<fs::path, int>> queue = {{root, 0}};
  while (!queue.empty() && folders.size() < kMostFolders) {
    const auto [folder, depth] = queue.front();
    queue.pop_front();
    folders.push_back(folder);
    if (depth == kDeepest) continue;
    std::vector<fs::path> inner;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      const bool is_hidden = entry->path().filename().string()[0] == '.';
      // A link may lead back up.
      if (!is_hidden && !entry->is_symlink(ignored) &&
          entry->is_directory(ignored)) {
        inner.push_back(entry->path());
      }
    }
    std::sort(inner.begin(), inner.end());
    for (const fs::path& path : inner) queue.emplace_back(path, depth + 1);
  }
  return folders;
}

std::string RealPath(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path : real.string();
}

std::string Relative(const std::string& path, const std::string& root) {
  const std::string shown =
      fs::path(path).lexically_relative(root).lexically_normal().string();
  return shown.empty() ? path : shown;
}

// A set that an arrangement of files may be.
struct Guess {
  DatasetInfo info;
  SetFolders folders;
  int64_t known = 0;    // Hazy pictures with ids of the set.
  int64_t hazy = 0;     // All of them.
  int64_t missing = 0;  // Ids of a complete copy that are not there.
  int hint = 0;         // The folder's name speaks for this set.
  bool IsMostlyKnown() const { return 2 * known > hazy; }
};

std::string LowerLetters(const std::string& text) {
  std::string letters;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return letters;
}

// "# O-HAZY NTIRE 2018" speaks for ohaze.
int NameHint(const DatasetInfo& info, const std::string& folder) {
  const std::string name = LowerLetters(fs::path(folder).filename().string());
  static const auto* const signs =
      new std::map<std::string, std::string>{{"ohaze", "ohaz"},
                                             {"ihaze", "ihaz"},
                                             {"nhhaze", "nhhaz"},
                                             {"densehaze", "densehaz"}};
  const auto sign = signs->find(info.name);
  return sign != signs->end() && name.rfind(sign->second, 0) == 0 ? 1 : 0;
}

Guess MakeGuess(const DatasetInfo& info, const SetFolders& folders) {
  Guess guess;
  guess.info = info;
  guess.folders = folders;
  guess.hint = NameHint(info, RealPath(folders.set_folder));
  const auto listing = ListSet(folders);
  if (!listing.ok()) return guess;
  guess.hazy = static_cast<int64_t>(listing->hazy.size());
  std::set<std::string> ids;
  std::set<std::string> scenes;
  for (const PictureFile& file : listing->hazy) {
    // A bare number is a name that anybody gives.
    const bool is_bare = info.name_rule == NameRule::kChallengeNumber &&
                         guess.hint == 0 &&
                         file.stem.find('_') == std::string::npos;
    const std::string id = HazyId(info, file.stem);
    if (id.empty() || is_bare) continue;
    ids.insert(id);
    scenes.insert(SceneOf(info, id));
  }
  const std::set<std::string> complete = CompleteIds(info, scenes);
  for (const std::string& id : ids) {
    guess.known += complete.empty() || complete.count(id) > 0 ? 1 : 0;
  }
  guess.missing = static_cast<int64_t>(complete.size()) - guess.known;
  if (info.complete_ids == nullptr) {
    guess.missing = std::max<int64_t>(0, info.complete_pairs - guess.known);
  }
  return guess;
}

bool IsNamedAfterTheClearSide(const std::string& folder) {
  const std::string name = LowerLetters(fs::path(folder).filename().string());
  for (const char* sign :
       {"clear", "clean", "gt", "truth", "target", "original", "sharp"}) {
    if (name.find(sign) != std::string::npos) {
      return name.find("haz") == std::string::npos;
    }
  }
  return false;
}

// Whether `a` says more about the files than `b`.
bool IsBetter(const Guess& a, const Guess& b) {
  const auto rank = [](const Guess& guess) {
    const bool is_named = guess.info.name_rule != NameRule::kAnyPair;
    const bool names_are_known = guess.info.complete_ids != nullptr ||
                                 guess.info.name_rule == NameRule::kStem;
    return std::make_tuple(is_named && guess.IsMostlyKnown(), guess.hint,
                           names_are_known && guess.known == guess.hazy,
                           guess.known, names_are_known, -guess.missing);
  };
  return rank(a) > rank(b);
}

// Sets that the same files may be as well as `best`.
std::vector<std::string> EquallyGood(const Guess& best,
                                     const std::vector<Guess>& guesses) {
  std::vector<std::string> names;
  for (const Guess& guess : guesses) {
    if (guess.info.name != best.info.name &&
        best.info.name_rule == NameRule::kChallengeNumber &&
        guess.info.name_rule == NameRule::kChallengeNumber && best.hint == 0 &&
        guess.known == best.known) {
      names.push_back(guess.info.name);
    }
  }
  return names;
}

class Doctor {
 public:
  explicit Doctor(std::string root) : root_(std::move(root)) {}

  std::vector<Finding> Run() {
    const std::vector<fs::path> folders = FoldersBelow(root_);
    for (const fs::path& folder : folders) {
      for (const DatasetInfo& info : Datasets()) {
        for (const SetFolders& found :
             FindArrangements(info, folder.string(), nullptr)) {
          Take(info, found);
        }
      }
    }
    for (const std::string& key : keys_) {
      findings_.push_back(Describe(guesses_.at(key)));
    }
    for (const fs::path& folder : folders) DescribeRest(folder.string());
    return std::move(findings_);
  }

 private:
  void Take(const DatasetInfo& info, const SetFolders& found) {
    const std::string key =
        RealPath(found.hazy_folders[0]) + "\n" +
        (found.clear_folder.empty() ? "" : RealPath(found.clear_folder));
    std::vector<Guess>& guesses = guesses_[key];
    const bool is_known = std::any_of(
        guesses.begin(), guesses.end(),
        [&info](const Guess& guess) { return guess.info.name == info.name; });
    if (is_known) return;
    Guess guess = MakeGuess(info, found);
    const bool says_something =
        guess.hazy > 0 &&
        (guess.known > 0 || info.name_rule == NameRule::kAnyPair);
    if (!says_something) {
      if (guesses.empty()) guesses_.erase(key);
      return;
    }
    if (guesses.empty()) keys_.push_back(key);
    for (const std::string& folder : found.hazy_folders) {
      covered_.insert(RealPath(folder));
    }
    if (!found.clear_folder.empty()) {
      covered_.insert(RealPath(found.clear_folder));
    }
    guesses.push_back(std::move(guess));
  }

  Finding Describe(const std::vector<Guess>& guesses) {
    const Guess& best =
        *std::min_element(guesses.begin(), guesses.end(), IsBetter);
    Finding finding;
    finding.folder = Relative(best.folders.set_folder, root_);
    finding.dataset = best.info.name;
    DraftOptions options;
    options.allow_partial = true;
    const auto draft = DraftFolder(best.info, best.folders, options);
    if (!draft.ok()) {
      finding.grade = FindingGrade::kNearly;
      finding.words.emplace_back(draft.status().message());
      return finding;
    }
    const bool is_good = draft->problems.groups().empty();
    finding.grade = is_good ? FindingGrade::kUsable : FindingGrade::kNearly;
    finding.words = DescribeSet(best.info, best.folders, *draft);
    for (const Guess& guess : guesses) {
      const bool is_named = guess.info.name_rule != NameRule::kAnyPair;
      if (!is_named || best.info.name_rule != NameRule::kAnyPair ||
          guess.info.complete_ids == nullptr) {
        continue;
      }
      finding.grade = FindingGrade::kNearly;
      finding.words.push_back(fmt::format(
          "{} of its {} names are those of {}, the others are not: another "
          "release, as the ITS of about 110,000 pictures. It is refused as "
          "{}.",
          WithThousands(guess.known), WithThousands(guess.hazy),
          guess.info.name, guess.info.name));
    }
    const std::vector<std::string> others = EquallyGood(best, guesses);
    if (!others.empty()) {
      finding.words.push_back(fmt::format(
          "By its names it may as well be {}: tell by the pictures, or by "
          "verify --deep, which compares them with the release's.",
          absl::StrJoin(others, " or ")));
    }
    return finding;
  }

  // Pictures in folders that belong to no arrangement.
  void DescribeRest(const std::string& folder) {
    const std::string real = RealPath(folder);
    if (covered_.count(real) > 0) return;
    const auto listing = ListPictures(folder);
    if (!listing.ok()) {
      findings_.push_back({Relative(folder, root_),
                           "",
                           FindingGrade::kUnknown,
                           {std::string(listing.status().message())}});
      return;
    }
    if (listing->pictures.empty()) return;
    Finding finding;
    finding.folder = Relative(folder, root_);
    finding.words = DescribeLoosePictures(listing->pictures);
    const std::string partner = FindPartner(folder, listing->pictures);
    if (!partner.empty()) {
      finding.grade = FindingGrade::kNearly;
      finding.words.push_back(partner);
    }
    findings_.push_back(std::move(finding));
  }

  // A folder beside this one whose pictures pair with its own, in words; that
  // one is then not described again.
  std::string FindPartner(const std::string& folder,
                          const std::vector<PictureFile>& hazy) {
    if (IsNamedAfterTheClearSide(folder)) return "";
    const DatasetInfo pair = FindDataset("pair").value();
    std::vector<fs::path> siblings;
    std::error_code error;
    for (fs::directory_iterator entry(fs::path(folder).parent_path(), error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      if (entry->is_directory(ignored) &&
          RealPath(entry->path().string()) != RealPath(folder)) {
        siblings.push_back(entry->path());
      }
    }
    std::sort(siblings.begin(), siblings.end());
    for (const fs::path& sibling : siblings) {
      const auto clear = ListPictures(sibling.string());
      if (!clear.ok() || clear->pictures.empty()) continue;
      if (clear->pictures.size() > hazy.size()) continue;
      ProblemReport unused;
      const Pairing pairing =
          PairPictures(pair, hazy, clear->pictures, &unused);
      if (2 * pairing.pairs.size() <= hazy.size()) continue;
      covered_.insert(RealPath(sibling.string()));
      return fmt::format(
          "{} of {} have a partner in '{}' beside it. To use them, call this "
          "folder hazy and that one clear, if it is so: --dataset=pair "
          "--data_root={}",
          pairing.pairs.size(), hazy.size(), sibling.filename().string(),
          ShellWord(fs::path(folder).parent_path().string()));
    }
    return "";
  }

  const std::string root_;
  std::map<std::string, std::vector<Guess>> guesses_;  // By arrangement.
  std::vector<std::string> keys_;                      // In order of finding.
  std::set<std::string> covered_;
  std::vector<Finding> findings_;
};

}  // namespace

absl::StatusOr<std::vector<Finding>> Diagnose(const std::string& root) {
  std::error_code error;
  const fs::file_status status = fs::status(root, error);
  if (!fs::exists(status)) {
    return absl::NotFoundError(fmt::format("there is no folder '{}'.", root));
  }
  if (!fs::is_directory(status)) {
    return absl::FailedPreconditionError(
        fmt::format("'{}' is a file, expected a folder.", root));
  }
  return Doctor(root).Run();
}

}  // namespace bild
