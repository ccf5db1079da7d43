// SPDX-License-Identifier: Apache-2.0
// A built model with every operator, planned and ready to run.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "pipit/interpreter.h"
#include "tests/support/model_builder.h"

namespace pipit::test {

class Net {
 public:
  // Whether the model was planned tells ok(); why() has the reason if not.
  explicit Net(const ModelBuilder& b, const Options& options = {}) : Net(b.finish(), options) {}
  explicit Net(const std::vector<uint8_t>& file, const Options& options = {})
      : file_(in_memory(file)) {
    const auto model = Model::parse({file_->data(), file_->size()}, &why_);
    if (!model.ok()) return;
    auto net = Interpreter::create(model.value(), {arena_[0].bytes, kArenaBytes}, all_operators(),
                                   options, &why_);
    ok_ = net.ok();
    if (ok_) net_ = net.value();
  }

  bool ok() const { return ok_; }
  const char* why() const { return why_.text(); }
  Interpreter& interpreter() { return net_; }

  template <class T>
  void set(int input, const std::vector<T>& values) {
    ASSERT_TRUE(ok_) << why();
    ASSERT_EQ(net_.input(input)->bytes, values.size() * sizeof(T));
    std::copy(values.begin(), values.end(), net_.input(input)->as<T>());
  }
  bool invoke() { return ok_ && net_.invoke(&why_).ok(); }
  template <class T>
  std::vector<T> get(int output) {
    if (!ok_) return {};
    const Tensor& t = *net_.output(output);
    return {t.as<T>(), t.as<T>() + t.bytes / sizeof(T)};
  }
  // One invocation's first output.
  template <class T>
  std::vector<T> run() {
    EXPECT_TRUE(invoke()) << why();
    return get<T>(0);
  }

 private:
  static constexpr size_t kArenaBytes = 1 << 18;
  struct alignas(16) Block {
    uint8_t bytes[16];
  };

  ModelBytes file_;
  std::unique_ptr<Block[]> arena_{new Block[kArenaBytes / sizeof(Block)]};
  Message why_;
  Interpreter net_;
  bool ok_ = false;
};

}  // namespace pipit::test
