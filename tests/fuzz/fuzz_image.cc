// SPDX-License-Identifier: Apache-2.0
// Fuzzes the decoding of pictures, and what becomes of them before they are an input.
#include <cstddef>
#include <cstdint>

#include "tools/failure.h"
#include "tools/image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pipit::tools;
  constexpr int64_t kFewPixels = 1 << 14;  // more cost time and show nothing new
  try {
    const Image image = decode_image("picture", {data, data + size}, kFewPixels);
    (void)resize(to_grey(image), 7, 5);
    (void)resize(image, 1, 33);
  } catch (const Failure&) {
  }
  return 0;
}
