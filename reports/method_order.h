// The order in which names stand in tables and legends.

#ifndef REPORTS_METHOD_ORDER_H_
#define REPORTS_METHOD_ORDER_H_

#include <string>

namespace bild {

// Input, plain, bild, the controls; then other names, alphabetically.
bool MethodComesBefore(const std::string& a, const std::string& b);

// "default" first; then the others, alphabetically.
bool ProfileComesBefore(const std::string& a, const std::string& b);

// "best@val", "last"; then other names, alphabetically.
bool CheckpointComesBefore(const std::string& a, const std::string& b);

}  // namespace bild

#endif  // REPORTS_METHOD_ORDER_H_
