// Why a row cannot stand under a published protocol: what rows of trained nets
// and of weights files have in common.

#ifndef BENCHMARKS_VERDICT_H_
#define BENCHMARKS_VERDICT_H_

#include <string>
#include <vector>

#include "benchmarks/environment.h"
#include "reports/record.h"

namespace bild {

// Adds a reason unless the net of this name ("ffa[dim=16,blocks=1]") is one
// that a paper published: a net without options, one behind the published DDU,
// or the authors' own pipeline where it is a variant here.
void AddNetReasons(const std::string& backbone,
                   std::vector<std::string>* reasons);

// Adds a reason where the commit does not say what ran.
void AddEnvironmentReasons(const Environment& environment,
                           std::vector<std::string>* reasons);

// VALID without any reason, INVALID with all of them.
void SetVerdict(const std::vector<std::string>& reasons, Record* record);

}  // namespace bild

#endif  // BENCHMARKS_VERDICT_H_
