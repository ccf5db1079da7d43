// SPDX-License-Identifier: Apache-2.0
#include "core/foreign.h"

#include <algorithm>
#include <cstring>

namespace pipit {
namespace {

using Bytes = Span<const uint8_t>;

struct Format {
  const char* beginning;
  const char* what;
};

constexpr Format kFormats[] = {
    {"version https://git-lfs.", "a Git LFS pointer: `git lfs pull` fetches the model itself"},
    {"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes: convert it to .tflite first"},
    {"PK\x03\x04", "a zip file: a model may be inside, or one to convert to .tflite first"},
};

constexpr const char* kHtml = "an HTML page: the download gave a web page instead of the file";
constexpr const char* kOnnx = "an ONNX model: convert it to .tflite first";

bool begins_with(Bytes file, const char* beginning) {
  const size_t size = std::strlen(beginning);
  return file.size() >= size && std::memcmp(file.data(), beginning, size) == 0;
}

// A page may begin with a byte order mark and blanks; its tags are in any case.
bool is_html(Bytes file) {
  size_t at = begins_with(file, "\xef\xbb\xbf") ? 3 : 0;
  while (at < file.size() && std::strchr(" \t\r\n", file[at]) != nullptr && file[at] != 0) ++at;
  char tag[15] = {};
  const size_t size = std::min(sizeof(tag) - 1, file.size() - at);
  for (size_t i = 0; i < size; ++i) {
    const auto c = static_cast<char>(file[at + i]);
    tag[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::strcmp(tag, "<!doctype html") == 0 || std::strncmp(tag, "<html", 5) == 0;
}

// ONNX has no mark: a version of 3 or more, then another field of the model's message.
bool is_onnx(Bytes file) {
  constexpr uint8_t kVersion = 0x08;  // field 1, a number
  constexpr uint8_t kFields[] = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42};
  if (file.size() < 3 || file[0] != kVersion || file[1] < 3 || file[1] > 31) return false;
  return std::memchr(kFields, file[2], sizeof(kFields)) != nullptr;
}

}  // namespace

const char* foreign_format(Bytes file) {
  for (const Format& format : kFormats) {
    if (begins_with(file, format.beginning)) return format.what;
  }
  if (is_html(file)) return kHtml;
  return is_onnx(file) ? kOnnx : nullptr;
}

}  // namespace pipit
