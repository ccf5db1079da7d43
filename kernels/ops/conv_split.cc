// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/conv_split.h"

#include <algorithm>

namespace pipit {
namespace {

constexpr int32_t kPixelUnit = 8;  // kernels take some pixels side by side

// The cycles until the largest share of n items is done. There may be so many that the product with
// a number of items is out of the range of integers. `repeated` does not become less by sharing;
// the rest does.
double longest(const ConvWork& work, int32_t n, const ConvSplit& split, int64_t repeated) {
  const auto cycles = static_cast<double>(work.cycles), again = static_cast<double>(repeated);
  if (split.shares == 1) return cycles;
  return again + (cycles - again) * part_of(n, split.unit, split.shares, 0).count / n;
}

ConvSplit divide(const ConvWork& work, int32_t n, int32_t unit) {
  return {.shares = work.sharing.shares(n / unit, work.cycles), .unit = unit};
}

}  // namespace

ConvSplit choose_split(const ConvWork& work, const ConvGeometry& g) {
  const ConvSplit lines = divide(work, lines_of(g), one_row(g) ? kPixelUnit : 1);
  ConvSplit channels = divide(work, g.out_c, work.channel_unit);
  channels.channels = true;
  const double by_lines = longest(work, lines_of(g), lines, work.repeated_by_lines);
  const double by_channels = longest(work, g.out_c, channels, work.repeated_by_channels);
  return by_channels < by_lines ? channels : lines;
}

}  // namespace pipit
