// SPDX-License-Identifier: Apache-2.0
// The project's own digits classifier against its stored answers, with the kernels of every
// instruction set that the CPU has.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "tests/support/files.h"
#include "tests/support/isas.h"
#include "tests/support/model_builder.h"
#include "tests/support/place.h"

namespace pipit::test {
namespace {

constexpr size_t kPixels = 64;

struct Digit {
  std::string image;
  std::vector<int8_t> pixels;
  std::vector<int8_t> scores;
  ptrdiff_t best = 0;
};

const std::string kFolder = place(PIPIT_MODELS);

std::vector<Digit> stored_digits() {
  std::ifstream list(kFolder + "/digits_cases.json");
  const nlohmann::json cases = nlohmann::json::parse(list).at("cases");
  const std::vector<uint8_t> pixels = read_file(kFolder + "/digits_int8.in0.bin");
  EXPECT_EQ(pixels.size(), cases.size() * kPixels);
  std::vector<Digit> digits;
  for (const nlohmann::json& c : cases) {
    const auto first = pixels.begin() + static_cast<ptrdiff_t>(digits.size() * kPixels);
    digits.push_back({c.value("image", "case " + std::to_string(digits.size())),
                      std::vector<int8_t>(first, first + kPixels),
                      c.at("scores").get<std::vector<int8_t>>(), c.at("class")});
  }
  return digits;
}

class Digits : public testing::TestWithParam<CpuFeatures> {
 protected:
  void load(const char* name) {
    bytes_ = in_memory(read_file(kFolder + "/" + name));
    options_.cpu = GetParam();
    Message why;
    const Result<Model> model = Model::parse(bytes_->span(), &why);
    ASSERT_TRUE(model.ok()) << why.text();
    model_ = model.value();
    const Result<size_t> need =
        Interpreter::required_arena_bytes(model_, all_operators(), options_, &why);
    ASSERT_TRUE(need.ok()) << why.text();
    need_ = need.value();
  }

  void plan() {
    arena_ = std::make_unique<GuardedBuffer<uint8_t>>(need_, Against::kUpperGuard, 16);
    Message why;
    const Result<Interpreter> net =
        Interpreter::create(model_, arena_->span(), all_operators(), options_, &why);
    ASSERT_TRUE(net.ok()) << why.text();
    net_ = net.value();
  }

  template <class T>
  std::vector<T> run(const std::vector<T>& pixels) {
    std::copy(pixels.begin(), pixels.end(), net_.input(0)->as<T>());
    Message why;
    EXPECT_TRUE(net_.invoke(&why).ok()) << why.text();
    const Tensor& out = *net_.output(0);
    return {out.as<T>(), out.as<T>() + out.elements()};
  }

  ModelBytes bytes_;
  Options options_;
  Model model_;
  size_t need_ = 0;
  std::unique_ptr<GuardedBuffer<uint8_t>> arena_;
  Interpreter net_;
};

TEST_P(Digits, Int8GivesTheStoredScores) {
  ASSERT_NO_FATAL_FAILURE(load("digits_int8.tflite"));
  ASSERT_NO_FATAL_FAILURE(plan());
  const std::vector<Digit> digits = stored_digits();
  ASSERT_GE(digits.size(), 20u);
  for (const Digit& d : digits) {
    const std::vector<int8_t> scores = run(d.pixels);
    EXPECT_EQ(scores, d.scores) << d.image;
    EXPECT_EQ(std::max_element(scores.begin(), scores.end()) - scores.begin(), d.best) << d.image;
  }
}

TEST_P(Digits, FloatFindsTheSameClasses) {
  ASSERT_NO_FATAL_FAILURE(load("digits_float.tflite"));
  ASSERT_NO_FATAL_FAILURE(plan());
  int same = 0;
  const std::vector<Digit> digits = stored_digits();
  for (const Digit& d : digits) {
    std::vector<float> pixels;
    for (const int8_t p : d.pixels) pixels.push_back(static_cast<float>(p + 128) / 127.5f - 1);
    const std::vector<float> scores = run(pixels);
    float sum = 0;
    for (const float s : scores) sum += s;
    EXPECT_NEAR(sum, 1, 1e-5) << d.image;
    same += std::max_element(scores.begin(), scores.end()) - scores.begin() == d.best ? 1 : 0;
  }
  // Near a tie the two may differ.
  EXPECT_GE(same + 2, static_cast<int>(digits.size()));
}

TEST_P(Digits, EverySmallerArenaIsRefused) {
  ASSERT_NO_FATAL_FAILURE(load("digits_int8.tflite"));
  const std::string number = std::to_string(need_);
  for (size_t size = 0; size < need_; size += 16) {
    const GuardedBuffer<uint8_t> arena(size, Against::kUpperGuard, 16);
    Message why;
    const Result<Interpreter> net =
        Interpreter::create(model_, arena.span(), all_operators(), options_, &why);
    ASSERT_EQ(net.status().code(), Code::kArenaTooSmall) << size;
    ASSERT_NE(std::string(why.text()).find(number), std::string::npos) << why.text();
  }
}

TEST_P(Digits, PreservingAllTensorsChangesNoScore) {
  options_.preserve_all = true;
  ASSERT_NO_FATAL_FAILURE(load("digits_int8.tflite"));
  ASSERT_NO_FATAL_FAILURE(plan());
  const std::vector<Digit> digits = stored_digits();
  for (const Digit& d : digits) EXPECT_EQ(run(d.pixels), d.scores) << d.image;
}

INSTANTIATE_TEST_SUITE_P(Isa, Digits, testing::ValuesIn(instruction_sets()),
                         [](const auto& isa) { return isa_name(isa.param); });

}  // namespace
}  // namespace pipit::test
