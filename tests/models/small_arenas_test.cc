// SPDX-License-Identifier: Apache-2.0
// Arenas of small models, in which tables are much, do not grow back.
#include <gtest/gtest.h>

#include <filesystem>

#include "pipit/interpreter.h"
#include "tests/support/files.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

struct Bound {
  const char* model;
  size_t bytes;  // of 64-bit programs; others need less
};

constexpr Bound kBounds[] = {
    {"hello_world_int8", 3120},   {"hello_world_float", 2576}, {"multi_signatures", 2400},
    {"mnist_lstm_int8", 5952},    {"keras_lstm_mnist", 6656},  {"dtln_int8", 11824},
    {"keyword_svdf_int8", 17728}, {"anomaly_int8", 14912},     {"kws_int8", 39000},
};

TEST(SmallArenas, DoNotGrowBack) {
  const std::filesystem::path folder = PIPIT_REAL_MODELS;
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no models in " << folder;
  for (const Bound& bound : kBounds) {
    SCOPED_TRACE(bound.model);
    const auto file = in_memory(read_file((folder / bound.model / "model.tflite").string()));
    const auto model = Model::parse(file->span());
    ASSERT_TRUE(model.ok());
    Options options;
    options.cpu = 0;
    const auto bytes = Interpreter::required_arena_bytes(model.value(), all_operators(), options);
    ASSERT_TRUE(bytes.ok());
    EXPECT_LE(bytes.value(), bound.bytes);
  }
}

}  // namespace
}  // namespace pipit::test
