// SPDX-License-Identifier: Apache-2.0
// Pictures that are damaged, or oddly made, where that led the decoder astray.
#include "tools/image/image.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/tools/bytes.h"
#include "tools/failure.h"

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

const Bytes kPngStart = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

// A grey PNG image of that size; `passes` is 1 for an interlaced one.
Bytes png(const Bytes& size, uint8_t passes, const Bytes& data) {
  return kPngStart + chunk("IHDR", size + Bytes{8, 0, 0, 0, passes}) + data + chunk("IEND", {});
}

// So many samples and filters of rows, all 0, as a zlib stream that compresses nothing.
Bytes stored(uint8_t n) {
  const Bytes begin = {0x78, 0x01, 1, n, 0, static_cast<uint8_t>(~n), 0xff};
  return chunk("IDAT", begin + Bytes(n, 0) + Bytes(4, 0));
}

std::string refusal(const Bytes& file, int64_t most_pixels = kMostPixels) {
  try {
    (void)decode_image("picture", file, most_pixels);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), kBadInput);
    return failure.what();
  }
  return "";
}

TEST(Image, BeginsWithAnEmptyPiece) {
  const Bytes one = {0, 0, 0, 1, 0, 0, 0, 1};
  const Bytes data = {0x78, 0x01, 1, 2, 0, 0xfd, 0xff, 0, 200, 0, 0, 0, 0};
  EXPECT_EQ(decode(png(one, 0, chunk("IDAT", {}) + chunk("IDAT", data))), Bytes(3, 200));
}

// Eight rows of a filter and eight samples; interlaced, 15 rows in seven passes.
TEST(Image, HoldsMoreDataThanItsPixels) {
  const Bytes eight = {0, 0, 0, 8, 0, 0, 0, 8};
  EXPECT_EQ(decode(png(eight, 0, stored(72))), Bytes(8 * 8 * 3, 0));
  EXPECT_EQ(refusal(png(eight, 0, stored(73))), "picture: holds more data than its pixels take");
  EXPECT_EQ(decode(png(eight, 1, stored(79))), Bytes(8 * 8 * 3, 0));
  EXPECT_EQ(refusal(png(eight, 1, stored(145))), "picture: holds more data than its pixels take");
}

TEST(Image, NamesMoreDataThanTheFileHas) {
  const Bytes one = {0, 0, 0, 1, 0, 0, 0, 1};
  const Bytes huge = {0x7f, 0xff, 0xff, 0, 'I', 'D', 'A', 'T'};
  EXPECT_EQ(refusal(png(one, 0, stored(2) + huge)), "picture: names more data than the file has");
}

// Headers of 8192x8192 pixels with next to nothing behind them.
TEST(Image, PromisesMorePixelsThanItHas) {
  const std::string few = "picture: has not enough data for 8192x8192 pixels";
  EXPECT_EQ(refusal(png({0, 0, 32, 0, 0, 0, 32, 0}, 0, stored(72))), few);
  const Bytes frame = {0xff, 0xc0, 0, 11, 8, 32, 0, 32, 0, 1, 1, 0x11, 0};
  EXPECT_EQ(refusal(Bytes{0xff, 0xd8} + frame + Bytes{0xff, 0xd9}), few);
  const Bytes bmp = {'B', 'M', 0,  0, 0, 0, 0,  0, 0, 0, 54, 0,  0, 0, 40, 0, 0,
                     0,   0,   32, 0, 0, 0, 32, 0, 0, 1, 0,  24, 0, 0, 0,  0};
  EXPECT_EQ(refusal(bmp + Bytes(100, 0)), few);
}

}  // namespace
}  // namespace pipit::tools
