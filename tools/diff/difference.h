// SPDX-License-Identifier: Apache-2.0
// How far the values of a tensor are from those that are expected.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/tensor.h"

namespace pipit::tools {

// The elements as real numbers: dequantized, also with a scale for each channel.
std::vector<double> real_values(const Tensor& tensor);

// One number of a tensor's type for a real one, as a quantizer would store it.
void store_real(const Tensor& tensor, double real, size_t i, uint8_t* to);

struct Difference {
  size_t elements = 0;
  size_t different = 0;        // elements
  double max_error = 0;        // in real units; infinite where a number meets what is none
  double mean_error = 0;       // of all elements
  double max_steps = -1;       // the same in steps of the scale; below 0: there is no scale
  int64_t max_ulps = -1;       // in units of the last place; below 0: these are no floats
  double signal_to_noise = 0;  // dB; infinite where all are equal

  bool equal() const { return different == 0; }
};

// `scale` is the step's size, or 0; `ulps` whether both have been float32.
Difference difference(const std::vector<double>& got, const std::vector<double>& wanted,
                      double scale, bool ulps);

// A bound such as "0.01", "2steps" or "4ulps".
struct ErrorBound {
  enum Unit { kReal, kSteps, kUlps } unit = kReal;
  double most = 0;
  std::string text;

  bool holds(const Difference& d) const;
};
// Throws Failure(kUsage).
ErrorBound parse_bound(const std::string& text);

}  // namespace pipit::tools
