// SPDX-License-Identifier: Apache-2.0
// Pictures: reading, and what it takes to make them an input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pipit::tools {

// 8-bit samples, rows from the top, channels interleaved: 3 (RGB) or 1 (grey).
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<uint8_t> samples;
};

// PNG, JPEG or BMP, as RGB. Throws Failure(kBadInput) that starts with `path`.
Image read_image(const std::string& path);
// The same for the bytes of a file of that name.
constexpr int64_t kMostPixels = int64_t{1} << 26;
Image decode_image(const std::string& name, const std::vector<uint8_t>& file, int64_t most_pixels);

// Luma of ITU-R BT.601, rounded.
Image to_grey(const Image& rgb);

// Bilinear, with half-pixel centres. A smaller picture averages all the samples that it covers.
Image resize(const Image& image, int width, int height);

}  // namespace pipit::tools
