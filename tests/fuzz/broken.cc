// SPDX-License-Identifier: Apache-2.0
// A fuzz target with a fault, which drive.cc must name without ending there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 1 && data[0] == '!') std::abort();
  return 0;
}
