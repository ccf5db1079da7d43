// SPDX-License-Identifier: Apache-2.0
// Small models of the test operators, and what tests do with them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "tests/core/test_ops.h"
#include "tests/support/model_builder.h"

namespace pipit::test {

using Numbers = std::vector<int32_t>;
using Arena = GuardedBuffer<uint8_t>;

// The bytes of a model, and what is asked of it.
class Loaded {
 public:
  explicit Loaded(const ModelBuilder& b) : bytes_(in_memory(b.finish())) {
    Message why;
    const Result<Model> parsed = Model::parse(bytes_->span(), &why);
    EXPECT_TRUE(parsed.ok()) << why.text();
    model = parsed.value();
  }

  size_t need(const Options& options = {}) const {
    Message why;
    const Result<size_t> bytes =
        Interpreter::required_arena_bytes(model, test_ops(), options, &why);
    EXPECT_TRUE(bytes.ok()) << why.text();
    return bytes.ok() ? bytes.value() : 0;
  }

  Interpreter plan(const Arena& arena, const Options& options = {}) const {
    Message why;
    const Result<Interpreter> net =
        Interpreter::create(model, arena.span(), test_ops(), options, &why);
    EXPECT_TRUE(net.ok()) << why.text();
    return net.value();
  }

  Model model;

 private:
  ModelBytes bytes_;
};

inline Arena arena_of(size_t bytes, Against side = Against::kUpperGuard) {
  return Arena(bytes, side, 16);
}

inline void set(const Tensor* t, const Numbers& values) {
  ASSERT_EQ(t->bytes, values.size() * sizeof(int32_t));
  std::copy(values.begin(), values.end(), t->as<int32_t>());
}

inline Numbers get(const Tensor& t) { return {t.as<int32_t>(), t.as<int32_t>() + t.elements()}; }
inline Numbers get(const Tensor* t) { return get(*t); }

inline Numbers invoke(Interpreter& net, const Numbers& in, int output = 0) {
  set(net.input(0), in);
  Message why;
  EXPECT_TRUE(net.invoke(&why).ok()) << why.text();
  return get(net.output(output));
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// in -> ADD_ONE -> ... -> ADD_ONE -> out
inline ModelBuilder chain(int length, const Shape& shape = Shape::of(4)) {
  ModelBuilder b;
  int last = b.tensor({.shape = shape});
  b.inputs({last});
  for (int i = 0; i < length; ++i) {
    const int next = b.tensor({.shape = shape});
    b.node("ADD_ONE", {last}, {next});
    last = next;
  }
  b.outputs({last});
  return b;
}

// out = reverse(in + 1) + copy(in + 1), with sharing and scratch.
inline ModelBuilder diamond(const Shape& shape = Shape::of(5)) {
  ModelBuilder b;
  for (int i = 0; i < 5; ++i) b.tensor({.shape = shape});
  b.node("ADD_ONE", {0}, {1});
  b.node("REVERSE", {1}, {2});
  b.node("COPY", {1}, {3});
  b.node("SUM", {2, 3}, {4});
  b.inputs({0});
  b.outputs({4});
  return b;
}

// out0 = the sum of all inputs so far, out1 = as many numbers as the input says.
inline ModelBuilder stateful() {
  ModelBuilder b;
  const Shape one = Shape::of(1);
  const int in = b.tensor({.shape = one});
  const int state = b.tensor({.shape = one, .variable = true});
  const int sum = b.tensor({.shape = one});
  const int counted = b.tensor({.shape = Shape::of(0)});
  const int more = b.tensor({.shape = Shape::of(0)});
  b.node("ACCUMULATE", {state, in}, {sum});
  b.node("COUNT", {in}, {counted});
  b.node("ADD_ONE", {counted}, {more});
  b.inputs({in});
  b.outputs({sum, more});
  return b;
}

}  // namespace pipit::test
