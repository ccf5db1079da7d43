// SPDX-License-Identifier: Apache-2.0
// A model that is one custom operator, to test it by its name and options.
//
//   OneOperator op("SignalDelay", {{"delay_length", 3}}, {{Type::kInt16, Shape::of(4)}},
//   {Type::kInt16}); ASSERT_TRUE(op.invoke<int16_t>({1, 2, 3, 4})) << op.why();
//   EXPECT_EQ(op.output<int16_t>(), ...);
#pragma once

#include <flatbuffers/flexbuffers.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "tests/support/model_builder.h"

namespace pipit::test {

using IntegerOptions = std::map<std::string, int64_t>;

inline std::vector<uint8_t> flexbuffer(const IntegerOptions& options) {
  flexbuffers::Builder b;
  b.Map([&] {
    for (const auto& [key, value] : options) b.Int(key.c_str(), value);
  });
  b.Finish();
  return b.GetBuffer();
}

class OneOperator {
 public:
  struct Input {
    Type type;
    Shape shape;
    std::vector<uint8_t> constant = {};
  };

  OneOperator(const std::string& name, const IntegerOptions& options,
              const std::vector<Input>& inputs, const std::vector<Type>& outputs) {
    ModelBuilder b;
    std::vector<int> in, out, given;
    for (const Input& i : inputs) {
      in.push_back(b.tensor({.type = i.type, .shape = i.shape, .bytes = i.constant}));
      if (i.constant.empty()) given.push_back(in.back());
    }
    for (const Type type : outputs) out.push_back(b.tensor({.type = type}));
    b.node(name, in, out, flexbuffer(options));
    b.inputs(given);
    b.outputs(out);
    bytes_ = in_memory(b.finish());
    plan();
  }

  bool planned() const { return net_.inputs() + net_.outputs() != 0; }
  const char* why() const { return why_.text(); }
  Interpreter& net() { return net_; }

  // Fills the first input and runs.
  template <class T>
  bool invoke(const std::vector<T>& values) {
    return set(0, values) && net_.invoke(&why_).ok();
  }
  template <class T>
  bool set(int input, const std::vector<T>& values) {
    const Tensor* t = net_.input(input);
    if (t == nullptr || t->bytes != values.size() * sizeof(T)) return false;
    std::copy(values.begin(), values.end(), t->as<T>());
    return true;
  }
  template <class T>
  std::vector<T> output(int i = 0) const {
    const Tensor* t = net_.output(i);
    return std::vector<T>(t->as<T>(), t->as<T>() + t->bytes / sizeof(T));
  }
  Shape shape(int i = 0) const { return net_.output(i)->shape; }

 private:
  void plan() {
    const Result<Model> model = Model::parse(bytes_->span(), &why_);
    if (!model.ok()) return;
    const auto need = Interpreter::required_arena_bytes(model.value(), all_operators(), {}, &why_);
    if (!need.ok()) return;
    arena_ = std::make_unique<GuardedBuffer<uint8_t>>(need.value(), Against::kUpperGuard, 16);
    const auto net = Interpreter::create(model.value(), arena_->span(), all_operators(), {}, &why_);
    if (net.ok()) net_ = net.value();
  }

  Message why_;
  ModelBytes bytes_;
  std::unique_ptr<GuardedBuffer<uint8_t>> arena_;
  Interpreter net_;
};

}  // namespace pipit::test
