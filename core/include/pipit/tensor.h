// SPDX-License-Identifier: Apache-2.0
// Types, shapes and tensors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/span.h"

namespace pipit {

// The element types of the .tflite format; the values are those of the file.
enum class Type : uint8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUInt8 = 3,
  kInt64 = 4,
  kString = 5,
  kBool = 6,
  kInt16 = 7,
  kComplex64 = 8,
  kInt8 = 9,
  kFloat64 = 10,
  kComplex128 = 11,
  kUInt64 = 12,
  kResource = 13,
  kVariant = 14,
  kUInt32 = 15,
  kUInt16 = 16,
  kInt4 = 17,
  kBFloat16 = 18,
  kInt2 = 19,
  kUInt4 = 20,
  kFloat8E4M3FN = 21,
  kFloat8E5M2 = 22,
};
constexpr int kTypeCount = 23;

// "float32", "int8", ...
const char* type_name(Type type);

// Bits of one element; 0 for strings and variants, whose size depends on their content.
int type_bits(Type type);

// Dimensions, outermost first. Rank 0 is a scalar.
struct Shape {
  static constexpr int kMaxRank = 8;

  int32_t rank = 0;
  int32_t dims[kMaxRank] = {};

  constexpr Shape() = default;
  template <class... D>
  static constexpr Shape of(D... d) {
    Shape s;
    ((s.dims[s.rank++] = static_cast<int32_t>(d)), ...);
    return s;
  }

  constexpr int32_t operator[](int i) const { return dims[i]; }
  constexpr int32_t& operator[](int i) { return dims[i]; }
  constexpr int32_t last() const { return dims[rank - 1]; }

  // Product of the dimensions [from, to). Fits an int32 for the shape of any planned tensor.
  constexpr int32_t product(int from, int to) const {
    int32_t n = 1;
    for (int i = from; i < to; ++i) n *= dims[i];
    return n;
  }
  constexpr int32_t elements() const { return product(0, rank); }

  constexpr bool operator==(const Shape& o) const {
    if (rank != o.rank) return false;
    for (int i = 0; i < rank; ++i) {
      if (dims[i] != o.dims[i]) return false;
    }
    return true;
  }
  constexpr bool operator!=(const Shape& o) const { return !(*this == o); }
};

// Bytes of a dense tensor, or -1 where it is negative in a dimension or larger than
// 2^31 - 65,536 elements or bytes: such a tensor is refused.
int64_t dense_bytes(Type type, const Shape& shape);

// real = (q - zero_point) * scale, with one scale for the whole tensor or one for each index of
// `dimension` (per-channel). The arrays lie in the model file.
struct Quantization {
  Span<const float> scales;
  Span<const int64_t> zero_points;
  int32_t dimension = 0;
};

// Where a tensor's bytes are.
enum class Storage : uint8_t {
  kNone,        // no bytes (an output that nobody computes)
  kConstant,    // in the model file, or computed once at plan time
  kActivation,  // planned: valid from the step that writes it to the last that reads it
  kVariable,    // kept between invocations
  kDynamic,     // shape known only while running; taken from the free part of the arena
  kBorrowed,    // an input of a called subgraph: the caller's bytes, valid during the call
};

// A value of the graph. There is one Tensor for each tensor of a subgraph, alive as long as the
// interpreter; `data` may move (a caller's own buffer, a shape known only while running), so steps
// read it when they run.
struct Tensor {
  void* data = nullptr;
  size_t bytes = 0;
  const char* name = "";              // "" when the file gives none
  const void* file_tensor = nullptr;  // its description in the file
  Shape shape;
  int32_t index = 0;       // in its subgraph
  float scale = 0;         // first scale; 0 when not quantized
  int32_t zero_point = 0;  // first zero point
  Type type = Type::kFloat32;
  Storage storage = Storage::kNone;

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  int32_t elements() const { return shape.elements(); }
  bool constant() const { return storage == Storage::kConstant; }
};

// All scales and zero points of a tensor, as the file has them.
Quantization quantization(const Tensor& tensor);

// The shape with -1 where the model allows any size; the plain shape when the file gives none.
Shape shape_signature(const Tensor& tensor);

}  // namespace pipit
