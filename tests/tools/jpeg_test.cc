// SPDX-License-Identifier: Apache-2.0
// JPEG files whose Huffman tables would be written behind the decoder's own.
#include "tools/image/jpeg.h"

#include <gtest/gtest.h>

#include "tests/tools/bytes.h"

namespace pipit::tools {
namespace {

const Bytes kStart = {0xff, 0xd8};
const Bytes kScan = {0xff, 0xda, 0, 2, 0x12, 0xff, 0x00, 0x34};

// A table with that many codes of each length, in a segment of its own.
Bytes table(uint8_t codes_of_each_length) {
  const int codes = 16 * codes_of_each_length;
  const int length = 2 + 17 + codes;
  Bytes bytes = {0xff, 0xc4, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length), 0};
  bytes.insert(bytes.end(), 16, codes_of_each_length);
  bytes.insert(bytes.end(), static_cast<size_t>(codes), 0);
  return bytes;
}

// A segment for applications, with anything in it.
Bytes application(const Bytes& content) {
  return Bytes{0xff, 0xe1, 0, static_cast<uint8_t>(content.size() + 2)} + content;
}

bool fits(Span<const uint8_t> file) { return jpeg_fault(file) == nullptr; }

TEST(HuffmanTables, Fit) {
  EXPECT_TRUE(fits({}));
  EXPECT_TRUE(fits(kStart));
  EXPECT_TRUE(fits(kStart + table(1) + table(16) + kScan));
}

TEST(HuffmanTables, AreTooLarge) {
  EXPECT_FALSE(fits(kStart + table(17)));
  EXPECT_FALSE(fits(kStart + table(1) + table(255)));
  EXPECT_FALSE(fits(kStart + Bytes{0, 0, 0xff} + table(17)));  // padding
  EXPECT_FALSE(fits(kStart + table(1) + kScan + table(17)));
}

TEST(HuffmanTables, AreReadWhereTheDecoderReadsThem) {
  EXPECT_TRUE(fits(kStart + application({0xff, 0xc4, 0, 200, 0, 255, 255}) + kScan));
  EXPECT_FALSE(fits(kStart + application({1, 2, 3}) + table(17)));
}

TEST(HuffmanTables, MayBeCutShort) {
  const Bytes file = kStart + table(16) + kScan;
  for (size_t n = 0; n < file.size(); ++n) EXPECT_TRUE(fits({file.data(), n}));
}

// Each looks like a segment that holds all that follow: a table of seven codes, the last four of
// which begin the next segment.
TEST(HuffmanTables, OverlapInTheData) {
  const Bytes segment = Bytes{0xff, 0xc4, 0xff, 0, 0, 7} + Bytes(18, 0);
  Bytes file = kStart + kScan;
  for (int i = 0; i < 1000; ++i) file = file + segment;
  EXPECT_STREQ(jpeg_fault({file.data(), file.size()}), "its Huffman tables overlap");
}

TEST(Scans, AreFew) {
  Bytes file = kStart;
  for (int i = 0; i < 100; ++i) file = file + kScan;
  EXPECT_TRUE(fits({file.data(), file.size()}));
  file = file + kScan;
  EXPECT_STREQ(jpeg_fault({file.data(), file.size()}), "it has more than 100 scans");
}

}  // namespace
}  // namespace pipit::tools
