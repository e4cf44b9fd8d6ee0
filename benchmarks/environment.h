// Where and with what a result was made.

#ifndef BENCHMARKS_ENVIRONMENT_H_
#define BENCHMARKS_ENVIRONMENT_H_

#include <string>

#include "bild/base/device.h"

namespace bild {

struct Environment {
  std::string commit = "unknown";  // Of the working tree.
  bool is_dirty = true;            // It differs from the commit.
  std::string libraries;           // "LibTorch 2.11.0, OpenCV 4.6.0, ..."
  std::string processor;           // As the system names it.
  std::string device;              // "cpu", "cuda:0 NVIDIA H100".
  int threads = 0;
  std::string started_at;  // UTC, ISO 8601.
};

Environment LookAtEnvironment(const DeviceSettings& settings);

// The same as JSON, for env.json.
std::string EnvironmentJson(const Environment& environment);

// The process's largest resident size so far.
double PeakMemoryMib();

}  // namespace bild

#endif  // BENCHMARKS_ENVIRONMENT_H_
