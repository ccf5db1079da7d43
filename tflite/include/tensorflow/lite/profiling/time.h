// SPDX-License-Identifier: Apache-2.0
// The clock of profilers.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

namespace tflite {
namespace profiling {
namespace time {

inline uint64_t NowMicros() {
  using namespace std::chrono;
  const auto now = steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(duration_cast<microseconds>(now).count());
}
inline void SleepForMicros(uint64_t micros) {
  std::this_thread::sleep_for(std::chrono::microseconds(micros));
}

}  // namespace time
}  // namespace profiling
}  // namespace tflite
