#include "backbones/catalog.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

std::string Refusal(const std::string& spec) {
  const auto made = MakeBackbone(spec, at::kFloat);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument) << spec;
  return std::string(made.status().message());
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Catalog, MakesWhatItLists) {
  std::vector<std::string> names;
  for (const BackboneInfo& info : BackboneCatalog()) {
    names.push_back(info.name);
    EXPECT_FALSE(info.description.empty());
    EXPECT_FALSE(info.paper.empty());
    const auto made = MakeBackbone(info.name, at::kDouble);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ((*made)->name(), info.name);
    EXPECT_EQ((*made)->parameters().flat().scalar_type(), at::kDouble);
    EXPECT_EQ((*made)->parameters().flat().count_nonzero().item<int64_t>(), 0);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"aodnet", "dehazenet", "ffa",
                                             "griddehazenet", "msbdn"}));
}

// The name of a net is a spec that makes it again.
TEST(Catalog, NamesAreSpecs) {
  const std::vector<std::pair<std::string, std::string>> specs = {
      {"aodnet", "aodnet"},
      {"aodnet[variant=published]", "aodnet"},
      {"aodnet[variant=gunet]", "aodnet[variant=gunet]"},
      {"ffa[dim=16,blocks=2]", "ffa[dim=16,blocks=2]"},
      {"ffa[blocks=2,dim=16]", "ffa[dim=16,blocks=2]"},
      {"ffa[dim=64]", "ffa"},
      {"ffa[blocks=20,dim=64]", "ffa[blocks=20]"},
      {"dehazenet[variant=gunet]", "dehazenet"},
      {"dehazenet[variant=patch]", "dehazenet[variant=patch]"},
      {"dehazenet[variant=original]", "dehazenet[variant=original]"},
      {"griddehazenet[input=published,growth=16,width=16]", "griddehazenet"},
      {"griddehazenet[input=unit,growth=4,width=8]",
       "griddehazenet[width=8,growth=4,input=unit]"},
      {"griddehazenet[growth=8]", "griddehazenet[growth=8]"},
      {"msbdn[width=16]", "msbdn"},
      {"msbdn[width=2]", "msbdn[width=2]"},
      {"aodnet[ddu=320,ddu_width=8]", "aodnet[ddu=320,ddu_width=8]"},
      {"aodnet[ddu_width=8,ddu=64,ddu_grid=256]", "aodnet[ddu=64,ddu_width=8]"},
      {"aodnet[ddu=64,ddu_width=8,variant=gunet]",
       "aodnet[variant=gunet,ddu=64,ddu_width=8]"},
      {"ffa[ddu_grid=64,blocks=1,ddu=64,dim=16,ddu_width=8]",
       "ffa[dim=16,blocks=1,ddu=64,ddu_grid=64,ddu_width=8]"},
      {"msbdn[ddu=48,width=1,ddu_width=1]",
       "msbdn[width=1,ddu=48,ddu_width=1]"},
  };
  for (const auto& [spec, name] : specs) {
    const auto made = MakeBackbone(spec, at::kFloat);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ((*made)->name(), name);
    const auto again = MakeBackbone(name, at::kFloat);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->parameters().size(), (*made)->parameters().size());
  }
}

TEST(Catalog, AnUnknownBackboneNamesTheKnownOnes) {
  EXPECT_EQ(Refusal("ffanet"),
            "backbone 'ffanet': there is no net 'ffanet'. Known backbones: "
            "aodnet, dehazenet, ffa, griddehazenet, msbdn.");
  for (const std::string spec :
       {"", "[dim=16]", "FFA", "ffa ", " ffa", "unknown[a=b", "ffa]"}) {
    EXPECT_TRUE(Contains(Refusal(spec), "Known backbones: aodnet, dehazenet, "))
        << spec;
  }
}

TEST(Catalog, AnUnknownOptionListsTheNetsOwn) {
  EXPECT_EQ(Refusal("ffa[width=16]"),
            "backbone 'ffa[width=16]': unknown option 'width'. Options of ffa: "
            "dim (64), blocks (19); of every net: ddu=S, ddu_grid (256), "
            "ddu_width (64).");
  EXPECT_TRUE(Contains(Refusal("aodnet[dim=16]"), "unknown option 'dim'"));
  EXPECT_TRUE(Contains(Refusal("aodnet[dim=16]"),
                       "Options of aodnet: variant=published|gunet; of every "
                       "net: ddu=S"));
  EXPECT_TRUE(Contains(Refusal("aodnet[variant=caffe]"),
                       "option variant='caffe': expected one of 'published', "
                       "'gunet'"));
  EXPECT_TRUE(Contains(Refusal("dehazenet[variant=caffe]"),
                       "option variant='caffe': expected one of 'gunet', "
                       "'patch', 'original'. Options of dehazenet: "
                       "variant=gunet|patch|original; "));
  EXPECT_TRUE(Contains(Refusal("griddehazenet[input=255]"),
                       "option input='255': expected one of 'published', "
                       "'unit'. Options of griddehazenet: width (16), growth "
                       "(16), input=published|unit; "));
}

TEST(Catalog, NetsThatOnlyRestoreAreNoPartOfAnother) {
  EXPECT_TRUE(Contains(Refusal("dehazenet[variant=patch,ddu=16]"),
                       "option ddu='16': dehazenet[variant=patch] cannot be "
                       "part of another net: its output is the transmission"));
  EXPECT_TRUE(Contains(Refusal("dehazenet[variant=original,ddu=64]"),
                       "cannot be part of another net"));
}

TEST(Catalog, ValuesOutOfRange) {
  for (const std::string value : {"0", "8", "24", "-16", "4112", "16.0", "16px",
                                  "99999999999999999999", "0x10"}) {
    const std::string message = Refusal("ffa[dim=" + value + "]");
    EXPECT_TRUE(Contains(message, "option dim='" + value +
                                      "': expected a multiple of 16 from 16 to "
                                      "4096"))
        << message;
  }
  for (const std::string value : {"0", "-1", "5000", "two"}) {
    EXPECT_TRUE(Contains(Refusal("ffa[blocks=" + value + "]"),
                         "expected an integer from 1 to 4096"))
        << value;
  }
}

TEST(Catalog, TheWrapperOfAnyNet) {
  const auto made = MakeBackbone("aodnet[ddu=320,ddu_width=2]", at::kFloat);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE((*made)->CouplesPatches());
  EXPECT_EQ((*made)->layers().buffers().flat().max().item<double>(), 1.0);
  EXPECT_TRUE(Contains(Refusal("aodnet[ddu_grid=64]"),
                       "option ddu_grid without ddu=S"));
  EXPECT_TRUE(Contains(Refusal("ffa[dim=16,ddu_width=8]"),
                       "option ddu_width without ddu=S"));
  EXPECT_TRUE(Contains(Refusal("aodnet[ddu=64,ddu_grid=128]"),
                       "option ddu_grid='128': expected 256 or 64"));
  for (const std::string value : {"1", "0", "-320", "5000", "x"}) {
    EXPECT_TRUE(Contains(
        Refusal("aodnet[ddu=" + value + "]"),
        "option ddu='" + value + "': expected an integer from 2 to 4096"));
  }
  EXPECT_TRUE(
      Contains(Refusal("aodnet[ddu=64,ddu_width=0]"), "option ddu_width='0'"));
  // What the inner net itself refuses.
  EXPECT_TRUE(
      Contains(Refusal("aodnet[ddu=64,dim=16]"), "unknown option 'dim'"));
}

TEST(Catalog, TheSmallPictureMustFitTheNet) {
  EXPECT_TRUE(Contains(
      Refusal("msbdn[ddu=40]"),
      "option ddu='40': msbdn dehazes the small picture, and takes sides that "
      "are multiples of 16 px, from 32 px on"));
  EXPECT_TRUE(Contains(Refusal("msbdn[width=2,ddu=16]"),
                       "option ddu='16': msbdn[width=2] dehazes"));
}

TEST(Catalog, MalformedSpecs) {
  EXPECT_TRUE(Contains(Refusal("ffa[dim=16"),
                       "expected NAME or NAME[option=value,...]"));
  EXPECT_TRUE(Contains(Refusal("ffa[dim=16]x"),
                       "expected NAME or NAME[option=value,...]"));
  EXPECT_TRUE(Contains(Refusal("ffa["), "expected NAME"));
  EXPECT_TRUE(Contains(Refusal("ffa[]"), "'' is not option=value"));
  EXPECT_TRUE(Contains(Refusal("ffa[dim]"), "'dim' is not option=value"));
  EXPECT_TRUE(Contains(Refusal("ffa[dim=]"), "'dim=' is not option=value"));
  EXPECT_TRUE(Contains(Refusal("ffa[=16]"), "'=16' is not option=value"));
  EXPECT_TRUE(Contains(Refusal("ffa[dim=16,]"), "'' is not option=value"));
  EXPECT_TRUE(
      Contains(Refusal("ffa[dim=16,dim=32]"), "option 'dim' is given twice"));
  EXPECT_TRUE(Contains(Refusal("ffa[dim=16=32]"), "dim='16=32'"));
}

// Texts out of the pieces that specs are made of: a net or a refusal, never a
// crash. The sizes are small enough to be built.
TEST(Catalog, AnyTextIsANetOrARefusal) {
  const std::vector<std::string> pieces = {"ffa",        "aodnet",
                                           "[",          "]",
                                           "=",          ",",
                                           "dim",        "blocks",
                                           "variant",    "gunet",
                                           "16",         "2",
                                           "-1",         " ",
                                           "\n",         std::string(1, '\0'),
                                           "\xFF",       "9223372036854775808",
                                           "%s",         "ffa[dim=16,blocks=",
                                           "ffa[dim=16]"};
  SeedEngine engine(1, SeedStream::kShuffle, 0, 0);
  int64_t made = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    std::string spec;
    const uint64_t length = engine.UniformInt(7);
    for (uint64_t i = 0; i < length; ++i) {
      spec += pieces[engine.UniformInt(pieces.size())];
    }
    // The published width is right but slow to make a hundred times.
    if (spec == "ffa") continue;
    const auto backbone = MakeBackbone(spec, at::kFloat);
    if (backbone.ok()) {
      ++made;
      continue;
    }
    EXPECT_EQ(backbone.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(backbone.status().message())
                  .find("backbone '" + spec + "': "),
              0u);
  }
  EXPECT_GT(made, 10);
}

}  // namespace
}  // namespace bild
