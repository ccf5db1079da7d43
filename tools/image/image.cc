// SPDX-License-Identifier: Apache-2.0
#include "tools/image/image.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "tools/failure.h"
#include "tools/image/decoder_memory.h"
#include "tools/image/jpeg.h"
#include "tools/image/picture.h"
#include "tools/io.h"

#define STBI_NO_STDIO
#include <stb/stb_image.h>

namespace pipit::tools {
namespace {

constexpr size_t kMostBytes = size_t{256} << 20;

// Weights are fixed-point, so that a picture is resized to the same samples on every machine.
constexpr int kWeightBits = 22;

// What one sample of the result is made of: input samples from `first` on.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;
};

// A triangle around the sample's centre; as wide as the step between results when that is more than
// one sample.
Taps make_taps(int i, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double reach = std::max(scale, 1.0);
  const double center = (i + 0.5) * scale;
  const int first = std::max(static_cast<int>(center - reach + 0.5), 0);
  const int last = std::min(static_cast<int>(center + reach + 0.5), from);
  std::vector<double> triangle;
  double sum = 0;
  for (int k = first; k < last; ++k) {
    triangle.push_back(std::max(0.0, 1.0 - std::abs((k + 0.5 - center) / reach)));
    sum += triangle.back();
  }
  Taps taps{first, {}};
  for (const double w : triangle) {
    taps.weights.push_back(static_cast<int32_t>(w / sum * (1 << kWeightBits) + 0.5));
  }
  return taps;
}

// Resizes one direction: `lines` lines of `from` samples, `step` apart, lines `pitch` apart.
struct Pass {
  int from, to;
  int lines;
  size_t in_step, in_pitch, out_step, out_pitch;

  void run(const uint8_t* in, uint8_t* out) const {
    for (int i = 0; i < to; ++i) {
      const Taps taps = make_taps(i, from, to);
      for (int line = 0; line < lines; ++line) {
        const size_t l = static_cast<size_t>(line);
        const uint8_t* sample = in + l * in_pitch + static_cast<size_t>(taps.first) * in_step;
        // Weights are positive and add up to about 2^22, so 255 of them stay below 2^31.
        int32_t sum = 1 << (kWeightBits - 1);
        for (const int32_t w : taps.weights) {
          sum += w * *sample;
          sample += in_step;
        }
        out[l * out_pitch + static_cast<size_t>(i) * out_step] =
            static_cast<uint8_t>(std::min(sum >> kWeightBits, 255));
      }
    }
  }
};

Image blank(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  image.samples.resize(static_cast<size_t>(width) * static_cast<size_t>(height) *
                       static_cast<size_t>(channels));
  return image;
}

}  // namespace

Image read_image(const std::string& path) {
  return decode_image(path, read_file(path, kMostBytes, is_picture), kMostPixels);
}

Image decode_image(const std::string& name, const std::vector<uint8_t>& file, int64_t most_pixels) {
  const auto fail = [&](const std::string& why) -> Failure {
    return {kBadInput, name + ": " + why};
  };
  const auto unreadable = [&] {
    const char* refusal = decoder_refusal();
    if (refusal != nullptr) return fail(refusal);
    return fail(std::string("is no readable PNG, JPEG or BMP image: ") + stbi_failure_reason());
  };
  if (file.empty()) throw fail("is empty");
  if (file.size() > kMostBytes) throw fail("is too large for an image");
  const Span<const uint8_t> all(file.data(), file.size());
  if (!is_picture(all)) throw fail("is no PNG, JPEG or BMP image");
  const char* fault = file[0] == 0xff ? jpeg_fault(all) : nullptr;
  if (fault != nullptr) throw fail(std::string("is a damaged JPEG image: ") + fault);
  // Some rows of an interlaced image begin anew in each pass, and are a little longer for it.
  limit_decoder({.file_bytes = file.size(), .doublings = is_interlaced(all) ? 1 : 0});
  const int bytes = static_cast<int>(file.size());
  int width = 0, height = 0, channels = 0;
  if (stbi_info_from_memory(file.data(), bytes, &width, &height, &channels) == 0) {
    throw unreadable();
  }
  if (width < 1 || height < 1) throw fail("has no pixels");  // a BMP may say so
  if (int64_t{width} * height > most_pixels) {
    throw fail("has more than " + std::to_string(most_pixels) + " pixels");
  }
  if (!has_enough_data(all, width, height)) {
    throw fail("has not enough data for " + std::to_string(width) + "x" + std::to_string(height) +
               " pixels");
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> decoded(
      stbi_load_from_memory(file.data(), bytes, &width, &height, &channels, 3), stbi_image_free);
  if (decoded == nullptr) throw unreadable();
  Image image = blank(width, height, 3);
  std::copy_n(decoded.get(), image.samples.size(), image.samples.data());
  return image;
}

Image to_grey(const Image& rgb) {
  Image grey = blank(rgb.width, rgb.height, 1);
  const uint8_t* p = rgb.samples.data();
  for (uint8_t& sample : grey.samples) {
    sample = static_cast<uint8_t>((19595 * p[0] + 38470 * p[1] + 7471 * p[2] + 32768) >> 16);
    p += 3;
  }
  return grey;
}

Image resize(const Image& image, int width, int height) {
  if (image.width == width && image.height == height) return image;
  const auto c = static_cast<size_t>(image.channels);
  const auto in_row = static_cast<size_t>(image.width) * c;
  const auto out_row = static_cast<size_t>(width) * c;
  Image wide = blank(width, image.height, image.channels);
  Image result = blank(width, height, image.channels);
  for (size_t k = 0; k < c; ++k) {
    Pass{image.width, width, image.height, c, in_row, c, out_row}.run(image.samples.data() + k,
                                                                      wide.samples.data() + k);
  }
  Pass{image.height, height, static_cast<int>(out_row), out_row, 1, out_row, 1}.run(
      wide.samples.data(), result.samples.data());
  return result;
}

}  // namespace pipit::tools
