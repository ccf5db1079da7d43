// SPDX-License-Identifier: Apache-2.0
#include "tools/jpeg.h"

#include <cstddef>

namespace pipit::tools {
namespace {

constexpr uint8_t kStartOfImage = 0xd8, kStartOfScan = 0xda, kHuffmanTables = 0xc4;
constexpr int kMostCodes = 256;

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
bool tables_fit(Reader r) {
  int left = r.length() - 2;
  while (left > 0 && !r.ended()) {
    (void)r.byte();
    int codes = 0;
    for (int i = 0; i < 16; ++i) codes += r.byte();
    if (codes > kMostCodes) return false;
    r.at += static_cast<size_t>(codes);
    left -= 17 + codes;
  }
  return true;
}

}  // namespace

bool huffman_tables_fit(Span<const uint8_t> file) {
  Reader r{file};
  bool in_scans = false;  // from where on segments do not follow one another
  for (int marker = r.marker(); marker >= 0; marker = r.marker()) {
    if (marker == kHuffmanTables && !tables_fit(r)) return false;
    if (in_scans || marker == kStartOfImage) continue;
    in_scans = marker == kStartOfScan;
    const size_t begin = r.at;
    const int length = r.length();
    r.at = begin + static_cast<size_t>(length);
  }
  return true;
}

}  // namespace pipit::tools
