// What a reader must know about the rows: may they be quoted, and how were they
// measured.

#ifndef REPORTS_PROVENANCE_H_
#define REPORTS_PROVENANCE_H_

#include <string>
#include <vector>

#include "reports/record.h"

namespace bild {

// One sentence for the top of every page and figure, plain text: that `subject`
// ("rows", "curves") are INVALID for any published protocol, and all reasons.
// Empty when every record is VALID and comes from a published recipe.
std::string HonestyLine(const std::vector<Record>& records,
                        const std::string& subject);

// The section "How it was measured": a Markdown table of everything that is not
// a result. Where records differ in a property, all its values are there.
std::string HowItWasMeasured(const std::vector<Record>& records);

}  // namespace bild

#endif  // REPORTS_PROVENANCE_H_
