// A rename that never comes: for LD_PRELOAD. The process kills itself where it
// would rename for the time that DIE_AT_RENAME says (1 is the first), as a
// power cut would.

#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int rename(const char* from, const char* to) {
  static int count = 0;
  const char* const last = std::getenv("DIE_AT_RENAME");
  if (last != nullptr && ++count == std::atoi(last)) {
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }
  using Rename = int (*)(const char*, const char*);
  return reinterpret_cast<Rename>(::dlsym(RTLD_NEXT, "rename"))(from, to);
}
