// SPDX-License-Identifier: Apache-2.0
// Numbers, shapes and tensors in messages, and messages that are too long.
#include "pipit/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "tests/support/random.h"

namespace pipit::test {
namespace {

template <class... P>
std::string written(const P&... parts) {
  Message m;
  text(&m, parts...);
  return m.text();
}

TEST(Text, Integers) {
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(-7), "-7");
  EXPECT_EQ(written(INT32_MIN), "-2147483648");
  EXPECT_EQ(written(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(written(INT64_MAX), "9223372036854775807");
  EXPECT_EQ(written(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(written(size_t{1000}), "1000");
}

TEST(Text, Doubles) {
  EXPECT_EQ(written(0.0), "0");
  EXPECT_EQ(written(1.0), "1");
  EXPECT_EQ(written(-2.5), "-2.5");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(100000.0), "100000");
  EXPECT_EQ(written(3.14159265), "3.14159");
  EXPECT_EQ(written(0.00002), "0.00002");
  EXPECT_EQ(written(1e-30), "1e-30");
  EXPECT_EQ(written(6.02e23), "6.02e23");
  EXPECT_EQ(written(9.999999), "10");
  EXPECT_EQ(written(0.9999999), "1");
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(Text, DoublesAreRightToSixDigits) {
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::ldexp(random.unit() - 0.5, random.between(-200, 200));
    const std::string text = written(value);
    ASSERT_NEAR(std::strtod(text.c_str(), nullptr) / value, 1, 6e-6) << text;
    ASSERT_LE(text.size(), 14u) << text;
  }
}

TEST(Text, TypesShapesAndTensors) {
  EXPECT_EQ(written(Type::kInt8, " ", Shape::of(1, 224, 224, 3)), "int8 [1,224,224,3]");
  EXPECT_EQ(written(Shape()), "[]");
  Tensor t;
  t.index = 5;
  t.type = Type::kFloat32;
  t.shape = Shape::of(8);
  EXPECT_EQ(written(t), "tensor 5 float32 [8]");
  t.name = "conv/kernel";
  EXPECT_EQ(written(t), "tensor 5 'conv/kernel' float32 [8]");
}

TEST(Text, EveryTypeHasAName) {
  for (int i = 0; i < kTypeCount; ++i) {
    EXPECT_FALSE(written(static_cast<Type>(i)).empty()) << i;
    for (int j = 0; j < i; ++j) {
      EXPECT_NE(written(static_cast<Type>(i)), written(static_cast<Type>(j)));
    }
  }
}

TEST(Text, NobodyListens) { text(nullptr, "nothing ", 1, " happens"); }

// Whatever the pieces are, a message holds at most its capacity, and says that it was cut.
TEST(Text, IsCutAtCapacity) {
  constexpr size_t kMost = Message::kCapacity - 1;
  for (size_t piece = 1; piece <= 40; ++piece) {
    Message m;
    std::string whole;
    const std::string part(piece, static_cast<char>('a' + piece % 26));
    while (whole.size() <= kMost + 100) {
      text(&m, part.c_str());
      whole += part;
      const std::string got = m.text();
      if (whole.size() <= kMost) {
        ASSERT_EQ(got, whole);
      } else {
        ASSERT_EQ(got, whole.substr(0, kMost - 3) + "...");
      }
    }
  }
}

TEST(Text, CanBeClearedAndUsedAgain) {
  Message m;
  text(&m, std::string(2000, 'x').c_str());
  m.clear();
  EXPECT_TRUE(m.empty());
  EXPECT_STREQ(m.text(), "");
  text(&m, "again");
  EXPECT_STREQ(m.text(), "again");
}

std::string shown(const char* from_a_file) {
  Message m;
  text(&m, from_a_file);
  return m.text();
}

TEST(Text, ShowsLettersOfAllLanguages) {
  for (const char* letters :
       {"caf\xc3\xa9", "\xe7\x8c\xab", "\xf0\x9f\x90\x88", "\xd8\xb9", "a\\x"}) {
    EXPECT_EQ(shown(letters), letters);
  }
}

TEST(Text, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(shown("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(shown("\xc2\x80|\xc2\x9b|\xc2\x9f"), "\\xc2\\x80|\\xc2\\x9b|\\xc2\\x9f");
  EXPECT_EQ(shown("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right to left from here
  EXPECT_EQ(shown("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");  // an isolate
  EXPECT_EQ(shown("\xd8\x9c"), "\\xd8\\x9c");           // Arabic letter mark
  EXPECT_EQ(shown("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");  // a new line
}

TEST(Text, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(shown("\xff|\x9b|\xc0\x80|\xc3"), "\\xff|\\x9b|\\xc0\\x80|\\xc3");
  EXPECT_EQ(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");                    // a surrogate
  EXPECT_EQ(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");           // beyond Unicode
  EXPECT_EQ(shown("\xe0\x80\x80\xf0\x80"), "\\xe0\\x80\\x80\\xf0\\x80");  // too long, cut short
}

TEST(Text, IsCutBetweenCharacters) {
  for (size_t before = 0; before < 4; ++before) {
    Message m;
    text(&m, std::string(before, 'x').c_str());
    for (int i = 0; i < 1000; ++i) text(&m, "\xe7\x8c\xab");
    const std::string cut = m.text();
    ASSERT_GT(cut.size(), Message::kCapacity - 8);
    EXPECT_EQ((cut.size() - before) % 3, 0u) << before;
    EXPECT_EQ(cut.substr(cut.size() - 3), "...");
  }
}

}  // namespace
}  // namespace pipit::test
