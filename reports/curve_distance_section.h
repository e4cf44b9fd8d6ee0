// The part of a sweep's report for runs that must be the same run: how far
// their curves are apart, and until when they stay together.

#ifndef REPORTS_CURVE_DISTANCE_SECTION_H_
#define REPORTS_CURVE_DISTANCE_SECTION_H_

#include <string>

#include "reports/ablation_plan.h"
#include "reports/ablation_rows.h"

namespace bild {

// Markdown with its heading: every variant's curves against those of
// plan.same_curves_as; "" where there is no such variant.
std::string CurveDistanceSection(const AblationPlan& plan,
                                 const AblationRows& rows);

}  // namespace bild

#endif  // REPORTS_CURVE_DISTANCE_SECTION_H_
