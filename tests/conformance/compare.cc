// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/compare.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <sstream>

#include "pipit/strings.h"

namespace pipit::test {
namespace {

// One element, or one half of a complex one: what fits neither a double nor an int64 alone.
struct Number {
  bool real = false;
  bool is_unsigned = false;
  double f = 0;
  int64_t i = 0;  // the bits of an unsigned one
};

template <class T>
T load(const void* data, size_t i) {
  T value;
  std::memcpy(&value, static_cast<const uint8_t*>(data) + i * sizeof(T), sizeof(T));
  return value;
}

double half_to_double(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(fraction + 1024, exponent - 25);
}

double bfloat16_to_double(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  return static_cast<double>(load<float>(&wide, 0));
}

int64_t packed(const void* data, size_t i, unsigned bits, bool is_signed) {
  const size_t bit = i * bits;
  const unsigned value = (load<uint8_t>(data, bit / 8) >> (bit % 8)) & ((1u << bits) - 1);
  const bool negative = is_signed && (value >> (bits - 1)) != 0;
  return static_cast<int64_t>(value) - (negative ? int64_t{1} << bits : 0);
}

Number real(double value) { return {.real = true, .f = value}; }
Number integer(int64_t value) { return {.i = value}; }

Number number(Type type, const void* data, size_t i) {
  switch (type) {
    case Type::kFloat32:
    case Type::kComplex64:
      return real(static_cast<double>(load<float>(data, i)));
    case Type::kFloat64:
    case Type::kComplex128:
      return real(load<double>(data, i));
    case Type::kFloat16:
      return real(half_to_double(load<uint16_t>(data, i)));
    case Type::kBFloat16:
      return real(bfloat16_to_double(load<uint16_t>(data, i)));
    case Type::kInt64:
      return integer(load<int64_t>(data, i));
    case Type::kUInt64:
      return {.is_unsigned = true, .i = load<int64_t>(data, i)};
    case Type::kInt32:
    case Type::kResource:
      return integer(load<int32_t>(data, i));
    case Type::kUInt32:
      return integer(load<uint32_t>(data, i));
    case Type::kInt16:
      return integer(load<int16_t>(data, i));
    case Type::kUInt16:
      return integer(load<uint16_t>(data, i));
    case Type::kInt8:
      return integer(load<int8_t>(data, i));
    case Type::kInt4:
      return integer(packed(data, i, 4, true));
    case Type::kUInt4:
      return integer(packed(data, i, 4, false));
    case Type::kInt2:
      return integer(packed(data, i, 2, true));
    default:
      return integer(load<uint8_t>(data, i));
  }
}

// Infinity where one of the two has no finite distance to the other.
double distance(const Number& a, const Number& b) {
  if (a.real) {
    if (a.f == b.f || (std::isnan(a.f) && std::isnan(b.f))) return 0;
    if (!std::isfinite(a.f) || !std::isfinite(b.f)) return INFINITY;
    return std::fabs(a.f - b.f);
  }
  if (a.i == b.i) return 0;
  const auto x = static_cast<uint64_t>(a.i), y = static_cast<uint64_t>(b.i);
  const bool less = a.is_unsigned ? x < y : a.i < b.i;
  return static_cast<double>(less ? y - x : x - y);
}

uint64_t significant_bits(Type type, double x) {
  if (std::isnan(x)) return ~uint64_t{0};
  const bool is_float = type == Type::kFloat32 || type == Type::kComplex64;
  const bool tiny = is_float && std::fabs(x) < 0x1p-126;
  return std::bit_cast<uint64_t>(tiny ? std::copysign(0.0, x) : x);
}

std::string number_text(const Number& n) {
  std::ostringstream out;
  out.precision(9);
  if (n.real) {
    out << n.f;
  } else if (n.is_unsigned) {
    out << static_cast<uint64_t>(n.i);
  } else {
    out << n.i;
  }
  return out.str();
}

std::string place(size_t element, const Shape& shape) {
  Shape index = shape;
  size_t rest = element;
  for (int d = shape.rank - 1; d >= 0; --d) {
    const auto size = static_cast<size_t>(shape[d]);
    index[d] = static_cast<int32_t>(rest % size);
    rest /= size;
  }
  return "element " + std::to_string(element) + " at " + shape_text(index);
}

Difference different(const std::string& text) { return {false, false, text}; }

Difference compare_strings(const Tensor& got, const std::vector<uint8_t>& want) {
  const int32_t count = got.elements();
  if (!valid_strings(want, count)) return different("the case's strings are not well-formed");
  if (!valid_strings({got.as<uint8_t>(), got.bytes}, count)) {
    return different("does not hold " + std::to_string(count) + " strings");
  }
  const Strings a(got.data), b(want.data());
  for (int32_t i = 0; i < count; ++i) {
    const std::string x(a[i].begin(), a[i].end()), y(b[i].begin(), b[i].end());
    if (x != y) {
      return different("string " + std::to_string(i) + ": got '" + x + "', expected '" + y + "'");
    }
  }
  return {};
}

}  // namespace

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank; ++i) text += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return text + "]";
}

Difference compare(const Tensor& got, const std::vector<uint8_t>& want, double tolerance) {
  if (got.type == Type::kString) return compare_strings(got, want);
  if (got.bytes != want.size()) {
    return different("has " + std::to_string(got.bytes) + " bytes, expected " +
                     std::to_string(want.size()));
  }
  const bool complex = got.type == Type::kComplex64 || got.type == Type::kComplex128;
  const size_t parts = complex ? 2 : 1;
  const size_t count = static_cast<size_t>(got.elements()) * parts;
  Difference result;
  size_t wrong = 0;
  double most = 0;
  for (size_t i = 0; i < count; ++i) {
    const Number a = number(got.type, got.data, i), b = number(got.type, want.data(), i);
    const double d = distance(a, b);
    if (d == 0) continue;
    result.exact = false;
    most = std::fmax(most, d);
    if (d <= tolerance) continue;
    if (++wrong == 1) {
      result.text = place(i / parts, got.shape) +
                    (complex ? (i % 2 ? ", imaginary" : ", real") : "") + ": got " +
                    number_text(a) + ", expected " + number_text(b);
    }
  }
  if (wrong == 0) return result;
  std::ostringstream more;
  more << " (" << wrong << " of " << count << " wrong, most by " << most << ", tolerance "
       << tolerance << ")";
  return different(result.text + more.str());
}

uint64_t fingerprint(const Tensor& t, uint64_t before) {
  uint64_t hash = before ^ 0xCBF29CE484222325;
  const auto mix = [&](uint64_t bits) {
    hash = (hash ^ bits) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  };
  mix(t.bytes);
  const bool numbers = t.bytes != 0 && t.type != Type::kString && number(t.type, t.data, 0).real;
  const bool complex = t.type == Type::kComplex64 || t.type == Type::kComplex128;
  const size_t count = numbers ? static_cast<size_t>(t.elements()) * (complex ? 2 : 1) : t.bytes;
  for (size_t i = 0; i < count; ++i) {
    mix(numbers ? significant_bits(t.type, number(t.type, t.data, i).f) : t.as<uint8_t>()[i]);
  }
  return hash;
}

}  // namespace pipit::test
