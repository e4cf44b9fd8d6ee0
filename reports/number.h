// Numbers as text that loses nothing, for JSON and CSV alike.

#ifndef REPORTS_NUMBER_H_
#define REPORTS_NUMBER_H_

#include <string>

namespace bild {

// The shortest decimal that reads back to the same double: 0.1, 23, 1e-09;
// "inf", "-inf" and "nan" for the rest.
std::string FormatShortest(double value);

}  // namespace bild

#endif  // REPORTS_NUMBER_H_
