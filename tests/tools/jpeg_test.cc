// SPDX-License-Identifier: Apache-2.0
// JPEG files whose Huffman tables would be written behind the decoder's own.
#include "tools/jpeg.h"

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

TEST(HuffmanTables, Fit) {
  EXPECT_TRUE(huffman_tables_fit({}));
  EXPECT_TRUE(huffman_tables_fit(kStart));
  EXPECT_TRUE(huffman_tables_fit(kStart + table(1) + table(16) + kScan));
}

TEST(HuffmanTables, AreTooLarge) {
  EXPECT_FALSE(huffman_tables_fit(kStart + table(17)));
  EXPECT_FALSE(huffman_tables_fit(kStart + table(1) + table(255)));
  EXPECT_FALSE(huffman_tables_fit(kStart + Bytes{0, 0, 0xff} + table(17)));  // padding
  EXPECT_FALSE(huffman_tables_fit(kStart + table(1) + kScan + table(17)));
}

TEST(HuffmanTables, AreReadWhereTheDecoderReadsThem) {
  EXPECT_TRUE(huffman_tables_fit(kStart + application({0xff, 0xc4, 0, 200, 0, 255, 255}) + kScan));
  EXPECT_FALSE(huffman_tables_fit(kStart + application({1, 2, 3}) + table(17)));
}

TEST(HuffmanTables, MayBeCutShort) {
  const Bytes file = kStart + table(16) + kScan;
  for (size_t n = 0; n < file.size(); ++n) EXPECT_TRUE(huffman_tables_fit({file.data(), n}));
}

}  // namespace
}  // namespace pipit::tools
