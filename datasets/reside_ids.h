// The names of RESIDE's releases (Li et al., "Benchmarking Single-Image
// Dehazing and Beyond", IEEE TIP 2019), known without any picture: what a
// complete copy holds, and what the committed splits are drawn from.

#ifndef DATASETS_RESIDE_IDS_H_
#define DATASETS_RESIDE_IDS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace bild {

// "<scene>_<k>", scenes 1..1399, k 1..10: 13,990 ids. Scenes are NYU Depth V2's
// numbers; SOTS indoor goes on with 1400..1449.
std::vector<std::string> ItsIds();
// 500 ids.
std::vector<std::string> SotsIndoorIds();

// The beta release: 2,061 scenes, "<scene>_<airlight>_<beta>" with five
// airlights and seven betas each: 72,135 ids.
std::vector<std::string> OtsBetaScenes();
std::vector<std::string> OtsBetaIds();
// The 35 ids that a scene of OTS has in either release.
std::vector<std::string> OtsIdsOfScene(const std::string& scene);
// The first release: the same form of names. Only their number is known here.
constexpr int64_t kOtsV0Scenes = 8970;
constexpr int64_t kOtsV0Pairs = 313950;
// 500 ids of 492 scenes. Scenes share OTS's numbering, and 75 of them are in
// it.
std::vector<std::string> SotsOutdoorIds();

// What stands before the first '_' of a RESIDE id.
std::string ResideScene(const std::string& id);

}  // namespace bild

#endif  // DATASETS_RESIDE_IDS_H_
