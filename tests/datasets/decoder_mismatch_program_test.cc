// Programs whose image decoder gives other pixels than the one that published
// numbers were measured with.

#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "datasets/cache_index.h"
#include "datasets/decoder_probe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/program_runner.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kSaysSo[] = "gives other pixels than the one its published";

class DecoderMismatchTest : public testing::Test {
 protected:
  DecoderMismatchTest() {
    for (const std::string name : {"a", "b"}) {
      WritePicture(data_ + "/hazy/" + name + ".jpg", PatternImage(24, 20, 1));
      WritePicture(data_ + "/clear/" + name + ".png",
                   PatternImage(24, 20, name[0]));
    }
  }

  ProgramOutcome Start(const char* program, std::vector<std::string> arguments,
                       bool is_other_decoder = true) const {
    ProgramCall call;
    call.program = TestedProgram(program);
    call.arguments = std::move(arguments);
    if (is_other_decoder) {
      call.environment["LD_PRELOAD"] = TestedProgram("OTHER_DECODER");
    }
    return RunProgram(call);
  }

  // The decoder that the cache names as its own.
  std::string PackedBy() const {
    const std::string path = cache_ + "/pair.index";
    return ParseCacheIndex(ReadFile(path).value(), path)->decoder_sha256;
  }

  const TemporaryFolder folder_;
  const std::string data_ = folder_ / "data";
  const std::string cache_ = folder_ / "cache";
};

TEST_F(DecoderMismatchTest, VerifyEndsOrWarns) {
  const std::vector<std::string> arguments = {"--dataset=pair",
                                              "--data_root=" + data_};
  EXPECT_EQ(Start("VERIFY", arguments, false).exit_code, 0);
  const ProgramOutcome refused = Start("VERIFY", arguments);
  EXPECT_EQ(refused.exit_code, 1) << Describe(refused);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr(kSaysSo), HasSubstr(kDecoderProbePixelsSha256)));
  const ProgramOutcome allowed = Start(
      "VERIFY",
      {"--dataset=pair", "--data_root=" + data_, "--allow_decoder_mismatch"});
  EXPECT_EQ(allowed.exit_code, 0) << Describe(allowed);
  EXPECT_THAT(allowed.err, HasSubstr(kSaysSo));
}

TEST_F(DecoderMismatchTest, DoctorEndsOrWarns) {
  const ProgramOutcome refused = Start("DOCTOR", {"--data_root=" + data_});
  EXPECT_EQ(refused.exit_code, 1) << Describe(refused);
  EXPECT_THAT(refused.err, HasSubstr(kSaysSo));
  EXPECT_THAT(refused.out, IsEmpty());
  const ProgramOutcome allowed =
      Start("DOCTOR", {"--data_root=" + data_, "--allow_decoder_mismatch"});
  EXPECT_EQ(allowed.exit_code, 0) << Describe(allowed);
  EXPECT_THAT(allowed.err, HasSubstr(kSaysSo));
  EXPECT_THAT(allowed.out, HasSubstr("usable=1"));
}

// What another decoder packed says so, and is not taken for done by this one.
TEST_F(DecoderMismatchTest, PackEndsOrNotesTheDecoder) {
  const std::vector<std::string> arguments = {
      "--dataset=pair", "--data_root=" + data_, "--output=" + cache_};
  const ProgramOutcome refused = Start("PACK", arguments);
  EXPECT_EQ(refused.exit_code, 1) << Describe(refused);
  EXPECT_THAT(refused.err, HasSubstr(kSaysSo));
  EXPECT_THAT(NamesIn(folder_.path()), ElementsAre("data"));
  const ProgramOutcome allowed =
      Start("PACK", {"--dataset=pair", "--data_root=" + data_,
                     "--output=" + cache_, "--allow_decoder_mismatch"});
  EXPECT_EQ(allowed.exit_code, 0) << Describe(allowed);
  EXPECT_NE(PackedBy(), kDecoderProbePixelsSha256);
  const std::string pixels = ReadFile(cache_ + "/pair.pixels").value();

  const ProgramOutcome again = Start("PACK", arguments, false);
  EXPECT_EQ(again.exit_code, 0) << Describe(again);
  EXPECT_THAT(again.out, HasSubstr(" resumed=0 "));
  EXPECT_EQ(PackedBy(), kDecoderProbePixelsSha256);
  EXPECT_NE(ReadFile(cache_ + "/pair.pixels").value(), pixels);
}

}  // namespace
}  // namespace bild
