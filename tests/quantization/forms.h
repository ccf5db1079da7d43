// SPDX-License-Identifier: Apache-2.0
// Every operator in every quantized type that it takes: a small model of each, of which a test then
// changes one tensor's quantization after the other.
#pragma once

#include <string>
#include <vector>

#include "tests/support/model_builder.h"

namespace pipit::test {

enum class Role : uint8_t {
  kData,      // an input of the model
  kWeights,   // a constant, unless the form computes its weights
  kBias,      // int32 or int64, in the scale of input times weights
  kPlain,     // numbers that no quantization has: axes, shapes, indices, conditions
  kPositive,  // an input whose real values are positive
  kState,     // a variable
  kAbsent,    // an input that is left out
};

struct Operand {
  Type type = Type::kInt8;
  Shape shape = {};
  Role role = Role::kData;
  float scale = 0;  // of an output 0: one that fits the results
  int32_t zero_point = 0;
  int channels = 0;                  // the dimension that several scales run along
  std::vector<int32_t> values = {};  // of kPlain
  bool each = false;                 // there is a scale for each channel from the start
};

struct Form {
  fb::BuiltinOperator op;
  std::string types;
  std::vector<Operand> in;
  Operand out;
  OptionsSpec options = {};
  bool computed = false;   // weights are inputs of the model
  bool border = false;     // the output's zero point is written, its other bytes are moved
  double steps = 1.1;      // of the output, that results may be off
  double relative = 0.01;  // of the largest result, likewise
};

// All forms, in the order of the operators' names.
std::vector<Form> all_forms();

// The operators that take no quantized numbers, or whose quantization other tests see to.
struct Without {
  const char* names;
  const char* why;
};
std::vector<Without> operators_without_forms();

}  // namespace pipit::test
