// SPDX-License-Identifier: Apache-2.0
// Files whose sizes add up to, or are multiplied to, more than 32 bits hold: on a 32-bit machine as
// on any other they run in as much memory as they need, or are refused for want of it.
#include "pipit/interpreter.h"
#include "tests/malformed/malformed.h"
#include "tests/support/files.h"
#include "tests/support/place.h"

namespace pipit::test {
namespace {

std::vector<uint8_t> file(const char* name) {
  return read_file(place(PIPIT_MALFORMED_FILES) + "/" + name + ".tflite");
}

// Windows whose taps lie thousands of pixels apart, over an image of two by two.
class Dilation : public ::testing::TestWithParam<const char*> {};

TEST_P(Dilation, RunsInLittleMemory) {
  const std::vector<uint8_t> model_bytes = file(GetParam());
  EXPECT_EQ(verdict(model_bytes), "runs");
  const ModelBytes bytes = in_memory(model_bytes);
  const Result<Model> model = Model::parse(bytes->span());
  ASSERT_TRUE(model.ok());
  const Result<size_t> need = Interpreter::required_arena_bytes(model.value(), all_operators());
  ASSERT_TRUE(need.ok());
  EXPECT_LT(need.value(), size_t{1} << 16);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Dilation, ::testing::Values("conv_dilation_1", "conv_dilation_4"));

// Sums over entry graphs, sums over variables, and a product that is scratch memory.
class TooLarge : public ::testing::TestWithParam<const char*> {};

TEST_P(TooLarge, IsRefused) {
  const std::vector<uint8_t> model_bytes = file(GetParam());
  EXPECT_THAT(verdict(model_bytes), HasSubstr("the model needs"));
  const ModelBytes bytes = in_memory(model_bytes);
  const Result<Model> model = Model::parse(bytes->span());
  ASSERT_TRUE(model.ok());
  Message why;
  const Result<size_t> need =
      Interpreter::required_arena_bytes(model.value(), all_operators(), {}, &why);
  // Where there is address space to plan it, the plan has room for what its tensors take.
  if (need.ok()) {
    EXPECT_GT(need.value(), size_t{1} << 31);
  } else {
    EXPECT_THAT(why.text(), HasSubstr("needs more memory than can be planned"));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TooLarge,
                         ::testing::Values("entry_graphs", "variables", "reduce_prod_totals"));

}  // namespace
}  // namespace pipit::test
