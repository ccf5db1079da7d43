// SPDX-License-Identifier: Apache-2.0
#include "tools/image/picture.h"

#include <cstddef>
#include <cstring>

namespace pipit::tools {
namespace {

bool starts_with(Span<const uint8_t> file, const char* text, size_t n) {
  return file.size() >= n && std::memcmp(file.data(), text, n) == 0;
}
bool is_png(Span<const uint8_t> file) { return starts_with(file, "\x89PNG\r\n\x1a\n", 8); }
bool is_jpeg(Span<const uint8_t> file) { return starts_with(file, "\xff", 1); }
bool is_bmp(Span<const uint8_t> file) { return starts_with(file, "BM", 2); }

// 0 behind the end.
uint64_t byte_at(Span<const uint8_t> file, size_t at) { return at < file.size() ? file[at] : 0; }

uint64_t big_endian(Span<const uint8_t> file, size_t at) {
  return byte_at(file, at) << 24 | byte_at(file, at + 1) << 16 | byte_at(file, at + 2) << 8 |
         byte_at(file, at + 3);
}

struct PngHeader {
  uint64_t depth = 0;   // bits of a sample
  uint64_t color = 0;   // which samples a pixel has
  uint64_t passes = 0;  // 0: its rows in order
  uint64_t data = 0;    // bytes of the zlib stream
};

// Of the pieces that the file holds whole.
PngHeader read_png(Span<const uint8_t> file) {
  PngHeader header;
  uint64_t length = 0;
  for (uint64_t at = 8; at + 12 <= file.size(); at += 12 + length) {
    const auto piece = static_cast<size_t>(at);
    length = big_endian(file, piece);
    if (at + 12 + length > file.size()) break;
    const uint8_t* kind = file.data() + piece + 4;
    if (std::memcmp(kind, "IDAT", 4) == 0) header.data += length;
    if (std::memcmp(kind, "IHDR", 4) != 0) continue;
    header.depth = byte_at(file, piece + 16);
    header.color = byte_at(file, piece + 17);
    header.passes = byte_at(file, piece + 20);
  }
  return header;
}

uint64_t rows_bytes(uint64_t bits_of_pixel, int width, int height) {
  return (bits_of_pixel * static_cast<uint64_t>(width) + 7) / 8 * static_cast<uint64_t>(height);
}

// Two bits are the least that the format's compression takes, and 258 bytes the most that they
// stand for.
bool png_has_enough(Span<const uint8_t> file, int width, int height) {
  constexpr uint64_t kMostRatio = 258 * 8 / 2;
  const PngHeader header = read_png(file);
  const bool palette = (header.color & 1) != 0;
  const uint64_t samples =
      palette ? 1 : ((header.color & 2) != 0 ? 3u : 1u) + ((header.color & 4) != 0 ? 1u : 0u);
  const uint64_t bytes = rows_bytes(samples * header.depth, width, height);
  return header.data * kMostRatio >= bytes + static_cast<uint64_t>(height);
}

// A block of 64 samples takes a bit at least, and no less than eight blocks stand for 32x32 pixels:
// a component as wide as those, and one as high.
bool jpeg_has_enough(Span<const uint8_t> file, int width, int height) {
  constexpr uint64_t kMostPixels = 32 * 32;
  const uint64_t pixels = static_cast<uint64_t>(width) * static_cast<uint64_t>(height);
  return file.size() >= pixels / kMostPixels;
}

bool bmp_has_enough(Span<const uint8_t> file, int width, int height) {
  const bool old = byte_at(file, 14) == 12;  // the header with 16-bit sizes
  const size_t at = old ? 24 : 28;
  const uint64_t bits = byte_at(file, at) | byte_at(file, at + 1) << 8;
  return file.size() >= rows_bytes(bits, width, height);
}

}  // namespace

bool is_picture(Span<const uint8_t> file) { return is_png(file) || is_jpeg(file) || is_bmp(file); }

bool has_enough_data(Span<const uint8_t> file, int width, int height) {
  if (is_png(file)) return png_has_enough(file, width, height);
  if (is_jpeg(file)) return jpeg_has_enough(file, width, height);
  return !is_bmp(file) || bmp_has_enough(file, width, height);
}

bool is_interlaced(Span<const uint8_t> file) { return is_png(file) && read_png(file).passes != 0; }

}  // namespace pipit::tools
