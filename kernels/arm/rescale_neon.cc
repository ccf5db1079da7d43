// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// rescale_row() wants at least a block of outputs. Fewer are copied to a block with zeros behind
// them.
#include "kernels/arm/rescale_neon.h"

namespace pipit {
namespace {

// Fewer outputs than a block has.
template <class Output, class Out>
void rescale_few(const Rescale<int32_t, Out>& row, const Output& output) {
  int32_t sums[kRescaleBlock] = {};
  double scales[kRescaleBlock] = {};
  Out results[kRescaleBlock];
  Rescale<int32_t, Out> padded = row;
  padded.sums = sums;
  padded.out = results;
  padded.outputs = kRescaleBlock;
  if (row.scale_step != 0) padded.scale = scales;
  for (int32_t i = 0; i < row.outputs; ++i) {
    sums[i] = row.sums[i];
    scales[i] = row.scale[i * row.scale_step];
  }
  rescale_row(padded, output);
  for (int32_t i = 0; i < row.outputs; ++i) row.out[i] = results[i];
}

template <class Output, class Out>
void rescale_rows(const Rescale<int32_t, Out>& a) {
  const Output output(a);
  Rescale<int32_t, Out> row = a;
  row.rows = 1;
  for (int32_t r = 0; r < a.rows; ++r) {
    a.outputs < kRescaleBlock ? rescale_few(row, output) : rescale_row(row, output);
    row.sums += a.sums_stride;
    row.out += a.out_stride;
  }
}

}  // namespace

void rescale_s8_neon(const RescaleS8& a) { rescale_rows<OutputS8>(a); }
void rescale_u8_neon(const RescaleU8& a) { rescale_rows<OutputU8>(a); }

}  // namespace pipit
