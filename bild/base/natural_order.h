// The order in which people number things: NYU2_4 before NYU2_45 before
// NYU2_433.

#ifndef BILD_BASE_NATURAL_ORDER_H_
#define BILD_BASE_NATURAL_ORDER_H_

#include <string>

namespace bild {

// Runs of digits compare by their value, everything else bytewise; where that
// is equal ("1" and "01") bytewise as a whole. A strict total order.
bool NaturalLess(const std::string& a, const std::string& b);

}  // namespace bild

#endif  // BILD_BASE_NATURAL_ORDER_H_
