// SPDX-License-Identifier: Apache-2.0
// A plan in memory of its own, with room to grow for tensors whose shapes only values tell.
#pragma once

#include <utility>

#include "pipit/interpreter.h"

namespace pipit::compat {

class Plan {
 public:
  Plan() = default;
  Plan(Plan&& o) noexcept : pages_(std::exchange(o.pages_, {})), net_(o.net_) {}
  Plan& operator=(Plan&& o) noexcept {
    std::swap(pages_, o.pages_);
    std::swap(net_, o.net_);
    return *this;
  }
  ~Plan();

  static Status make(const Model& model, const Options& options, OpTable operators, Plan* plan,
                     Message* why);

  bool empty() const { return pages_.empty(); }
  Interpreter& net() { return net_; }
  const Interpreter& net() const { return net_; }

 private:
  static Status make_in(Span<uint8_t> pages, const Model& model, const Options& options,
                        OpTable operators, Plan* plan, Message* why);

  Span<uint8_t> pages_;
  Interpreter net_;
};

}  // namespace pipit::compat
