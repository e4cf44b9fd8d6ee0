// What the records of a run say about how its numbers were made.

#ifndef BENCHMARKS_RUN_RECORDS_H_
#define BENCHMARKS_RUN_RECORDS_H_

#include <cstdint>
#include <string>

#include "backbones/backbone.h"
#include "benchmarks/environment.h"
#include "benchmarks/run_data.h"
#include "benchmarks/run_spec.h"
#include "bild/trainer.h"
#include "reports/record.h"

namespace bild {

// Where it is known from. Pointers must outlive the calls.
struct RunRecordSource {
  const RunSpec* spec = nullptr;
  const RunData* data = nullptr;
  const Environment* environment = nullptr;
  const Backbone* backbone = nullptr;
  std::string run_id;
};

// Everything but the method and its scores. INVALID, with every reason, unless
// the recipe, the net, the data and the tree are all what a published protocol
// asks for.
Record CommonRecord(const RunRecordSource& source);

// The same for a trained net: its seed and its last logging window.
Record TrainedRecord(const RunRecordSource& source, const std::string& method,
                     uint64_t seed, const TrainingResult& result);

}  // namespace bild

#endif  // BENCHMARKS_RUN_RECORDS_H_
