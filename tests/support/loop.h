// SPDX-License-Identifier: Apache-2.0
// A model that loops for as long as its inputs, int32 numbers a and b, say.
#pragma once

#include <vector>

#include "tests/support/model_builder.h"

namespace pipit::test {

// while (a <= 0) a += b, so two zeros never end. Subgraph 1 is the condition and 2 the body, unless
// a test wants others.
inline std::vector<uint8_t> loop(int32_t cond = 1, int32_t body = 2) {
  ModelBuilder b;
  const auto number = [&b] { return b.tensor({}); };
  const auto numbers = [&] { return std::vector<int>{number(), number()}; };
  const std::vector<int> in = numbers(), out = numbers();
  b.builtin_node(fb::BuiltinOperator::WHILE, in, out,
                 {fb::BuiltinOptions::WhileOptions, [=](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateWhileOptions(f, cond, body).Union();
                  }});
  b.inputs(in);
  b.outputs(out);

  b.begin_subgraph();
  const std::vector<int> asked = numbers();
  const int zero = b.tensor({.bytes = bytes_of<int32_t>({0})});
  const int yes = b.tensor({.type = Type::kBool});
  b.builtin_node(fb::BuiltinOperator::LESS_EQUAL, {asked[0], zero}, {yes});
  b.inputs(asked);
  b.outputs({yes});

  b.begin_subgraph();
  const std::vector<int> from = numbers();
  const int sum = number();
  b.builtin_node(fb::BuiltinOperator::ADD, from, {sum});
  b.inputs(from);
  b.outputs({sum, from[1]});
  return b.finish();
}

}  // namespace pipit::test
