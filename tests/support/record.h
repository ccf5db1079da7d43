// SPDX-License-Identifier: Apache-2.0
// What an interpreter answers and hands out, to be compared with another run of the same model:
// nothing of it may depend on what was in the arena before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan.h"
#include "pipit/interpreter.h"

namespace pipit::test {

// What two runs find in the arena. No bit is the same, and no byte is zero, as fresh memory is.
constexpr uint8_t kLeftovers[] = {0x55, 0xaa};

// Fills what holds no values when an invocation begins: activations, scratch memory, and what is
// free behind them. What planning has left there would be the same in each run.
void fill_activations(const State& state, uint8_t byte);

class Record {
 public:
  void status(const std::string& of, Code code, const std::string& why);
  // After an invocation that has succeeded: the outputs of a subgraph; with `all`, every tensor of
  // it that has bytes.
  void tensors(const Interpreter& net, int subgraph, bool all);

  // The first difference between two runs; "" where there is none.
  static std::string difference(const Record& a, const Record& b);

 private:
  struct Entry {
    std::string what;
    std::vector<uint8_t> bytes;
  };

  void tensor(const std::string& what, const Tensor& t);

  std::vector<Entry> entries_;
};

}  // namespace pipit::test
