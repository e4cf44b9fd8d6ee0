#include "reports/number.h"

#include <cmath>

#include "fmt/format.h"

namespace bild {

std::string FormatShortest(double value) {
  if (std::isnan(value)) return "nan";  // Whatever its sign bit says.
  return fmt::format("{}", value);
}

}  // namespace bild
