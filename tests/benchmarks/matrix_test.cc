// The lists that the benchmark targets are made of, the catalogues, the recipes
// and the goldens belong together: what is added to one and forgotten in
// another fails here.

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "backbones/catalog.h"
#include "benchmarks/ablations.h"
#include "datasets/catalog.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/golden_files.h"
#include "tests/testing/program_runner.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAreArray;

// From benchmarks/matrix.bzl, by way of the BUILD file.
std::vector<std::string> Backbones() {
  return absl::StrSplit(MATRIX_BACKBONES, ',');
}
std::vector<std::string> DataSets() {
  return absl::StrSplit(MATRIX_DATASETS, ',');
}

std::vector<std::string> Ablations() {
  return absl::StrSplit(MATRIX_ABLATIONS, ',');
}

TEST(MatrixTest, BackbonesAreTheCatalogue) {
  std::vector<std::string> names;
  for (const BackboneInfo& info : BackboneCatalog()) names.push_back(info.name);
  EXPECT_THAT(Backbones(), UnorderedElementsAreArray(names));
}

// A set that nothing synthetic resembles has no target of its own, which would
// not run from a fresh clone: --dataset= takes it to any target.
TEST(MatrixTest, DatasetsAreThoseOfTheCatalogueWithASyntheticTwin) {
  std::vector<std::string> names;
  for (const BenchmarkSets& sets : BenchmarkDataSets()) {
    if (!sets.synthetic_like.empty()) names.push_back(sets.name);
  }
  EXPECT_THAT(DataSets(), UnorderedElementsAreArray(names));
}

TEST(MatrixTest, AblationsAreTheirCatalogue) {
  EXPECT_THAT(Ablations(), UnorderedElementsAreArray(AblationNames()));
}

TEST(MatrixTest, EveryRecipeIsThereAndNoOther) {
  std::vector<std::string> names = {"profile_ci.flags", "profile_ci_ddu.flags",
                                    "quick_ddu.flags", "published_ddu.flags",
                                    "quick_ablation.flags"};
  for (const std::string& ablation : Ablations()) {
    names.push_back(ablation + ".flags");
  }
  for (const std::string& backbone : Backbones()) {
    names.push_back("quick_" + backbone + ".flags");
    names.push_back("published_" + backbone + ".flags");
  }
  for (const std::string& dataset : DataSets()) {
    names.push_back("synthetic_" + dataset + ".flags");
  }
  EXPECT_THAT(NamesIn("benchmarks/recipes"), UnorderedElementsAreArray(names));
}

TEST(MatrixTest, EveryBackboneHasAGolden) {
  const auto goldens = ReadGoldenFolder("tests/golden/backbones");
  ASSERT_TRUE(goldens.ok()) << goldens.status();
  std::set<std::string> nets;
  for (const GoldenFile& golden : *goldens) {
    if (!golden.json.contains("net")) continue;
    const std::string net = golden.json.at("net");
    nets.insert(net.substr(0, net.find('[')));
  }
  for (const std::string& backbone : Backbones()) {
    EXPECT_THAT(nets, Contains(backbone));
  }
}

// What a target's net is called with the sets that the DDU is for, and not.
TEST(MatrixTest, TheDduIsOnWhereItBelongs) {
  for (const std::string& dataset : DataSets()) {
    const bool is_expected = dataset == "ohaze" || dataset == "nhhaze";
    EXPECT_EQ(FindBenchmarkSets(dataset)->uses_ddu, is_expected) << dataset;
    ProgramCall call;
    call.program = TestedProgram("BENCHMARKS") + "/" + dataset + "_msbdn";
    // A side that no small picture of the net can have, if there is one.
    call.arguments = {"--workers=-1", "--ddu_side_px=20"};
    const ProgramOutcome outcome = RunProgram(call);
    EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
    const auto complains = HasSubstr("option ddu='20': msbdn[width=4]");
    if (is_expected) {
      EXPECT_THAT(outcome.err, complains);
    } else {
      EXPECT_THAT(outcome.err, Not(complains));
    }
    call.arguments.push_back("--noddu");
    EXPECT_THAT(RunProgram(call).err, Not(complains));
  }
}

// With one wrong value on the command line a target lists all that is wrong
// with its flags and stops: nothing but that value may be there, whichever
// recipe is read.
TEST(MatrixTest, EveryTargetReadsItsRecipes) {
  const std::string folder = TestedProgram("BENCHMARKS");
  for (const std::string& dataset : DataSets()) {
    for (const std::string& backbone : Backbones()) {
      const std::string target = dataset + "_" + backbone;
      // ci reads the quick recipe and more.
      for (const char* profile : {"ci", "paper"}) {
        ProgramCall call;
        call.program = folder + "/" + target;
        call.arguments = {std::string("--profile=") + profile, "--workers=-1"};
        const ProgramOutcome outcome = RunProgram(call);
        EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
        EXPECT_EQ(outcome.err, target +
                                   " cannot run so:\n"
                                   "  --workers=-1: expected 0 to 256.\n")
            << profile;
      }
    }
  }
}

}  // namespace
}  // namespace bild
