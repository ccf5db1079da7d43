// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/deviations.h"

#include <map>

namespace pipit::test {

const char* deviation(const std::string& name) {
  constexpr const char* kAuxWidth =
      "the reference walks the auxiliary input with the input's width, which leads behind its end";
  constexpr const char* kSubnormal =
      "the recording machine took subnormal numbers for zero; Pipit computes with them";
  constexpr const char* kJoinedColumns =
      "the first and the last column of the recorded transform are not separated from each other";
  static const std::map<std::string, const char*> kDeviations = {
      {"bidirectional_sequence_rnn/hybrid_merge_aux", kAuxWidth},
      {"bidirectional_sequence_rnn/hybrid_split_aux", kAuxWidth},
      {"bidirectional_sequence_rnn/hybrid_split_tm_aux", kAuxWidth},
      {"conv_2d/reject_no_bias", "a convolution without a bias runs as if it were all zero"},
      {"log/float32_nonfinite", kSubnormal},
      {"matrix_diag/bool_1", "the reference takes bools for floats and writes behind its output"},
      {"matrix_set_diag/bool_1", "the same"},
      {"rfft2d/float32_0_const", kJoinedColumns},
      {"rfft2d/float32_0_runtime", kJoinedColumns},
      {"rfft2d/float32_1_const", kJoinedColumns},
      {"rfft2d/float32_1_runtime", kJoinedColumns},
      {"rfft2d/float32_2_const", kJoinedColumns},
      {"rfft2d/float32_2_runtime", kJoinedColumns},
      {"rfft2d/float32_3_const", kJoinedColumns},
      {"rfft2d/float32_3_runtime", kJoinedColumns},
      {"rfft2d/float32_5_const", kJoinedColumns},
      {"rfft2d/float32_5_runtime", kJoinedColumns},
      {"rsqrt/float32_nonfinite", kSubnormal},
      {"sign/float32_nonfinite", kSubnormal},
      {"transpose/float32_11_const",
       "the reference reads in front of its arrays when it transposes a scalar; Pipit copies it"},
  };
  const auto found = kDeviations.find(name);
  return found == kDeviations.end() ? nullptr : found->second;
}

}  // namespace pipit::test
