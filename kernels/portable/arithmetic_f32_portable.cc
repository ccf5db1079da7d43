// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/arithmetic_f32.h"

namespace pipit {

void add_f32_portable(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  each_pair<float, float>(r, [&](float a, float b) { return clamp(a + b); });
}

void sub_f32_portable(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  each_pair<float, float>(r, [&](float a, float b) { return clamp(a - b); });
}

void mul_f32_portable(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  each_pair<float, float>(r, [&](float a, float b) { return clamp(a * b); });
}

void div_f32_portable(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  each_pair<float, float>(r, [&](float a, float b) { return clamp(a / b); });
}

void squared_difference_f32_portable(const Binary& r) {
  each_pair<float, float>(r, [](float a, float b) { return (a - b) * (a - b); });
}

// Where a comparison is false because a number is missing, b is the answer.
void max_f32_portable(const Binary& r) {
  each_pair<float, float>(r, [](float a, float b) { return a > b ? a : b; });
}

void min_f32_portable(const Binary& r) {
  each_pair<float, float>(r, [](float a, float b) { return a < b ? a : b; });
}

void prelu_f32_portable(const Binary& r) {
  each_pair<float, float>(r, [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
}

}  // namespace pipit
