// SPDX-License-Identifier: Apache-2.0
#include "tools/diff/npy.h"

#include <cstring>
#include <string_view>

#include "tools/describe.h"
#include "tools/failure.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

struct Header {
  std::string descr;    // "<f4"
  std::string fortran;  // "True" or "False"
  std::string shape;    // "(1, 28, 28)"
  size_t bytes = 0;     // of the file before the data
};

// What numpy calls the element type; nullptr where it has none.
const char* numpy_type(Type type) {
  switch (type) {
    case Type::kFloat32:
      return "<f4";
    case Type::kFloat16:
      return "<f2";
    case Type::kFloat64:
      return "<f8";
    case Type::kInt8:
      return "|i1";
    case Type::kUInt8:
      return "|u1";
    case Type::kBool:
      return "|b1";
    case Type::kInt16:
      return "<i2";
    case Type::kUInt16:
      return "<u2";
    case Type::kInt32:
      return "<i4";
    case Type::kUInt32:
      return "<u4";
    case Type::kInt64:
      return "<i8";
    case Type::kUInt64:
      return "<u8";
    case Type::kComplex64:
      return "<c8";
    case Type::kComplex128:
      return "<c16";
    default:
      return nullptr;
  }
}

// The value of a key in the header's Python dictionary, up to `end`.
std::string value_of(std::string_view dictionary, const std::string& key, const char* begin,
                     const char* end) {
  size_t at = dictionary.find("'" + key + "':");
  if (at == std::string_view::npos) return "";
  at = dictionary.find_first_not_of(' ', at + key.size() + 3);
  if (at == std::string_view::npos || dictionary.compare(at, std::strlen(begin), begin) != 0) {
    return "";
  }
  at += std::strlen(begin);
  const size_t stop = dictionary.find_first_of(end, at);
  return stop == std::string_view::npos ? "" : std::string(dictionary.substr(at, stop - at));
}

bool read_header(const std::vector<uint8_t>& file, Header* h) {
  static constexpr char kMagic[] = "\x93NUMPY";
  if (file.size() < 10 || std::memcmp(file.data(), kMagic, 6) != 0) return false;
  // Version 1 has a 16-bit length, later ones 32 bits.
  const size_t width = file[6] == 1 ? 2 : 4;
  size_t length = 0;
  if (file.size() < 8 + width) return false;
  for (size_t i = width; i-- > 0;) length = length << 8 | file[8 + i];
  if (length > kNpyHeaderLimit || length > file.size() - 8 - width) return false;
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + 8 + width, length);
  h->descr = value_of(text, "descr", "'", "'");
  h->fortran = value_of(text, "fortran_order", "", ",}");
  h->shape = value_of(text, "shape", "(", ")");
  h->bytes = 8 + width + length;
  return !h->descr.empty() && !h->fortran.empty();
}

// "1, 28, 28" or "10," to a shape; false when it is none, or has more dimensions than a tensor.
bool parse_shape(const std::string& text, Shape* shape) {
  for (size_t at = 0; (at = text.find_first_not_of(" ,", at)) != std::string::npos;) {
    int64_t value = 0;
    const size_t from = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      value = value * 10 + (text[at] - '0');
      if (value > INT32_MAX) return false;
    }
    if (at == from || shape->rank == Shape::kMaxRank) return false;
    (*shape)[shape->rank++] = static_cast<int32_t>(value);
  }
  return true;
}

}  // namespace

bool npy_holds(const std::vector<uint8_t>& file, Type type) {
  Header header;
  const char* wanted = numpy_type(type);
  return wanted != nullptr && read_header(file, &header) && header.descr == wanted;
}

std::vector<uint8_t> npy_bytes(const std::string& path, std::vector<uint8_t> file,
                               const Tensor& tensor) {
  const auto fail = [&](const std::string& why) -> Failure {
    return {kBadInput, path + ": " + why};
  };
  Header header;
  if (!read_header(file, &header)) throw fail("is no .npy file, or is cut short");
  const char* wanted = numpy_type(tensor.type);
  if (wanted == nullptr) {
    throw fail(std::string("numpy has no ") + type_name(tensor.type) + "; give raw bytes");
  }
  if (header.descr.substr(0, 1) == ">") {
    throw fail("is big-endian (" + printable(header.descr) + ")");
  }
  if (header.descr.substr(1) != wanted + 1) {
    throw fail("holds " + printable(header.descr) + ", the tensor is " + tensor_text(tensor) +
               " (" + wanted + ")");
  }
  Shape shape;
  if (!parse_shape(header.shape, &shape)) throw fail("has shape (" + printable(header.shape) + ")");
  if (shape != tensor.shape) {
    throw fail("has shape " + shape_text(shape) + ", the tensor is " + tensor_text(tensor));
  }
  if (header.fortran == "True" && shape.rank > 1) {
    throw fail("is in Fortran order; save numpy.ascontiguousarray(a)");
  }
  file.erase(file.begin(), file.begin() + static_cast<ptrdiff_t>(header.bytes));
  if (file.size() != tensor.bytes) {
    throw fail("has " + std::to_string(file.size()) + " bytes of data, not " +
               std::to_string(tensor.bytes));
  }
  return file;
}

}  // namespace pipit::tools
