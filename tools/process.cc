// SPDX-License-Identifier: Apache-2.0
#include "tools/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>

namespace pipit::tools {
namespace {

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};

using File = std::unique_ptr<FILE, CloseFile>;

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

}  // namespace

int64_t resident_bytes() {
  const File file(std::fopen("/proc/self/statm", "re"));
  long long all = 0, resident = 0;
  if (file == nullptr || std::fscanf(file.get(), "%lld %lld", &all, &resident) != 2) return 0;
  return static_cast<int64_t>(resident) * ::sysconf(_SC_PAGESIZE);
}

// What getrusage() says includes the program that has started this one.
int64_t peak_resident_bytes() {
  const File file(std::fopen("/proc/self/status", "re"));
  char line[256];
  long long kilobytes = 0;
  while (file != nullptr && std::fgets(line, sizeof(line), file.get()) != nullptr) {
    if (std::sscanf(line, "VmHWM: %lld", &kilobytes) == 1) return kilobytes * 1024;
  }
  rusage all = {};
  ::getrusage(RUSAGE_SELF, &all);
  return static_cast<int64_t>(all.ru_maxrss) * 1024;
}

Usage usage() {
  rusage all = {};
  ::getrusage(RUSAGE_SELF, &all);
  return {all.ru_minflt, all.ru_majflt, all.ru_nivcsw,
          seconds(all.ru_utime) + seconds(all.ru_stime)};
}

Usage operator-(const Usage& later, const Usage& earlier) {
  return {later.minor_faults - earlier.minor_faults, later.major_faults - earlier.major_faults,
          later.preemptions - earlier.preemptions, later.cpu_seconds - earlier.cpu_seconds};
}

}  // namespace pipit::tools
