// How many bytes the CPU tensors of the process hold, now and at most: what a
// step needs beyond what lives before it, exact and the same on every machine,
// unlike the resident memory that malloc and the kernel make of it.
//
// Counted is what LibTorch's CPU allocator was asked for since
// InstallLiveBytes(). Views cost nothing. Not counted: what libraries take for
// themselves (oneDNN's scratch memory and reordered weights, C++ containers,
// autograd's nodes) and CUDA memory.

#ifndef BILD_BASE_LIVE_BYTES_H_
#define BILD_BASE_LIVE_BYTES_H_

#include <cstdint>

namespace bild {

// Puts the counter in front of LibTorch's CPU allocator, for good. Call it
// once, at the start of main and before other threads use LibTorch; further
// calls do nothing. An allocation grows by 64 bytes (not counted) and two
// atomic additions.
void InstallLiveBytes();

// The functions below may be called from any thread.

// Bytes of storages that are alive.
int64_t LiveBytes();
// The most that were alive at once since the last reset.
int64_t PeakLiveBytes();
void ResetPeakLiveBytes();

// Measures a piece of code: the peak above what lives where it begins. Resets
// the peak, so scopes must not be nested.
//
//   const LiveBytesScope scope;
//   Step();
//   counters["live_bytes"] = scope.PeakAboveStart();
class LiveBytesScope {
 public:
  LiveBytesScope();
  // Bytes, >= 0.
  int64_t PeakAboveStart() const;

 private:
  int64_t start_;
};

}  // namespace bild

#endif  // BILD_BASE_LIVE_BYTES_H_
