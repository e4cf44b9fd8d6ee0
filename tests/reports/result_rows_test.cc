#include "reports/result_rows.h"

#include <cmath>
#include <limits>
#include <string>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::HasSubstr;

absl::StatusOr<std::vector<CurvePoint>> CurvesFrom(const std::string& text) {
  const TemporaryFolder folder;
  EXPECT_TRUE(WriteFileAtomically(folder.File("curves.csv"), text).ok());
  return ReadCurves(folder.File("curves.csv"));
}

TEST(ResultRowsTest, FilesBeginWithTheColumnsOfTheSchema) {
  EXPECT_EQ(CurvesHeader(), "method,seed,step,name,value\n");
  EXPECT_EQ(PerImageHeader(),
            "method,seed,checkpoint,hazy,clear,width,height,profile,psnr_db,"
            "ssim,ciede2000,flags\n");
  EXPECT_EQ(WeightsHeader(),
            "method,seed,step,place,id,x_px,y_px,crop_px,weight,loss,reward\n");
}

TEST(ResultRowsTest, RowsAsText) {
  EXPECT_EQ(ToCsvLine(CurvePoint{"bild", 2, 50, "loss", 0.125}),
            "bild,2,50,loss,0.125\n");
  PerImageRow image;
  image.method = "weights";
  image.checkpoint = "last";
  image.hazy = "a,b.png";
  image.clear = "a.png";
  image.width = 620;
  image.height = 460;
  image.profile = "grid-bild";
  image.psnr_db = std::numeric_limits<double>::infinity();
  image.ssim = 1;
  image.flags = "identical";
  EXPECT_EQ(ToCsvLine(image),
            "weights,,last,\"a,b.png\",a.png,620,460,grid-bild,inf,1,,"
            "identical\n");
  WeightRow weight;
  weight.method = "bild";
  weight.seed = 1;
  weight.step = 7;
  weight.place = 3;
  weight.id = "0001_0.8_0.2";
  weight.x_px = 11;
  weight.y_px = 13;
  weight.crop_px = 64;
  weight.weight = 0.2;
  weight.loss = 0.0625;
  weight.reward = -1.5;
  EXPECT_EQ(ToCsvLine(weight),
            "bild,1,7,3,0001_0.8_0.2,11,13,64,0.2,0.0625,-1.5\n");
}

TEST(ResultRowsTest, CurvesReadBack) {
  std::string text = CurvesHeader();
  const std::vector<CurvePoint> written = SampleCurves();
  for (const CurvePoint& point : written) text += ToCsvLine(point);
  text += "bild,1,999,agreement,\n";
  const auto read = CurvesFrom(text);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), written.size() + 1);
  EXPECT_EQ((*read)[5].method, written[5].method);
  EXPECT_EQ((*read)[5].seed, written[5].seed);
  EXPECT_EQ((*read)[5].step, written[5].step);
  EXPECT_EQ((*read)[5].name, written[5].name);
  EXPECT_EQ((*read)[5].value, written[5].value);
  EXPECT_TRUE(std::isnan(read->back().value));
}

TEST(ResultRowsTest, WrongCurvesNameEveryLine) {
  const auto read = CurvesFrom(CurvesHeader() +
                               "bild,1,50,loss,0.5\n"
                               "bild,x,50,loss,0.5\n"
                               "bild,1,50,loss,0.25\n"
                               "bild,1,60,loss,half\n");
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(read.status().message());
  EXPECT_THAT(message, HasSubstr("curves.csv': these rows are wrong"));
  EXPECT_THAT(message, HasSubstr("line 3: expected an integer seed"));
  EXPECT_THAT(message,
              HasSubstr("line 4: 'loss' of bild, seed 1, step 50 already "
                        "stands on line 2"));
  EXPECT_THAT(message, HasSubstr("found '1', '60', 'half'"));
}

absl::StatusOr<std::vector<PerImageRow>> ImagesFrom(const std::string& text) {
  const TemporaryFolder folder;
  EXPECT_TRUE(WriteFileAtomically(folder.File("per_image.csv"), text).ok());
  return ReadPerImage(folder.File("per_image.csv"));
}

TEST(ResultRowsTest, ImagesReadBack) {
  const std::string row =
      "weights,,last,\"a,b.png\",a.png,620,460,grid-bild,inf,1,,identical\n";
  std::string text = PerImageHeader() + row;
  const std::vector<PerImageRow> written = SamplePerImage();
  for (const PerImageRow& image : written) text += ToCsvLine(image);
  const auto read = ImagesFrom(text);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), written.size() + 1);
  EXPECT_EQ(ToCsvLine(read->front()), row);
  EXPECT_FALSE(read->front().seed.has_value());
  EXPECT_EQ(read->front().psnr_db, std::numeric_limits<double>::infinity());
  std::string again = PerImageHeader();
  for (const PerImageRow& image : *read) again += ToCsvLine(image);
  EXPECT_EQ(again, text);
}

TEST(ResultRowsTest, WrongImagesNameEveryLine) {
  const auto read = ImagesFrom(PerImageHeader() +
                               "bild,1,last,a,a,8,8,default,20,0.5,9,\n"
                               "bild,one,last,b,a,8,8,default,20,0.5,9,\n"
                               "bild,1,last,a,a,8,8,ffa,20,0.5,,\n"
                               "bild,1,last,a,a,8,8,default,20,0.5,9,\n"
                               "bild,1,last,c,a,8,,default,20,0.5,9,\n"
                               "bild,1,last,d,a,8,8,default,20,half,9,\n"
                               "bild,1,last,e,a,8,8,default,,0.5,9,\n"
                               "bild,1,last,f,a,8,8,default,20,,9,\n");
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(read.status().message());
  EXPECT_THAT(message, HasSubstr("per_image.csv': these rows are wrong"));
  EXPECT_THAT(message, HasSubstr("line 3: expected seed"));
  EXPECT_THAT(message, HasSubstr("line 5: image 'a' of the same run already "
                                 "stands on line 2"));
  EXPECT_THAT(message, HasSubstr("line 6: expected"));
  EXPECT_THAT(message, HasSubstr("line 7: expected"));
  // A score that is not there is no NaN.
  EXPECT_THAT(message, HasSubstr("line 8: expected"));
  EXPECT_THAT(message, HasSubstr("line 9: expected"));
  EXPECT_THAT(message, testing::Not(HasSubstr("line 4")));
}

TEST(ResultRowsTest, MissingAndForeignFiles) {
  EXPECT_EQ(ReadCurves("/nowhere/curves.csv").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(CurvesFrom("step,psnr\n1,2\n").status().message()),
              HasSubstr("line 1: expected the header "
                        "'method,seed,step,name,value', found 'step,psnr'"));
}

TEST(ResultRowsTest, WeightsAndFaultsAreReadAgain) {
  const TemporaryFolder folder;
  const std::string path = folder.File("rows.csv");
  WeightRow weight{"l2rw", 2, 50, 3, "a,b", 11, 13, 64, 0.25, 0.0625, {}};
  WeightRow other = weight;
  other.place = 4;
  other.reward = -1.5;
  ASSERT_TRUE(WriteFileAtomically(
                  path, WeightsHeader() + ToCsvLine(weight) + ToCsvLine(other))
                  .ok());
  const auto weights = ReadWeights(path);
  ASSERT_TRUE(weights.ok()) << weights.status();
  ASSERT_EQ(weights->size(), 2);
  EXPECT_EQ(ToCsvLine((*weights)[0]), ToCsvLine(weight));
  EXPECT_EQ(ToCsvLine((*weights)[1]), ToCsvLine(other));
  EXPECT_FALSE((*weights)[0].reward.has_value());

  const LabelFaultRow fault{1, "0001_2", "other:0.3", "0007_1"};
  EXPECT_EQ(ToCsvLine(fault), "1,0001_2,other:0.3,0007_1\n");
  ASSERT_TRUE(
      WriteFileAtomically(path, LabelFaultsHeader() + ToCsvLine(fault)).ok());
  const auto faults = ReadLabelFaults(path);
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 1);
  EXPECT_EQ(ToCsvLine(faults->front()), ToCsvLine(fault));
}

TEST(ResultRowsTest, WrongWeightsAndFaultsAreNamedByLine) {
  const TemporaryFolder folder;
  const std::string path = folder.File("rows.csv");
  const std::string row = "bild,1,5,0,a,0,0,16,0.5,0.1,\n";
  ASSERT_TRUE(WriteFileAtomically(path, WeightsHeader() + row + row +
                                            "bild,1,x,0,a,0,0,16,"
                                            "0.5,0.1,\n")
                  .ok());
  EXPECT_THAT(std::string(ReadWeights(path).status().message()),
              testing::AllOf(HasSubstr("line 3: place 0 of the same batch "
                                       "already stands on line 2"),
                             HasSubstr("line 4: expected integers")));
  ASSERT_TRUE(WriteFileAtomically(path, LabelFaultsHeader() +
                                            "1,a,hazy:1,a\n1,a,hazy:1,a\n"
                                            "one,b,hazy:1,b\n")
                  .ok());
  EXPECT_THAT(std::string(ReadLabelFaults(path).status().message()),
              testing::AllOf(HasSubstr("line 3: 'a' of seed 1 already"),
                             HasSubstr("line 4: expected an integer seed")));
}

}  // namespace
}  // namespace bild
