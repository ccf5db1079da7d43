// SPDX-License-Identifier: Apache-2.0
// What the operating system counts of this process.
#pragma once

#include <cstdint>

namespace pipit::tools {

int64_t resident_bytes();       // now
int64_t peak_resident_bytes();  // of all its life

struct Usage {
  int64_t minor_faults = 0, major_faults = 0;  // pages that were mapped, and those read from disk
  int64_t preemptions = 0;                     // how often another program took the CPU
  double cpu_seconds = 0;                      // of all threads
};

Usage usage();
Usage operator-(const Usage& later, const Usage& earlier);

}  // namespace pipit::tools
