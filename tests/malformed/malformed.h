// SPDX-License-Identifier: Apache-2.0
// Models with one fault each, and what Pipit says to them. Tests are named after where the fault
// was found in other runtimes: a CVE, an issue of TensorFlow (TF), TFLM or LiteRT.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/model_builder.h"

namespace pipit::test {

using fb::BuiltinOperator;
using ::testing::AllOf;
using ::testing::HasSubstr;

// What a file is refused with; "runs" if it is not. All inputs are given zeros.
std::string verdict(const std::vector<uint8_t>& file);

// A model of one operator: tensors without bytes are the model's inputs.
ModelBuilder one(BuiltinOperator op, const std::vector<TensorSpec>& inputs,
                 const std::vector<TensorSpec>& outputs, const OptionsSpec& options = {});
inline std::string verdict(BuiltinOperator op, const std::vector<TensorSpec>& inputs,
                           const std::vector<TensorSpec>& outputs,
                           const OptionsSpec& options = {}) {
  return verdict(one(op, inputs, outputs, options).finish());
}

// Options of an operator: its function of the generated header, and all arguments.
template <class Table, class... P, class... A>
OptionsSpec options(flatbuffers::Offset<Table> (*create)(flatbuffers::FlatBufferBuilder&, P...),
                    A... arguments) {
  return {fb::BuiltinOptionsTraits<Table>::enum_value,
          [=](flatbuffers::FlatBufferBuilder& b) { return create(b, arguments...).Union(); }};
}

inline TensorSpec of(Type type, const Shape& shape) { return {.type = type, .shape = shape}; }
inline TensorSpec floats(const Shape& shape) { return of(Type::kFloat32, shape); }
inline TensorSpec ints(const std::vector<int32_t>& values) {
  return {.shape = Shape::of(values.size()), .bytes = bytes_of(values)};
}
inline TensorSpec number(int32_t value) { return {.bytes = bytes_of<int32_t>({value})}; }
// Quantized with one scale.
inline TensorSpec quantized(Type type, const Shape& shape, float scale = 0.5f) {
  return {.type = type, .shape = shape, .scales = {scale}, .zero_points = {0}};
}
inline TensorSpec filled(TensorSpec spec, size_t bytes) {
  spec.bytes.assign(bytes, 1);
  return spec;
}

constexpr auto kNoActivation = fb::ActivationFunctionType::NONE;

}  // namespace pipit::test
