// Checks of one golden vector. Failures are reported through googletest.

#ifndef TESTS_BACKBONES_GOLDEN_PASSES_H_
#define TESTS_BACKBONES_GOLDEN_PASSES_H_

#include <string>

#include "tests/backbones/golden_case.h"

namespace bild {

// Names, shapes, order and the formula's values of parameters and buffers;
// `tsv_path` is the table of the same, where there is one.
void CheckState(const GoldenCase& golden, const std::string& tsv_path);

// float64: output, trace, losses, gradients and directional derivatives, with
// the running statistics of batch norms.
void CheckEvaluation(const GoldenCase& golden);

// float64: the same with the statistics of the batch, which are then taken over
// into the running ones.
void CheckTraining(const GoldenCase& golden);

// float32 within ten times of what the vector's own float32 run was off.
void CheckFloat32(const GoldenCase& golden);

}  // namespace bild

#endif  // TESTS_BACKBONES_GOLDEN_PASSES_H_
