// SPDX-License-Identifier: Apache-2.0
// How much memory the process takes.
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <ostream>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tflite {
namespace profiling {
namespace memory {

struct MemoryUsage {
  static bool IsSupported() { return true; }

  int64_t mem_footprint_kb = 0;       // the most that was resident
  size_t total_allocated_bytes = 0;   // of the heap, as the allocator tells it (0: it does not)
  size_t in_use_allocated_bytes = 0;  // ... of which the program has

  MemoryUsage operator+(const MemoryUsage& o) const {
    MemoryUsage sum;
    sum.mem_footprint_kb = mem_footprint_kb + o.mem_footprint_kb;
    sum.total_allocated_bytes = total_allocated_bytes + o.total_allocated_bytes;
    sum.in_use_allocated_bytes = in_use_allocated_bytes + o.in_use_allocated_bytes;
    return sum;
  }
  // Wraps around where less is in use than before.
  MemoryUsage operator-(const MemoryUsage& o) const {
    MemoryUsage rest;
    rest.mem_footprint_kb = mem_footprint_kb - o.mem_footprint_kb;
    rest.total_allocated_bytes = total_allocated_bytes - o.total_allocated_bytes;
    rest.in_use_allocated_bytes = in_use_allocated_bytes - o.in_use_allocated_bytes;
    return rest;
  }
  void AllStatsToStream(std::ostream* stream) const {
    *stream << "max resident set size = " << static_cast<double>(mem_footprint_kb) / 1000.0
            << " MB, heap = " << static_cast<double>(total_allocated_bytes) / 1e6
            << " MB, in use = " << static_cast<double>(in_use_allocated_bytes) / 1e6 << " MB";
  }
  friend std::ostream& operator<<(std::ostream& stream, const MemoryUsage& usage) {
    usage.AllStatsToStream(&stream);
    return stream;
  }
};

inline MemoryUsage GetMemoryUsage() {
  MemoryUsage now;
  rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) == 0) now.mem_footprint_kb = usage.ru_maxrss;
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 heap = mallinfo2();
  now.total_allocated_bytes = heap.arena;
  now.in_use_allocated_bytes = heap.uordblks;
#endif
#endif
  return now;
}

}  // namespace memory
}  // namespace profiling
}  // namespace tflite
