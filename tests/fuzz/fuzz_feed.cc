// SPDX-License-Identifier: Apache-2.0
// Fuzzes what reads the other files of the tools, and options of custom operators: arrays of numpy,
// labels, string buffers, flexbuffers. The first byte chooses the reader.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/flexbuffer.h"
#include "pipit/strings.h"
#include "tools/diff/npy.h"
#include "tools/failure.h"
#include "tools/labels.h"

namespace pipit {
namespace {

void read_npy(const std::vector<uint8_t>& file) {
  for (const Type type : {Type::kFloat32, Type::kInt8, Type::kInt64, Type::kInt4}) {
    Tensor t;
    t.type = type;
    t.shape = Shape::of(2, 3);
    t.bytes = static_cast<size_t>(dense_bytes(type, t.shape));
    try {
      (void)tools::npy_bytes("array.npy", file, t);
    } catch (const tools::Failure&) {
    }
  }
}

void read_strings(Span<const uint8_t> file) {
  for (int32_t count = 0; count < 8; ++count) {
    if (!valid_strings(file, count)) continue;
    const Strings strings(file.data());
    uint8_t all = 0;
    for (int32_t i = 0; i < count; ++i) {
      for (const char c : strings[i]) all = static_cast<uint8_t>(all ^ c);
    }

    asm volatile("" : : "r"(all));  // is needed, as far as the compiler knows
  }
}

// Goes down everywhere; a damaged buffer may point back up.
void read_flex(const Flex& value, int depth) {
  constexpr size_t kMost = 8;
  (void)value.integer();
  (void)value.real();
  (void)value.text();
  (void)value["max_detections"];
  if (depth == 0) return;
  for (size_t i = 0; i < value.size() && i < kMost; ++i) read_flex(value.at(i), depth - 1);
}

}  // namespace
}  // namespace pipit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const pipit::Span<const uint8_t> rest(data + 1, size - 1);
  switch (data[0] & 3) {
    case 0:
      pipit::read_npy({rest.begin(), rest.end()});
      break;
    case 1:
      (void)pipit::tools::parse_labels({rest.begin(), rest.end()});
      break;
    case 2:
      pipit::read_strings(rest);
      break;
    default:
      pipit::read_flex(pipit::Flex::root(rest), 3);
  }
  return 0;
}
