#include "benchmarks/results_folder.h"

#include <unistd.h>

#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Content(const std::string& path) {
  const auto text = ReadFile(path);
  return text.ok() ? *text : std::string(text.status().message());
}

void Put(const std::string& path, const std::string& text) {
  ASSERT_TRUE(WriteFileAtomically(path, text).ok());
}

TEST(ResultsLockTest, MakesTheFolderAndSaysWhoseItIs) {
  const TemporaryFolder folder;
  const std::string out = folder / "a/b";
  const auto lock = ResultsLock::Take(out, "run 1");
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(Content(out + "/identity.txt"), "run 1\n");
  EXPECT_FALSE(IsFinished(out));
}

TEST(ResultsLockTest, OneProcessAtATime) {
  const TemporaryFolder folder;
  {
    auto lock = ResultsLock::Take(folder.path(), "run 1");
    ASSERT_TRUE(lock.ok());
    const ResultsLock moved = std::move(lock).value();
    const absl::Status second =
        ResultsLock::Take(folder.path(), "run 1").status();
    EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(
        std::string(second.message()),
        AllOf(HasSubstr("Another process works in"), HasSubstr(folder.path())));
  }
  EXPECT_TRUE(ResultsLock::Take(folder.path(), "run 1").ok());
}

TEST(ResultsLockTest, AnotherRunIsRefusedWithBothNames) {
  const TemporaryFolder folder;
  EXPECT_TRUE(ResultsLock::Take(folder.path(), "run 1").ok());
  const auto before = NamesIn(folder.path());
  const absl::Status other = ResultsLock::Take(folder.path(), "run 2").status();
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(other.message()),
      AllOf(HasSubstr("belongs to another run"), HasSubstr("expected: run 2"),
            HasSubstr("found:    run 1"), HasSubstr("--out")));
  EXPECT_EQ(NamesIn(folder.path()), before);
  EXPECT_EQ(Content(folder / "identity.txt"), "run 1\n");
}

TEST(ResultsLockTest, ForeignResultsAreNotOverwritten) {
  for (const char* name : {"records.jsonl", "report.md", "config.flags"}) {
    const TemporaryFolder folder;
    Put(folder / name, "somebody's\n");
    const absl::Status status =
        ResultsLock::Take(folder.path(), "run 1").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("results of something else"), HasSubstr(name)));
    EXPECT_THAT(NamesIn(folder.path()), ElementsAre(name));
  }
}

TEST(ResultsLockTest, OtherFilesAreInNobodysWay) {
  const TemporaryFolder folder;
  Put(folder / "console.txt", "what a shell redirected\n");
  EXPECT_TRUE(ResultsLock::Take(folder.path(), "run 1").ok());
}

TEST(ResultsLockTest, AFileInPlaceOfTheFolderIsAnError) {
  const TemporaryFolder folder;
  Put(folder / "file", "x");
  const absl::Status status = ResultsLock::Take(folder / "file", "r").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder / "file"));
}

TEST(ResultsLockTest, RemovesWhatKilledProcessesLeft) {
  const TemporaryFolder folder;
  ASSERT_TRUE(ResultsLock::Take(folder.path(), "run 1").ok());
  for (const char* made : {"checkpoints/plain_seed1", "figures", "thesis"}) {
    ASSERT_TRUE(MakeFolders(folder / made).ok());
  }
  // No process has this number: the kernel's largest is 2^22.
  const std::string ending = ".bild-tmp.99999999";
  const std::vector<std::string> left = {
      folder / ".records.jsonl" + ending,
      folder / "figures/.convergence.svg" + ending,
      folder / "checkpoints/plain_seed1/.state.safetensors" + ending};
  const std::vector<std::string> kept = {
      folder / ".report.md.bild-tmp.1", folder / "notes.tmp.20240101",
      // Not a run's.
      folder / "thesis/.chapter.tex" + ending};
  for (const std::string& path : left) Put(path, "x");
  for (const std::string& path : kept) Put(path, "x");
  EXPECT_TRUE(ResultsLock::Take(folder.path(), "run 1").ok());
  for (const std::string& path : left) {
    EXPECT_FALSE(std::filesystem::exists(path)) << path;
  }
  for (const std::string& path : kept) {
    EXPECT_TRUE(std::filesystem::exists(path)) << path;
  }
}

RunRows SampleRows() {
  RunRows rows;
  Record record;
  record.run_id = "0123456789ab";
  record.method = "plain";
  record.seed = 3;
  record.checkpoint = "best@val";
  record.profile = "default";
  record.n = 2;
  record.psnr_db = 20.123456789012345;
  record.ssim = 0.1;
  record.invalid_reasons = "smoke run; a, \"quoted\" reason";
  rows.records.push_back(record);
  record.profile = "grid-bild";
  record.psnr_db = kInfinity;
  rows.records.push_back(record);

  PerImageRow row;
  row.method = "plain";
  row.seed = 3;
  row.checkpoint = "best@val";
  row.hazy = "a \"b\", c_1";
  row.clear = "a";
  row.width = 48;
  row.height = 32;
  row.profile = "default";
  row.psnr_db = 1.0 / 3.0;
  row.ssim = -0.25;
  row.ciede2000 = 7.5;
  row.flags = "identical";
  rows.pictures.push_back(row);
  row.seed.reset();
  row.psnr_db = kInfinity;
  row.ciede2000.reset();
  row.flags = "";
  rows.pictures.push_back(row);
  return rows;
}

std::vector<std::string> RecordLines(const RunRows& rows) {
  std::vector<std::string> lines;
  for (const Record& record : rows.records) lines.push_back(ToJsonLine(record));
  return lines;
}

std::vector<std::string> PictureLines(const RunRows& rows) {
  std::vector<std::string> lines;
  for (const PerImageRow& row : rows.pictures) lines.push_back(ToCsvLine(row));
  return lines;
}

TEST(RunRowsTest, WhatIsSavedIsLoaded) {
  const TemporaryFolder folder;
  const RunRows rows = SampleRows();
  ASSERT_TRUE(SaveRunRows(folder.path(), rows).ok());
  const auto loaded = LoadRunRows(folder.path());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(RecordLines(*loaded), RecordLines(rows));
  EXPECT_EQ(PictureLines(*loaded), PictureLines(rows));
  EXPECT_EQ(loaded->pictures[0].psnr_db, 1.0 / 3.0);
  EXPECT_EQ(loaded->pictures[0].hazy, "a \"b\", c_1");
  EXPECT_FALSE(loaded->pictures[1].seed.has_value());
  EXPECT_FALSE(loaded->pictures[1].ciede2000.has_value());
  EXPECT_EQ(loaded->pictures[1].psnr_db, kInfinity);
}

TEST(RunRowsTest, NothingSavedIsNotFound) {
  const TemporaryFolder folder;
  EXPECT_TRUE(absl::IsNotFound(LoadRunRows(folder.path()).status()));
  EXPECT_TRUE(absl::IsNotFound(LoadRunRows(folder / "none").status()));
  // Pictures without records are an evaluation that was not finished.
  Put(folder / "per_image.csv", PerImageHeader());
  EXPECT_TRUE(absl::IsNotFound(LoadRunRows(folder.path()).status()));
}

TEST(RunRowsTest, WithoutItsPicturesAnEvaluationIsDoneAgain) {
  const TemporaryFolder folder;
  ASSERT_TRUE(SaveRunRows(folder.path(), SampleRows()).ok());
  std::filesystem::remove(folder / "per_image.csv");
  EXPECT_TRUE(absl::IsNotFound(LoadRunRows(folder.path()).status()));
}

TEST(RunRowsTest, RecordsAreWrittenAfterEverythingElse) {
  const TemporaryFolder folder;
  // Nothing can be renamed over a folder.
  ASSERT_TRUE(MakeFolders(folder / "per_image.csv").ok());
  EXPECT_FALSE(SaveRunRows(folder.path(), SampleRows()).ok());
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("per_image.csv"));
}

// What a kill between the two files leaves: nothing can be written where a
// folder has the name of the records' temporary file.
TEST(RunRowsTest, OldRecordsNeverStandBesideNewPictures) {
  const TemporaryFolder folder;
  RunRows rows = SampleRows();
  ASSERT_TRUE(SaveRunRows(folder.path(), rows).ok());
  const std::string records = Content(folder / "records.jsonl");
  ASSERT_TRUE(MakeFolders(folder / ".records.jsonl.bild-tmp." +
                          std::to_string(::getpid()))
                  .ok());

  EXPECT_FALSE(SaveRunRows(folder.path(), rows).ok());
  EXPECT_EQ(Content(folder / "records.jsonl"), records);

  rows.pictures[0].psnr_db = 21.5;
  EXPECT_FALSE(SaveRunRows(folder.path(), rows).ok());
  EXPECT_THAT(Content(folder / "per_image.csv"), HasSubstr(",21.5,"));
  EXPECT_FALSE(IsFinished(folder.path()));
  EXPECT_TRUE(absl::IsNotFound(LoadRunRows(folder.path()).status()));
}

TEST(RunRowsTest, DamageIsNamedWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain,3,best@val,a,a,48,32,default,twenty,0.5,,\n", "line 2"},
      {"plain,x,best@val,a,a,48,32,default,20,0.5,,\n", "line 2"},
      {"plain,3,best@val,a,a,48,32,default,,0.5,,\n", "line 2"},
      {"plain,3,best@val,a,a,48,32,default,20,,,\n", "line 2"},
      {"plain,3,best@val,a,a,48.5,32,default,20,0.5,,\n", "line 2"},
      {"plain,3,best@val,a,a,48,32,default,20,0.5,,\nplain,3\n", "line 3"},
      {"plain,3,\"best", "line 2"},
  };
  for (const auto& [lines, where] : cases) {
    const TemporaryFolder folder;
    ASSERT_TRUE(SaveRunRows(folder.path(), SampleRows()).ok());
    Put(folder / "per_image.csv", PerImageHeader() + lines);
    const absl::Status status = LoadRunRows(folder.path()).status();
    EXPECT_FALSE(status.ok()) << lines;
    EXPECT_FALSE(absl::IsNotFound(status)) << lines;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("per_image.csv"), HasSubstr(where)));
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(SaveRunRows(folder.path(), SampleRows()).ok());
  const std::string text = Content(folder / "records.jsonl");
  Put(folder / "records.jsonl", text.substr(0, text.size() / 2));
  EXPECT_THAT(std::string(LoadRunRows(folder.path()).status().message()),
              HasSubstr("records.jsonl"));
}

TEST(AddScoresTest, ARecordForEachProfileAndARowForEachPicture) {
  const MemoryDataset dataset("memory", NumberedPairs(2, 2));
  ProfileScores scores;
  scores.profile.name = "default";
  scores.mean.image_count = 2;
  scores.mean.identical_count = 1;
  scores.mean.psnr_db = 21.0;
  scores.mean.ssim = 0.75;
  scores.mean.ciede2000 = 5.0;
  PictureScore picture;
  picture.pair_index = 1;
  picture.width_px = 24;
  picture.height_px = 20;
  picture.score.psnr_db = 20.0;
  picture.score.ssim = 0.5;
  scores.pictures.push_back(picture);
  picture.pair_index = 2;
  picture.score.psnr_db = 22.0;
  scores.pictures.push_back(picture);
  ProfileScores other = scores;
  other.profile.name = "grid-bild";
  other.mean.psnr_db = 19.0;
  other.mean.ciede2000.reset();
  other.pictures.pop_back();

  Record common;
  common.method = "bild";
  common.seed = 5;
  common.checkpoint = "last";
  RunRows rows;
  AddScores({scores, other}, dataset, common, &rows);

  ASSERT_EQ(rows.records.size(), 2);
  EXPECT_EQ(rows.records[0].profile, "default");
  EXPECT_EQ(rows.records[0].n, 2);
  EXPECT_EQ(rows.records[0].n_identical, 1);
  EXPECT_EQ(rows.records[0].psnr_db, 21.0);
  EXPECT_EQ(rows.records[0].ssim, 0.75);
  EXPECT_EQ(rows.records[0].ciede2000, 5.0);
  EXPECT_EQ(rows.records[0].method, "bild");
  EXPECT_EQ(rows.records[1].profile, "grid-bild");
  EXPECT_EQ(rows.records[1].psnr_db, 19.0);
  EXPECT_FALSE(rows.records[1].ciede2000.has_value());
  ASSERT_EQ(rows.pictures.size(), 3);
  EXPECT_EQ(rows.pictures[0].hazy, "s10_11");
  EXPECT_EQ(rows.pictures[0].clear, "s10");
  EXPECT_EQ(rows.pictures[1].hazy, "s11_10");
  EXPECT_EQ(rows.pictures[1].psnr_db, 22.0);
  EXPECT_EQ(rows.pictures[1].seed, 5);
  EXPECT_EQ(rows.pictures[1].width, 24);
  EXPECT_EQ(rows.pictures[1].height, 20);
  EXPECT_EQ(rows.pictures[2].profile, "grid-bild");
}

TEST(WriteResultFilesTest, RowsOfAllRunsInTheirOrder) {
  const TemporaryFolder folder;
  RunRows first = SampleRows();
  first.pictures.pop_back();
  RunRows second = SampleRows();
  second.records.pop_back();
  second.pictures.clear();
  RunJournal journal;
  journal.method = "plain";
  journal.seed = 3;
  journal.rows.curves = {{50, "training_loss", 0.25}};
  journal.rows.weights = {{50, 0, "1_1", 3, 4, 16, 0.125, 0.5, std::nullopt},
                          {50, 1, "1_2", 0, 9, 16, 0.875, 0.25, -1.5}};
  ASSERT_TRUE(WriteResultFiles(folder.path(), {first, second}, {journal}).ok());

  EXPECT_EQ(Content(folder / "curves.csv"),
            "method,seed,step,name,value\n"
            "plain,3,50,training_loss,0.25\n");
  EXPECT_EQ(Content(folder / "weights.csv"),
            "method,seed,step,place,id,x_px,y_px,crop_px,weight,loss,reward\n"
            "plain,3,50,0,1_1,3,4,16,0.125,0.5,\n"
            "plain,3,50,1,1_2,0,9,16,0.875,0.25,-1.5\n");
  EXPECT_EQ(
      Content(folder / "per_image.csv"),
      "method,seed,checkpoint,hazy,clear,width,height,profile,psnr_db,ssim,"
      "ciede2000,flags\n"
      "plain,3,best@val,\"a \"\"b\"\", c_1\",a,48,32,default,"
      "0.3333333333333333,-0.25,7.5,identical\n");
  EXPECT_EQ(Content(folder / "records.jsonl"),
            ToJsonLine(first.records[0]) + "\n" + ToJsonLine(first.records[1]) +
                "\n" + ToJsonLine(second.records[0]) + "\n");
  EXPECT_TRUE(IsFinished(folder.path()));
}

TEST(WriteResultFilesTest, AnythingMissingMeansNoRecords) {
  for (const char* blocked : {"per_image.csv", "curves.csv", "weights.csv"}) {
    const TemporaryFolder folder;
    ASSERT_TRUE(MakeFolders(folder / blocked).ok());
    EXPECT_FALSE(WriteResultFiles(folder.path(), {SampleRows()}, {}).ok());
    EXPECT_FALSE(IsFinished(folder.path())) << blocked;
  }
}

}  // namespace
}  // namespace bild
