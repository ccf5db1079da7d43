// SPDX-License-Identifier: Apache-2.0
// What the operators share that move bytes and compute nothing.
#pragma once

#include <cstdint>

#include "kernels/contracts/copy_box.h"
#include "kernels/ops/common.h"

namespace pipit {

// ---- types

// All whose elements are 1, 2, 4 or 8 whole bytes.
constexpr TypeSet kByteTypes =
    types(Type::kFloat32, Type::kFloat16, Type::kInt32, Type::kUInt8, Type::kInt64, Type::kBool,
          Type::kInt16, Type::kComplex64, Type::kInt8, Type::kFloat64, Type::kUInt64, Type::kUInt32,
          Type::kUInt16, Type::kBFloat16, Type::kFloat8E4M3FN, Type::kFloat8E5M2);

// Fails unless `a` and `b` have one scale and zero point.
Status same_quantization(const Prepare& p, const Tensor& a, const Tensor& b);

// What float8 tensors hold; the operators that move them know nothing of it.
constexpr TypeSet kFloat8Types = types(Type::kFloat8E4M3FN, Type::kFloat8E5M2);

// ---- values

// Element `i` of a tensor of integers or bools; its values are known.
int64_t integer(const Tensor& t, int32_t i);

// 0 <= *index < rank from an axis that may count from the end.
Status resolve_axis(const Prepare& p, int64_t axis, int32_t rank, int32_t* index);

// A shape from a tensor of integers: fails for negative or too large dimensions.
Status shape_from(const Prepare& p, const Tensor& t, Shape* shape);

// ---- strings: an operator moves their numbers while it is prepared late, run() then their bytes

struct StringNumbers {
  int32_t input = 0;
  int32_t* in = nullptr;   // 0, 1, 2, ... for the strings of the input
  int32_t* out = nullptr;  // for each string of output 0 its number, to be filled in
};
Status begin_strings(Prepare& p, int32_t from, StringNumbers* numbers);
Status finish_strings(Prepare& p, const StringNumbers& numbers);

// The shape of a string output, while late, whose strings have so many bytes in all.
Status set_strings(Prepare& p, int output, const Shape& shape, uint64_t characters);

// ---- copies

// Bytes of one element in a box. Elements of half a byte are moved as bytes, strings as their
// numbers.
inline int32_t element_bytes(Type type) {
  if (type == Type::kString) return sizeof(int32_t);
  const int bits = type_bits(type);
  return bits < 8 ? 1 : bits / 8;
}

// Bytes from one index of a dimension to the next.
struct Steps {
  int32_t of[Shape::kMaxRank] = {};
};
Steps dense_steps(const Shape& shape, int32_t element);

// The indices i in [0, n) for which i * stride + offset lies in [0, size): `count` from `first` on.
struct Clip {
  int32_t first = 0;
  int32_t count = 0;
};
Clip clip(int32_t n, int64_t stride, int64_t offset, int32_t size);

// A step that is a list of copies, in order: from inputs, from one constant value, or from what the
// earlier copies wrote, to outputs. A single copy of a whole input becomes an alias.
//
//   begin(capacity) -> add(...) for each box -> finish()
//
// Strings are moved as the numbers they have in the input (see begin_strings), elements of half a
// byte as bytes of scratch memory, everything else as it lies.
class Moves {
 public:
  static constexpr int32_t kValue = -1;
  static constexpr int32_t kOutput = -2;  // the output that is written

  explicit Moves(Prepare& p) : p_(p) {}

  Status begin(int32_t capacity);
  // Offsets in bytes (for int4: in elements). Boxes without elements are left out.
  Status add(int32_t from, int32_t in_offset, int32_t to, int32_t out_offset, CopyDims dims);
  // Writes one element all over output 0.
  Status fill(int32_t from);
  // What kValue reads.
  void set_value(uint64_t value);
  Status finish();

 private:
  Status finish_strings();

  Prepare& p_;
  struct MovesParams* params_ = nullptr;
};

// The same for a single copy from input 0 to output 0.
Status move(Prepare& p, int32_t in_offset, int32_t out_offset, const CopyDims& dims);

}  // namespace pipit
