#include "benchmarks/run_spec.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

using Change = std::function<void(RunSpec*)>;

RunSpec GoodSpec() {
  RunSpec spec;
  spec.target = "its_aodnet";
  spec.profile = "quick";
  spec.methods = {"plain", "bild"};
  spec.seeds = {1, 2};
  spec.metric_profiles = {"default", "grid-bild"};
  spec.train.backbone = "aodnet";
  spec.train.steps = 100;
  spec.data.dataset = "its";
  return spec;
}

std::string Message(const RunSpec& spec) {
  return std::string(ValidateRunSpec(spec, "aodnet").message());
}

TEST(ValidateRunSpecTest, AGoodSpecHolds) {
  EXPECT_TRUE(ValidateRunSpec(GoodSpec(), "aodnet").ok())
      << Message(GoodSpec());
  RunSpec ffa = GoodSpec();
  ffa.train.backbone = "ffa[dim=16,blocks=1]";
  EXPECT_TRUE(ValidateRunSpec(ffa, "ffa").ok());
}

TEST(NetOfTest, TheDduIsAnOptionOfTheNet) {
  RunSpec spec = GoodSpec();
  EXPECT_EQ(NetOf(spec), "aodnet");
  spec.ddu.is_on = true;
  // Published values go without saying, as in the net's own name.
  EXPECT_EQ(NetOf(spec), "aodnet[ddu=320]");
  spec.ddu = {true, 64, 64, 8};
  EXPECT_EQ(NetOf(spec), "aodnet[ddu=64,ddu_grid=64,ddu_width=8]");
  EXPECT_TRUE(ValidateRunSpec(spec, "aodnet").ok()) << Message(spec);
  spec.train.backbone = "ffa[dim=16,blocks=1]";
  EXPECT_EQ(NetOf(spec), "ffa[dim=16,blocks=1,ddu=64,ddu_grid=64,ddu_width=8]");
  // Brackets that say it have the last word.
  spec.train.backbone = "ffa[dim=16,ddu=48]";
  EXPECT_EQ(NetOf(spec), "ffa[dim=16,ddu=48]");
  spec.train.backbone = "ffa[ddu=48]";
  EXPECT_EQ(NetOf(spec), "ffa[ddu=48]");
  spec.train.backbone = "ffa[dim=16";
  EXPECT_EQ(NetOf(spec), "ffa[dim=16");
}

TEST(DescribeRunSpecTest, HoldsTheDduWhereItIsOn) {
  RunSpec spec = GoodSpec();
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("ddu", "false")));
  EXPECT_THAT(DescribeRunSpec(spec), Not(Contains(Key("ddu_width"))));
  spec.ddu = {true, 64, 64, 8};
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("ddu", "true")));
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("ddu_side_px", "64")));
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("ddu_width", "8")));
  // The flags, not what they make of the net.
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("backbone", "aodnet")));
}

struct WrongCase {
  Change change;
  std::string message;
};

TEST(ValidateRunSpecTest, EachWrongValueIsNamed) {
  const std::vector<WrongCase> cases = {
      {[](RunSpec* s) { s->profile = "fast"; },
       "--profile='fast': expected one of ci, paper, quick."},
      {[](RunSpec* s) { s->train.backbone = "aodnat"; },
       "there is no net 'aodnat'. Known backbones: aodnet, "},
      {[](RunSpec* s) { s->train.backbone = "ffa"; },
       "--backbone='ffa': this target trains aodnet"},
      {[](RunSpec* s) { s->train.backbone = "aodnet[dim=16]"; },
       "unknown option 'dim'"},
      {[](RunSpec* s) { s->train.backbone = "dehazenet[variant=original]"; },
       "--backbone='dehazenet[variant=original]' cannot be trained: its "
       "airlight is chosen among the pixels"},
      {[](RunSpec* s) { s->train.backbone = "dehazenet[variant=patch]"; },
       "--backbone='dehazenet[variant=patch]' cannot be trained: its output "
       "is the transmission"},
      {[](RunSpec* s) {
         s->train.backbone = "dehazenet";
         s->train.crop_px = 3;
       },
       "--crop_px=3: dehazenet takes pictures of at least 4 px a side."},
      {[](RunSpec* s) { s->data.dataset = "ets"; },
       "Unknown benchmark dataset 'ets'. Known: its, ots, ots_v0, ohaze, "
       "nhhaze, densehaze, pair."},
      {[](RunSpec* s) { s->data.dataset = "densehaze"; },
       "--dataset=densehaze needs --data_root"},
      {[](RunSpec* s) { s->data.dataset = "ots_v0"; },
       "--dataset=ots_v0 needs --data_root"},
      {[](RunSpec* s) {
         s->ddu.is_on = true;
         s->ddu.grid_px = 100;
       },
       "option ddu_grid='100': expected 256 or 64"},
      {[](RunSpec* s) { s->data.depth16 = true; },
       "--depth16 is for --dataset=pair"},
      {[](RunSpec* s) { s->data.dataset = "pair"; },
       "--dataset=pair needs --data_root"},
      {[](RunSpec* s) { s->data.test_dataset = "hats"; },
       "--test_dataset='hats': Unknown dataset 'hats'. Known: its, "},
      {[](RunSpec* s) {
         s->data.data_root = "d";
         s->data.test_dataset = "rtts";
       },
       "--test_dataset='rtts': 'rtts' has no clear pictures"},
      {[](RunSpec* s) { s->data.test_dataset = "hsts"; },
       "--test_dataset=hsts needs --test_root or --test_cache"},
      {[](RunSpec* s) { s->data.split = "half"; }, "--split='half'"},
      {[](RunSpec* s) { s->data.leak = "ignore"; }, "--leak='ignore'"},
      {[](RunSpec* s) { s->data.validation_scenes = "mixed"; },
       "--validation_scenes='mixed': expected one of apart, training."},
      {[](RunSpec* s) { s->data.label_fault = "hazy"; },
       "--label_fault='hazy': expected none, hazy:SHARE or other:SHARE"},
      {[](RunSpec* s) { s->train.validation_batch = 0; },
       "--validation_batch=0: expected at least 1"},
      {[](RunSpec* s) { s->train.batch = 1; },
       "--batch=1 with --logit_norm=zscore"},
      {[](RunSpec* s) { s->train.horizon = 101; },
       "--horizon=101 with --steps=100: there would be no outer step."},
      {[](RunSpec* s) { s->train.alpha = HUGE_VAL; },
       "--alpha=inf: expected a finite number"},
      {[](RunSpec* s) {
         s->ddu.is_on = true;
         s->train.reward_engine = "in_backward";
       },
       "--reward_engine=in_backward: aodnet[ddu=320] mixes the patches"},
      {[](RunSpec* s) { s->data.small = "enlarge"; }, "--small='enlarge'"},
      {[](RunSpec* s) { s->data.evaluation_resolution = "third"; },
       "--evaluation_resolution='third': expected one of full, half, fit1600"},
      {[](RunSpec* s) {
         s->data.cache = "c";
         s->data.data_root = "d";
       },
       "--cache and --data_root"},
      {[](RunSpec* s) {
         s->data.test_cache = "c";
         s->data.test_root = "d";
       },
       "--test_cache and --test_root"},
      {[](RunSpec* s) { s->data.scene_block = 0; },
       "--scene_block=0: expected at least 1."},
      {[](RunSpec* s) { s->data.scenes = 0; }, "--scenes=0"},
      {[](RunSpec* s) { s->data.synthetic_width_px = 8; },
       "--synthetic_size=8x256: expected edges of 32"},
      {[](RunSpec* s) { s->data.test_scenes = 0; },
       "--test_scenes=0 leaves nothing to test on"},
      {[](RunSpec* s) { s->methods = {}; }, "--methods: none is given."},
      {[](RunSpec* s) {
         s->methods = {"plain", "magic"};
       },
       "magic"},
      {[](RunSpec* s) {
         s->methods = {"plain", "plain"};
       },
       "--methods: a method is given twice."},
      {[](RunSpec* s) { s->seeds = {}; }, "--seeds: none is given."},
      {[](RunSpec* s) {
         s->seeds = {4, 1, 4};
       },
       "--seeds: a seed is given twice."},
      {[](RunSpec* s) { s->seeds = {uint64_t{1} << 63}; },
       "--seeds: 9223372036854775808 is too large"},
      {[](RunSpec* s) {
         s->metric_profiles = {"default", "best"};
       },
       "best"},
      {[](RunSpec* s) { s->metric_profiles = {}; }, "profile"},
      {[](RunSpec* s) { s->run.workers = -1; }, "--workers=-1: expected 0 to"},
      {[](RunSpec* s) { s->run.workers = 1000000; }, "--workers=1000000"},
      {[](RunSpec* s) { s->run.threads = -2; }, "--threads=-2"},
      {[](RunSpec* s) { s->run.image_cache_mib = int64_t{1} << 62; },
       "--image_cache_mib="},
      {[](RunSpec* s) { s->train.steps = 0; },
       "--steps=0: expected at least 1."},
      {[](RunSpec* s) { s->train.batch = 2; }, "zscore"},
      {[](RunSpec* s) { s->train.loss = "l3"; }, "l3"},
      {[](RunSpec* s) { s->train.reward_engine = "magic"; },
       "--reward_engine='magic'"},
      {[](RunSpec* s) { s->train.steps = int64_t{1} << 62; },
       "--steps=4611686018427387904: expected at most"},
      {[](RunSpec* s) { s->train.batch = 1000000; },
       "--batch=1000000: expected at most"},
  };
  for (const WrongCase& wrong : cases) {
    RunSpec spec = GoodSpec();
    wrong.change(&spec);
    const absl::Status status = ValidateRunSpec(spec, "aodnet");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << wrong.message;
    EXPECT_THAT(std::string(status.message()),
                AllOf(StartsWith("its_aodnet cannot run so:"),
                      HasSubstr(wrong.message)));
  }
}

TEST(ValidateRunSpecTest, EverythingWrongIsSaidAtOnce) {
  RunSpec spec = GoodSpec();
  spec.profile = "fast";
  spec.data.dataset = "ets";
  spec.seeds = {1, 1};
  spec.methods = {"magic"};
  spec.train.backbone = "aodnat";
  spec.train.steps = -1;
  spec.run.workers = -1;
  const absl::Status status = ValidateRunSpec(
      spec, "aodnet", {"--synthetic_size='big': expected WIDTHxHEIGHT"});
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("--synthetic_size='big'"), HasSubstr("--profile='fast'"),
            HasSubstr("'ets'"), HasSubstr("a seed is given twice"),
            HasSubstr("magic"), HasSubstr("aodnat"), HasSubstr("--steps=-1"),
            HasSubstr("--workers=-1")));
}

TEST(ValidateRunSpecTest, SyntheticValuesDoNotMatterToRealData) {
  RunSpec spec = GoodSpec();
  spec.data.data_root = "/somewhere";
  spec.data.scenes = 0;
  spec.data.synthetic_width_px = 1;
  EXPECT_TRUE(ValidateRunSpec(spec, "aodnet").ok()) << Message(spec);
}

TEST(ValidateRunSpecTest, ATestRootReplacesTheSyntheticTestScenes) {
  RunSpec spec = GoodSpec();
  spec.data.test_scenes = 0;
  spec.data.test_root = "/somewhere";
  EXPECT_TRUE(ValidateRunSpec(spec, "aodnet").ok()) << Message(spec);
}

// The description is the run's identity: what changes the result must be in it.
TEST(DescribeRunSpecTest, EveryFieldThatChangesTheResultIsInIt) {
  const std::vector<Change> changes = {
      [](RunSpec* s) { s->profile = "ci"; },
      [](RunSpec* s) { s->recipe_note = "another"; },
      [](RunSpec* s) {
        s->methods = {"bild", "plain"};
      },
      [](RunSpec* s) { s->seeds = {1}; },
      [](RunSpec* s) { s->metric_profiles = {"default"}; },
      [](RunSpec* s) { s->data.dataset = "ots"; },
      [](RunSpec* s) { s->data.test_dataset = "hsts"; },
      [](RunSpec* s) { s->data.data_root = "/elsewhere"; },
      [](RunSpec* s) { s->data.allow_partial = true; },
      [](RunSpec* s) { s->data.allow_decoder_mismatch = true; },
      [](RunSpec* s) { s->data.split = "tenth"; },
      [](RunSpec* s) { s->data.split_seed = 2; },
      [](RunSpec* s) { s->data.expand_grey = true; },
      [](RunSpec* s) { s->data.depth16 = true; },
      [](RunSpec* s) { s->data.scene_block = 2; },
      [](RunSpec* s) { s->data.leak = "keep"; },
      [](RunSpec* s) { s->data.validation_scenes = "training"; },
      [](RunSpec* s) { s->data.label_fault = "hazy:0.3"; },
      [](RunSpec* s) { s->data.small = "drop"; },
      [](RunSpec* s) { s->data.evaluation_resolution = "half"; },
      [](RunSpec* s) { s->data.scenes = 25; },
      [](RunSpec* s) { s->data.test_scenes = 5; },
      [](RunSpec* s) { s->data.synthetic_width_px = 64; },
      [](RunSpec* s) { s->data.synthetic_height_px = 64; },
      [](RunSpec* s) { s->data.synthetic_seed = 2; },
      [](RunSpec* s) { s->train.backbone = "ffa"; },
      [](RunSpec* s) { s->train.alpha = 0.02; },
      [](RunSpec* s) { s->train.eval_every = 7; },
      [](RunSpec* s) { s->train.clip_gradient_norm = 0.1; },
  };
  const auto plain = DescribeRunSpec(GoodSpec());
  for (size_t i = 0; i < changes.size(); ++i) {
    RunSpec spec = GoodSpec();
    changes[i](&spec);
    EXPECT_NE(DescribeRunSpec(spec), plain) << "change " << i;
  }
}

TEST(DescribeRunSpecTest, ATestSetHasOneText) {
  EXPECT_THAT(DescribeRunSpec(GoodSpec()),
              Contains(Pair("test_dataset", "sots_indoor")));
  RunSpec spec = GoodSpec();
  spec.data.test_dataset = "sots_indoor";
  EXPECT_TRUE(ValidateRunSpec(spec, "aodnet").ok()) << Message(spec);
  EXPECT_EQ(DescribeRunSpec(spec), DescribeRunSpec(GoodSpec()));
  spec.data.test_dataset = "hsts";
  spec.data.test_root = "/hsts";
  EXPECT_TRUE(ValidateRunSpec(spec, "aodnet").ok()) << Message(spec);
}

TEST(DescribeRunSpecTest, AFaultHasOneText) {
  RunSpec spec = GoodSpec();
  spec.data.label_fault = "hazy:.30";
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("label_fault", "hazy:0.3")));
}

TEST(DescribeRunSpecTest, WhereItRunsIsNotInIt) {
  const std::vector<Change> changes = {
      [](RunSpec* s) { s->run.workers = 3; },
      [](RunSpec* s) { s->run.image_cache_mib = 1; },
      [](RunSpec* s) { s->run.out = "/out"; },
      [](RunSpec* s) { s->run.resume = false; },
  };
  for (const Change& change : changes) {
    RunSpec spec = GoodSpec();
    change(&spec);
    EXPECT_EQ(DescribeRunSpec(spec), DescribeRunSpec(GoodSpec()));
  }
}

// The identity of a run from a cache is that of the run from its files.
TEST(DescribeRunSpecTest, ACacheStandsForItsFiles) {
  RunSpec files = GoodSpec();
  files.data.data_root = "/files";
  RunSpec cache = GoodSpec();
  cache.data.cache = "/cache";
  cache.data.scenes = 0;  // Of the synthetic set, which is not made.
  EXPECT_TRUE(ValidateRunSpec(cache, "aodnet").ok()) << Message(cache);
  EXPECT_EQ(DescribeRunSpec(cache), DescribeRunSpec(files));
  EXPECT_THAT(ConfigFlagsText(cache), HasSubstr("\n--cache=/cache\n"));
}

TEST(DescribeRunSpecTest, SyntheticRowsForTheSyntheticSetAlone) {
  RunSpec spec = GoodSpec();
  spec.data.synthetic_width_px = 96;
  spec.data.synthetic_height_px = 64;
  EXPECT_THAT(DescribeRunSpec(spec), Contains(Pair("synthetic_size", "96x64")));
  spec.data.data_root = "/somewhere";
  EXPECT_THAT(DescribeRunSpec(spec), AllOf(Not(Contains(Key("synthetic_size"))),
                                           Not(Contains(Key("scenes")))));
}

// The lines of a flag file, by flag; each flag once.
std::map<std::string, std::string> Flags(const std::string& text) {
  std::map<std::string, std::string> flags;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line[0] == '#') continue;
    const size_t equals = line.find('=');
    EXPECT_EQ(line.substr(0, 2), "--") << line;
    EXPECT_NE(equals, std::string::npos) << line;
    EXPECT_TRUE(
        flags.emplace(line.substr(2, equals - 2), line.substr(equals + 1))
            .second)
        << line;
  }
  return flags;
}

TEST(ConfigFlagsTextTest, HoldsTheDescriptionAndWhereItRan) {
  RunSpec spec = GoodSpec();
  spec.train.alpha = 0.1;
  spec.run.device = "cpu";
  spec.run.threads = 2;
  spec.run.is_deterministic = false;
  std::map<std::string, std::string> wanted;
  for (const auto& [name, value] : DescribeRunSpec(spec)) wanted[name] = value;
  wanted["device"] = "cpu";
  wanted["threads"] = "2";
  wanted["deterministic"] = "false";
  EXPECT_EQ(wanted["alpha"], "0.1");
  EXPECT_EQ(Flags(ConfigFlagsText(spec)), wanted);
}

TEST(ConfigFlagsTextTest, FoldersAreAbsoluteAndSyntheticValuesAreGone) {
  RunSpec spec = GoodSpec();
  spec.data.data_root = "some/data";
  spec.data.test_root = "/test/./data";
  const auto flags = Flags(ConfigFlagsText(spec));
  EXPECT_THAT(flags.at("data_root"),
              AllOf(StartsWith("/"), testing::EndsWith("/some/data")));
  EXPECT_EQ(flags.at("test_root"), "/test/data");
  EXPECT_EQ(flags.count("scenes"), 0);
}

}  // namespace
}  // namespace bild
