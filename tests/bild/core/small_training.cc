#include "tests/bild/core/small_training.h"

#include <cmath>
#include <utility>

#include "ATen/TensorOperators.h"
#include "backbones/catalog.h"
#include "bild/base/seed.h"
#include "c10/util/Exception.h"
#include "tests/testing/random_tensor.h"

namespace bild {

absl::StatusOr<PatchBatch> FormulaBatches::Batch(int64_t n) {
  SeedEngine engine(seed_, SeedStream::kShuffle, 1, static_cast<uint64_t>(n));
  PatchBatch batch;
  const at::Tensor clear =
      UniformTensor(engine, {batch_, 3, crop_px_, crop_px_});
  const at::Tensor haze = UniformTensor(engine, {batch_, 1, 1, 1}) * 0.6 + 0.2;
  batch.clear01 = clear.to(at::kFloat);
  batch.hazy01 = (clear * (1.0 - haze) + haze * 0.9).to(at::kFloat);
  for (int64_t i = 0; i < batch_; ++i) {
    PatchOrigin origin;
    origin.id = "picture_" + std::to_string(n * batch_ + i);
    origin.x_px = n;
    origin.y_px = i;
    batch.origins.push_back(origin);
  }
  if (change) change(n, &batch);
  return batch;
}

absl::StatusOr<double> FormulaPsnrDb(const Backbone& backbone) {
  const double sum =
      backbone.parameters().flat().to(at::kDouble).sum().item<double>();
  return 20.0 + std::sin(1e4 * sum);
}

SmallTraining::SmallTraining(const std::string& net) {
  auto made = MakeBackbone(net, at::kFloat);
  TORCH_CHECK(made.ok(), std::string(made.status().message()));
  backbone_ = std::move(made).value();
}

TrainingTask SmallTraining::Task(const std::string& method,
                                 const std::string& folder) {
  TrainingTask task;
  task.method = FindMethod(method).value();
  task.seed = 3;
  task.config.backbone = backbone_->name();
  task.config.steps = 7;
  task.config.batch = training.batch_size();
  task.config.crop_px = training.crop_px();
  task.config.log_every = 2;
  task.config.eval_every = 3;
  task.backbone = backbone_.get();
  task.training = &training;
  task.validation = task.method.sees_validation ? &validation : nullptr;
  task.validation_psnr_db = FormulaPsnrDb;
  task.run = "data=formula";
  task.folder = folder;
  return task;
}

}  // namespace bild
