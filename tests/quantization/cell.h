// SPDX-License-Identifier: Apache-2.0
// What happens to a form when the quantization of one of its tensors is changed.
#pragma once

#include <string>
#include <vector>

#include "tests/quantization/forms.h"

namespace pipit::test {

// What the file says of one tensor.
struct Quant {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;
};

// Of all inputs, then the output; empty for those that are not quantized.
using Quants = std::vector<Quant>;

// The form's own; the output's scale is found if the form leaves it open.
Quants usual_quants(const Form& form);

bool is_quantized(const Operand& o);
const Operand& operand(const Form& form, size_t i);

// What the output's shape comes to.
Shape result_shape(const Form& form, const Quants& usual);

enum class Verdict : uint8_t {
  kHonoured,  // the results are those of real arithmetic
  kRefused,
  kIgnored,  // the results are the bytes that they were before the change
  kPlain,    // without quantization: computed with plain integers
  kWrong,
};

// `why`: the message of a refusal, or what is wrong.
Verdict judge(const Form& form, const Quants& usual, const Quants& changed, std::string* why);

}  // namespace pipit::test
