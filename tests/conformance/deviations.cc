// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/deviations.h"

#include <map>

namespace pipit::test {

const char* deviation(const std::string& name) {
  constexpr const char* kAuxWidth =
      "the reference walks the auxiliary input with the input's width, which leads behind its end";
  constexpr const char* kMicro = "TensorFlow Lite Micro runs this form, and so does Pipit";
  static const std::map<std::string, const char*> kDeviations = {
      {"bidirectional_sequence_rnn/hybrid_merge_aux", kAuxWidth},
      {"bidirectional_sequence_rnn/hybrid_split_aux", kAuxWidth},
      {"bidirectional_sequence_rnn/hybrid_split_tm_aux", kAuxWidth},
      {"conv_2d/reject_no_bias", "a convolution without a bias runs as if it were all zero"},
      {"dequantize/reject_int16_zp", kMicro},
      {"matrix_diag/bool_1", "the reference takes bools for floats and writes behind its output"},
      {"matrix_set_diag/bool_1", "the same"},
      {"quantize/reject_int16_zp", kMicro},
      {"quantize/reject_int8_int32_0", kMicro},
      {"quantize/reject_int8_int32_1", kMicro},
      {"quantize/reject_int8_int32_2", kMicro},
      {"quantize/reject_int8_int32_3", kMicro},
      {"transpose/float32_11_const",
       "the reference reads in front of its arrays when it transposes a scalar; Pipit copies it"},
      {"zeros_like/reject_int8_0", kMicro},
  };
  const auto found = kDeviations.find(name);
  return found == kDeviations.end() ? nullptr : found->second;
}

}  // namespace pipit::test
