// SPDX-License-Identifier: Apache-2.0
// Pictures that are damaged, or oddly made, where that led the decoder astray.
#include "tools/image.h"

#include <gtest/gtest.h>

#include "tests/tools/bytes.h"

namespace pipit::tools {
namespace {

Bytes decode(const Bytes& file) { return decode_image("picture", file, 1000).samples; }

// A grey JPEG image, eight pixels high, with these tables of Huffman codes and this data.
Bytes jpeg(uint8_t width, const Bytes& tables, const Bytes& data) {
  const Bytes start = {0xff, 0xd8};
  const Bytes frame = {0xff, 0xc0, 0, 11, 8, 0, 8, 0, width, 1, 1, 0x11, 0};
  const Bytes scan = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
  const Bytes end = {0xff, 0xd9};
  return start + frame + tables + scan + data + end;
}

TEST(Image, NamesTablesThatTheFileDoesNotHave) {
  EXPECT_EQ(decode(jpeg(8, {}, {0x12, 0x34})), Bytes(8 * 8 * 3, 128));
}

// Two codes, of one and nine bits, are each followed by a number of 15 bits; the last one is cut.
TEST(Image, EndsWithinANumber) {
  const Bytes tables = {0xff, 0xc4, 0, 21, 0, 1, 0, 0, 0, 0,  0, 0,
                        0,    1,    0, 0,  0, 0, 0, 0, 0, 15, 15};
  EXPECT_EQ(decode(jpeg(24, tables, {0x00, 0x00, 0x80, 0x00})).size(), size_t{24 * 8 * 3});
}

// Checksums are left out: they are not looked at.
Bytes chunk(const std::string& type, const Bytes& content) {
  const Bytes length = {0, 0, 0, static_cast<uint8_t>(content.size())};
  return length + Bytes(type.begin(), type.end()) + content + Bytes(4, 0);
}

TEST(Image, BeginsWithAnEmptyPiece) {
  const Bytes start = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const Bytes one_grey_pixel = {0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0};
  const Bytes stored = {0x78, 0x01, 1, 2, 0, 0xfd, 0xff, 0, 200, 0, 0, 0, 0};
  EXPECT_EQ(decode(start + chunk("IHDR", one_grey_pixel) + chunk("IDAT", {}) +
                   chunk("IDAT", stored) + chunk("IEND", {})),
            Bytes(3, 200));
}

}  // namespace
}  // namespace pipit::tools
