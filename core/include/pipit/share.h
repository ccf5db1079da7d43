// SPDX-License-Identifier: Apache-2.0
// How an operator's work is divided among threads.
#pragma once

#include <cstdint>

namespace pipit {

// Some of a number of items.
struct Part {
  int32_t first = 0;
  int32_t count = 0;
};

// Part `i` of `n` items in `parts` nearly equal parts: the first ones are the largest. Borders are
// multiples of `unit`.
constexpr Part part_of(int32_t n, int32_t unit, int32_t parts, int32_t i) {
  const int32_t units = n / unit + (n % unit != 0 ? 1 : 0);
  const int32_t each = units / parts, more = units % parts;
  const int32_t first = i * each + (i < more ? i : more);
  const int32_t count = each + (i < more ? 1 : 0);
  if (count == 0) return {};
  return {first * unit, first + count == units ? n - first * unit : count * unit};
}

// How many threads there are, and what is worth their while: waking one takes microseconds, so
// small work stays where it is.
struct Sharing {
  int32_t threads = 1;
  int64_t least_cycles = 1;  // of a share

  // The number of shares of work that can be divided into `units` and takes about `cycles`.
  constexpr int32_t shares(int32_t units, int64_t cycles) const {
    int64_t n = cycles / least_cycles;
    if (n > threads) n = threads;
    if (n > units) n = units;
    return n < 1 ? 1 : static_cast<int32_t>(n);
  }
};

}  // namespace pipit
