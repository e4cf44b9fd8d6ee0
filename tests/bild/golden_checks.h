// What of a bild_step case is checked, in three parts that together read every
// tensor of it.

#ifndef TESTS_BILD_GOLDEN_CHECKS_H_
#define TESTS_BILD_GOLDEN_CHECKS_H_

#include "tests/bild/golden_case.h"

namespace bild {

// Fill, weights, losses, one step with every engine, the table of rewards.
void CheckOneStep(GoldenCase& golden);
// The other methods: plain, shuffled, uniform_phi_trained, l2rw, released.
void CheckControls(GoldenCase& golden);
// Windows of several steps, and an inner Adam.
void CheckWindows(GoldenCase& golden);

}  // namespace bild

#endif  // TESTS_BILD_GOLDEN_CHECKS_H_
