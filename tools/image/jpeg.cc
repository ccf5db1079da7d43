// SPDX-License-Identifier: Apache-2.0
#include "tools/image/jpeg.h"

#include <cstddef>

namespace pipit::tools {
namespace {

constexpr uint8_t kStartOfImage = 0xd8, kStartOfScan = 0xda, kHuffmanTables = 0xc4;
constexpr int kMostCodes = 256;
// A progressive image has about ten.
constexpr int kMostScans = 100;

struct Reader {
  Span<const uint8_t> file;
  size_t at = 0;

  bool ended() const { return at >= file.size(); }
  int byte() { return ended() ? 0 : file[at++]; }
  int length() {
    const int high = byte();
    return high << 8 | byte();
  }
  // The next marker; -1 at the end of the file.
  int marker() {
    while (!ended() && file[at] != 0xff) ++at;
    while (!ended() && file[at] == 0xff) ++at;
    return ended() ? -1 : byte();
  }
};

// The tables of one segment, read as stb_image does it: the last one may end behind the segment.
// Adds the bytes that it looked at.
bool tables_fit(Reader r, size_t* looked_at) {
  const size_t begin = r.at;
  int left = r.length() - 2;
  bool fit = true;
  while (fit && left > 0 && !r.ended()) {
    (void)r.byte();
    int codes = 0;
    for (int i = 0; i < 16; ++i) codes += r.byte();
    fit = codes <= kMostCodes;
    r.at += static_cast<size_t>(codes);
    left -= 17 + codes;
  }
  *looked_at += r.at - begin;
  return fit;
}

}  // namespace

const char* jpeg_fault(Span<const uint8_t> file) {
  Reader r{file};
  int scans = 0;  // from the first one on, segments do not follow one another
  // Tables that lie within tables, as only scans could make it seem, would be looked at many times.
  size_t looked_at = 0;
  for (int marker = r.marker(); marker >= 0; marker = r.marker()) {
    if (marker == kHuffmanTables && !tables_fit(r, &looked_at)) {
      return "a Huffman table has more than 256 codes";
    }
    if (looked_at > 2 * (file.size() + kMostCodes)) return "its Huffman tables overlap";
    if (marker == kStartOfScan && ++scans > kMostScans) return "it has more than 100 scans";
    if (scans > 1 || (scans == 1 && marker != kStartOfScan) || marker == kStartOfImage) continue;
    const size_t begin = r.at;
    const int length = r.length();
    r.at = begin + static_cast<size_t>(length);
  }
  return nullptr;
}

}  // namespace pipit::tools
