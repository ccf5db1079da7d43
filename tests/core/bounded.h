// SPDX-License-Identifier: Apache-2.0
// How long a model takes to be parsed and planned, and whether that grows with its size alone.
#pragma once

#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "tests/support/model_builder.h"

namespace pipit::test {

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
constexpr int kMany = 1'000'000;
#else
constexpr int kMany = 40'000;  // for an emulator, or with a sanitizer
#endif

// Of this process: others do not matter.
inline double cpu_seconds() {
  timespec t = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Planned {
  std::string why;
  double seconds = 0;
  int steps = 0;
};

// What the application does with a planned model.
using Use = std::function<void(const Interpreter&)>;

inline Planned plan(const std::vector<uint8_t>& file, const Options& options = {},
                    const Use& use = nullptr) {
  const ModelBytes bytes = in_memory(file);
  Planned result;
  const double begin = cpu_seconds();
  Message why;
  const auto model = Model::parse(bytes->span(), &why);
  if (model.ok()) {
    const auto need =
        Interpreter::required_arena_bytes(model.value(), all_operators(), options, &why);
    if (need.ok()) {
      const GuardedBuffer<uint8_t> arena(need.value(), Against::kUpperGuard, 16);
      const auto net =
          Interpreter::create(model.value(), arena.span(), all_operators(), options, &why);
      if (net.ok()) result.steps = net.value().steps();
      if (net.ok() && use) use(net.value());
    }
  }
  result.seconds = cpu_seconds() - begin;
  result.why = why.text();
  return result;
}

// Four times as much takes about four times as long; what is quadratic takes sixteen times.
inline void expect_linear(const std::function<Planned(int)>& plan_some, int n) {
  const Planned few = plan_some(n / 4), many = plan_some(n);
  EXPECT_EQ(few.why, "");
  EXPECT_EQ(many.why, "");
  std::printf("%8d: %.3f s, %8d: %.3f s, %.0f ns each\n", n / 4, few.seconds, n, many.seconds,
              many.seconds / n * 1e9);
  EXPECT_LT(many.seconds, 8 * few.seconds + 0.01);
}

}  // namespace pipit::test
