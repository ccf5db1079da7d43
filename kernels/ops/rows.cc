// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/rows.h"

#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/fixed_point_functions.h"

namespace pipit {
namespace {

constexpr int kIntegerBits = 5;

}  // namespace

Status find_rows(const Prepare& p, Rows* rows) {
  const Shape& shape = p.input(0).shape;
  if (shape.rank < 1) return p.bad("input ", p.input(0), " has no dimension");
  *rows = {shape.product(0, shape.rank - 1), shape.last()};
  return {};
}

bool find_exp_table(double scale, ExpTable* t) {
  // From differences to Q5: a unit of the input is `scale`, one of Q5 is 2^-26. TensorFlow Lite
  // takes no multiplier of 1 or less here.
  const double real = std::min(scale * (1 << (31 - kIntegerBits)), 2147483647.0);
  if (!(real > 1)) return false;
  const Multiplier m = quantize_multiplier(real);
  t->multiplier = m.multiplier;
  t->shift = m.shift;
  // The largest difference that the shift to the left leaves within 5 bits before the point. No two
  // numbers of 16 bits are further apart than 2^16.
  const double radius = 31.0 * (1 << (31 - kIntegerBits)) / static_cast<double>(1 << m.shift);
  t->largest = to_integer<int32_t>(std::min(radius, 65536.0));
  return true;
}

int32_t exp_entry(const ExpTable& t, int32_t d) {
  if (d > t.largest) return 0;
  return exp_on_negative_values(multiply(-d, t.multiplier, t.shift), kIntegerBits);
}

}  // namespace pipit
