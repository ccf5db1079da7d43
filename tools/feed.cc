// SPDX-License-Identifier: Apache-2.0
#include "tools/feed.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "pipit/strings.h"
#include "tools/describe.h"
#include "tools/diff/npy.h"
#include "tools/failure.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

constexpr size_t kStringLimit = size_t{1} << 28;

// Steele, Lea, Flood: "Fast splittable pseudorandom number generators".
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, n).
  uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
  // A multiple of 2^(1 - bits) in [-1, 1).
  float unit(int bits) {
    const uint32_t n = below(1u << bits);
    return static_cast<float>(n) / static_cast<float>(1u << (bits - 1)) - 1.0f;
  }

 private:
  uint64_t state_;
};

void append(std::vector<uint8_t>* bytes, const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  bytes->insert(bytes->end(), from, from + size);
}

template <class T, class Make>
std::vector<uint8_t> fill(const Tensor& tensor, Make make) {
  std::vector<uint8_t> bytes;
  while (bytes.size() + sizeof(T) <= tensor.bytes) {
    const T value = static_cast<T>(make());
    append(&bytes, &value, sizeof(value));
  }
  return bytes;
}

std::vector<uint8_t> fill_bytes(size_t n, SplitMix64* random) {
  std::vector<uint8_t> bytes(n);
  constexpr size_t kEight = sizeof(uint64_t);
  for (size_t at = 0; at < n; at += kEight) {
    const uint64_t eight = random->next();
    // A copy of known size is no call.
    if (n - at >= kEight) {
      std::memcpy(bytes.data() + at, &eight, kEight);
    } else {
      std::memcpy(bytes.data() + at, &eight, n - at);
    }
  }
  return bytes;
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// Exact for multiples of 1/128 up to 1.
uint16_t to_half(float value) {
  const uint32_t bits = bits_of(value);
  if ((bits & 0x7fffffff) == 0) return 0;
  const uint32_t exponent = (bits >> 23 & 0xff) - 127 + 15;
  return static_cast<uint16_t>(bits >> 31 << 15 | exponent << 10 | (bits >> 13 & 0x3ff));
}

std::vector<uint8_t> random_strings(const Tensor& tensor, SplitMix64* random) {
  constexpr size_t kMostOfOne = sizeof(int32_t) + 8;
  const int32_t count = tensor.elements();
  if (static_cast<size_t>(count) > kStringLimit / kMostOfOne) {
    throw Failure(kOutOfMemory, "random data for " + tensor_text(tensor) +
                                    " would take more than " + std::to_string(kStringLimit) +
                                    " bytes");
  }
  std::string text;
  std::vector<int32_t> header = {count};
  for (int32_t i = 0; i <= count; ++i) {
    header.push_back(static_cast<int32_t>(text.size()) + (count + 2) * 4);
    if (i == count) break;
    for (uint32_t n = 1 + random->below(8); n > 0; --n) {
      text += static_cast<char>('a' + random->below(26));
    }
  }
  std::vector<uint8_t> bytes;
  append(&bytes, header.data(), header.size() * sizeof(header[0]));
  append(&bytes, text.data(), text.size());
  return bytes;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// For who takes `run` for the command that reads pictures.
std::string picture_hint(const std::vector<uint8_t>& file) {
  const std::string start(file.begin(), file.begin() + std::min<ptrdiff_t>(4, std::ssize(file)));
  const bool picture = start == "\x89PNG" || start.substr(0, 3) == "\xff\xd8\xff";
  return picture ? " (it is a picture: see pipit classify)" : "";
}

}  // namespace

std::vector<uint8_t> file_bytes(const std::string& path, const Tensor& tensor) {
  if (ends_with(path, ".npy")) {
    return npy_bytes(path, read_file(path, tensor.bytes + 2 * kNpyHeaderLimit), tensor);
  }
  const bool strings = tensor.type == Type::kString;
  std::vector<uint8_t> bytes = read_file(path, strings ? kStringLimit : tensor.bytes);
  if (strings && !valid_strings({bytes.data(), bytes.size()}, tensor.elements())) {
    throw Failure(kBadInput, path + ": does not hold the " + std::to_string(tensor.elements()) +
                                 " strings of " + tensor_text(tensor));
  }
  if (!strings && bytes.size() != tensor.bytes) {
    throw Failure(kBadInput,
                  path + ": has " + (bytes.size() > tensor.bytes ? "more than " : "only ") +
                      std::to_string(bytes.size() > tensor.bytes ? tensor.bytes : bytes.size()) +
                      " bytes, the tensor " + tensor_text(tensor) + " takes " +
                      std::to_string(tensor.bytes) + picture_hint(bytes));
  }
  return bytes;
}

std::vector<uint8_t> random_bytes(const Tensor& tensor, uint64_t seed) {
  SplitMix64 random(seed);
  switch (tensor.type) {
    case Type::kFloat32:
    case Type::kComplex64:
      return fill<float>(tensor, [&] { return random.unit(24); });
    case Type::kFloat64:
    case Type::kComplex128:
      return fill<double>(tensor, [&] { return random.unit(24); });
    case Type::kFloat16:
      return fill<uint16_t>(tensor, [&] { return to_half(random.unit(8)); });
    case Type::kBFloat16:
      return fill<uint16_t>(tensor, [&] { return bits_of(random.unit(8)) >> 16; });
    case Type::kInt32:
    case Type::kUInt32:
      return fill<int32_t>(tensor, [&] { return random.below(10); });
    case Type::kInt64:
    case Type::kUInt64:
      return fill<int64_t>(tensor, [&] { return random.below(10); });
    case Type::kBool:
      return fill<uint8_t>(tensor, [&] { return random.below(2); });
    case Type::kString:
      return random_strings(tensor, &random);
    case Type::kResource:
    case Type::kVariant:
      return fill<uint8_t>(tensor, [] { return 0; });
    default:
      return fill_bytes(tensor.bytes, &random);
  }
}

namespace {

template <class T>
std::vector<uint8_t> fill_between(const Tensor& tensor, int64_t low, int64_t high,
                                  SplitMix64* random) {
  if constexpr (std::is_integral_v<T>) {
    if (!std::in_range<T>(low) || !std::in_range<T>(high)) {
      throw Failure(kUsage, tensor_text(tensor) + " does not hold all numbers from " +
                                std::to_string(low) + " to " + std::to_string(high));
    }
    const uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    return fill<T>(tensor, [&] {
      const uint64_t n = random->next();
      return static_cast<uint64_t>(low) + (count == 0 ? n : n % count);
    });
  } else {
    const double width = static_cast<double>(high) - static_cast<double>(low);
    return fill<T>(tensor, [&] {
      return static_cast<double>(low) +
             width * static_cast<double>(random->next() >> 11) / 9007199254740992.0;  // 2^53
    });
  }
}

}  // namespace

std::vector<uint8_t> random_between(const Tensor& tensor, int64_t low, int64_t high,
                                    uint64_t seed) {
  SplitMix64 random(seed);
  switch (tensor.type) {
    case Type::kFloat32:
      return fill_between<float>(tensor, low, high, &random);
    case Type::kFloat64:
      return fill_between<double>(tensor, low, high, &random);
    case Type::kInt8:
      return fill_between<int8_t>(tensor, low, high, &random);
    case Type::kUInt8:
      return fill_between<uint8_t>(tensor, low, high, &random);
    case Type::kInt16:
      return fill_between<int16_t>(tensor, low, high, &random);
    case Type::kUInt16:
      return fill_between<uint16_t>(tensor, low, high, &random);
    case Type::kInt32:
      return fill_between<int32_t>(tensor, low, high, &random);
    case Type::kUInt32:
      return fill_between<uint32_t>(tensor, low, high, &random);
    case Type::kInt64:
      return fill_between<int64_t>(tensor, low, high, &random);
    case Type::kUInt64:
      return fill_between<uint64_t>(tensor, low, high, &random);
    default:
      throw Failure(kUsage, tensor_text(tensor) + ": a range is for numbers of whole bytes");
  }
}

}  // namespace pipit::tools
