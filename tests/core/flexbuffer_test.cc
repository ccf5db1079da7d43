// SPDX-License-Identifier: Apache-2.0
// Reads what the format's own library writes, and damaged bytes without leaving them.
#include "core/flexbuffer.h"

#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

std::vector<uint8_t> sample() {
  flexbuffers::Builder b;
  b.Map([&] {
    b.Int("small", -7);
    b.Int("large", int64_t{1} << 40);
    b.UInt("unsigned", 200);
    b.Float("float", 0.75f);
    b.Double("double", 1e-300);
    b.Bool("yes", true);
    b.Null("null");
    b.String("text", "words");
    b.IndirectInt("far", -123456);
    b.IndirectDouble("far_double", 1e300);
    b.TypedVector("numbers", [&] {
      for (const int i : {3, 1, 4}) b.Int(i);
    });
    b.Vector("mixed", [&] {
      b.Int(5);
      b.String("five");
    });
    b.Map("map", [&] { b.Int("inner", 9); });
  });
  b.Finish();
  return b.GetBuffer();
}

std::string text(const Flex& f) { return {f.text().begin(), f.text().end()}; }

TEST(Flex, ReadsWhatTheLibraryWrites) {
  const std::vector<uint8_t> bytes = sample();
  const Flex map = Flex::root({bytes.data(), bytes.size()});
  EXPECT_EQ(map["small"].integer(), -7);
  EXPECT_EQ(map["large"].integer(), int64_t{1} << 40);
  EXPECT_EQ(map["unsigned"].integer(), 200);
  EXPECT_EQ(map["float"].real(), 0.75);
  EXPECT_EQ(map["float"].integer(), 0);
  EXPECT_EQ(map["double"].real(), 1e-300);
  EXPECT_TRUE(map["yes"].boolean());
  EXPECT_TRUE(map["null"].is_null());
  EXPECT_TRUE(map["missing"].is_null());
  EXPECT_EQ(text(map["text"]), "words");
  EXPECT_EQ(map["text"].integer(), 0);
  EXPECT_EQ(map["far"].integer(), -123456);
  EXPECT_EQ(map["far_double"].real(), 1e300);
  ASSERT_EQ(map["numbers"].size(), 3u);
  EXPECT_EQ(map["numbers"].at(2).integer(), 4);
  EXPECT_TRUE(map["numbers"].at(3).is_null());
  EXPECT_EQ(map["mixed"].at(0).integer(), 5);
  EXPECT_EQ(text(map["mixed"].at(1)), "five");
  EXPECT_EQ(map["map"]["inner"].integer(), 9);
  EXPECT_EQ(map.size(), 13u);
}

// What any value says, whatever it is, two levels deep.
uint64_t read_all(const Flex& f, int depth) {
  uint64_t sum = static_cast<uint64_t>(f.integer()) ^ f.text().size();
  for (const uint8_t c : f.text()) sum += c;
  sum += static_cast<uint64_t>(f["large"].integer()) + (f["far_double"].real() > 1 ? 1 : 0);
  for (size_t i = 0; depth > 0 && i < f.size() && i < 300; ++i) sum += read_all(f.at(i), depth - 1);
  return sum;
}

TEST(Flex, StaysInsideOfDamagedBytes) {
  const std::vector<uint8_t> good = sample();
  Random random(1);
  uint64_t sum = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes = good;
    bytes.resize(bytes.size() - static_cast<size_t>(random.between(0, i % 4 == 0 ? 40 : 0)));
    for (int k = random.between(1, 4); k > 0; --k) {
      bytes[static_cast<size_t>(random.between(0, static_cast<int32_t>(bytes.size()) - 1))] =
          static_cast<uint8_t>(random.bits());
    }
    static GuardedBuffer<uint8_t> lower(1024, Against::kLowerGuard, 1);
    static GuardedBuffer<uint8_t> upper(1024, Against::kUpperGuard, 1);
    std::copy(bytes.begin(), bytes.end(), lower.data());
    sum += read_all(Flex::root({lower.data(), bytes.size()}), 2);
    uint8_t* at = upper.data() + 1024 - bytes.size();
    std::copy(bytes.begin(), bytes.end(), at);
    sum -= read_all(Flex::root({at, bytes.size()}), 2);
  }
  EXPECT_EQ(sum, 0u) << "the answer depends on where the bytes lie";
}

TEST(Flex, ReadsNothingFromNothing) {
  EXPECT_TRUE(Flex::root({}).is_null());
  EXPECT_TRUE(Flex()["key"].is_null());
  const uint8_t zero[3] = {};
  EXPECT_TRUE(Flex::root({zero, 3}).is_null());
}

}  // namespace
}  // namespace pipit::test
