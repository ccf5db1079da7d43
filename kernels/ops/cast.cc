// SPDX-License-Identifier: Apache-2.0
// CAST between any two types of numbers.
//
// Values go through int64 or double, which hold all of them, in pieces: so n types need n ways in
// and n ways out instead of n * n ways across.
//
//   integers, bools, packed integers   ->  int64    ->  any type
//   floats, real parts of complex      ->  double   ->  any type
#include <algorithm>
#include <limits>

#include "core/to_integer.h"
#include "kernels/math/float8.h"
#include "kernels/math/half.h"
#include "kernels/math/int4.h"
#include "kernels/ops.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

constexpr int32_t kPiece = 64;  // elements; even, so that a piece of half bytes starts at a byte

union Values {
  int64_t integers[kPiece];
  double reals[kPiece];
};

// ---- in: n values from number `at` on

using LoadFn = void (*)(const void* in, int32_t at, int32_t n, Values* v);

template <class T>
void load_integers(const void* in, int32_t at, int32_t n, Values* v) {
  const T* x = static_cast<const T*>(in) + at;
  for (int32_t i = 0; i < n; ++i) v->integers[i] = x[i];
}

void load_bools(const void* in, int32_t at, int32_t n, Values* v) {
  const uint8_t* x = static_cast<const uint8_t*>(in) + at;
  for (int32_t i = 0; i < n; ++i) v->integers[i] = x[i] != 0;
}

template <int bits, bool is_signed>
void load_packed(const void* in, int32_t at, int32_t n, Values* v) {
  const auto* bytes = static_cast<const uint8_t*>(in);
  for (int32_t i = 0; i < n; ++i) v->integers[i] = packed_element<bits, is_signed>(bytes, at + i);
}

// `step` 2: the real parts of complex numbers.
template <class T, ptrdiff_t step>
void load_reals(const void* in, int32_t at, int32_t n, Values* v) {
  const T* x = static_cast<const T*>(in) + at * step;
  for (int32_t i = 0; i < n; ++i) v->reals[i] = x[i * step];
}

template <class T, float (*widen)(T)>
void load_small(const void* in, int32_t at, int32_t n, Values* v) {
  const T* x = static_cast<const T*>(in) + at;
  for (int32_t i = 0; i < n; ++i) v->reals[i] = widen(x[i]);
}

// ---- out

using StoreFn = void (*)(const Values& v, int32_t n, void* out, int32_t at);

// Integers keep their low bits.
template <class T>
void store_integers(const Values& v, int32_t n, void* out, int32_t at) {
  T* y = static_cast<T*>(out) + at;
  for (int32_t i = 0; i < n; ++i) y[i] = static_cast<T>(v.integers[i]);
}

// What is not a number becomes the largest one, as in the reference.
template <class T>
void truncate_reals(const Values& v, int32_t n, void* out, int32_t at) {
  T* y = static_cast<T*>(out) + at;
  for (int32_t i = 0; i < n; ++i) y[i] = to_integer<T>(v.reals[i], std::numeric_limits<T>::max());
}

// To half bytes and less.
template <int bits, bool is_signed>
void truncate_packed(const Values& v, int32_t n, void* out, int32_t at) {
  constexpr int kMin = is_signed ? -(1 << (bits - 1)) : 0, kMax = kMin + (1 << bits) - 1;
  constexpr int kPerByte = 8 / bits, kMask = (1 << bits) - 1;
  auto* bytes = static_cast<uint8_t*>(out) + at / kPerByte;
  for (int32_t i = 0; i < n; ++i) {
    const int value = std::clamp(to_integer<int>(v.reals[i], kMax), kMin, kMax);
    const int field = (value & kMask) << (i % kPerByte * bits);
    uint8_t& byte = bytes[i / kPerByte];
    // The first field of a byte clears what was there.
    byte = static_cast<uint8_t>(i % kPerByte == 0 ? field : byte | field);
  }
}

// Integers (real = false) or reals to T, to every second one for complex numbers.
template <class T, bool real, ptrdiff_t step>
void store_reals(const Values& v, int32_t n, void* out, int32_t at) {
  T* y = static_cast<T*>(out) + at * step;
  for (int32_t i = 0; i < n; ++i) {
    y[i * step] = real ? static_cast<T>(v.reals[i]) : static_cast<T>(v.integers[i]);
    if (step == 2) y[i * step + 1] = 0;
  }
}

template <class T, T (*narrow)(float), bool real>
void store_small(const Values& v, int32_t n, void* out, int32_t at) {
  T* y = static_cast<T*>(out) + at;
  for (int32_t i = 0; i < n; ++i) {
    y[i] = narrow(real ? static_cast<float>(v.reals[i]) : static_cast<float>(v.integers[i]));
  }
}

template <bool real>
void store_bools(const Values& v, int32_t n, void* out, int32_t at) {
  uint8_t* y = static_cast<uint8_t*>(out) + at;
  for (int32_t i = 0; i < n; ++i) y[i] = real ? v.reals[i] != 0 : v.integers[i] != 0;
}

// ---- the types

// What a type can do: be read as one of two kinds of values, and be written from either.
struct Row {
  Type type;
  bool real;    // loads reals
  bool packed;  // converts from and to float32 only
  LoadFn load;
  StoreFn from_integer;  // nullptr: packed
  StoreFn from_real;
};

template <class T>
constexpr Row integer_row(Type type) {
  return {type, false, false, load_integers<T>, store_integers<T>, truncate_reals<T>};
}

template <class T, ptrdiff_t step>
constexpr Row real_row(Type type) {
  return {type,
          true,
          false,
          load_reals<T, step>,
          store_reals<T, false, step>,
          store_reals<T, true, step>};
}

// Floats of 8 and 16 bits.
template <class T, float (*widen)(T), T (*narrow)(float)>
constexpr Row small_row(Type type) {
  return {type,
          true,
          false,
          load_small<T, widen>,
          store_small<T, narrow, false>,
          store_small<T, narrow, true>};
}

template <int bits, bool is_signed>
constexpr Row packed_row(Type type) {
  return {
      type, false, true, load_packed<bits, is_signed>, nullptr, truncate_packed<bits, is_signed>};
}

constexpr Row kRows[] = {
    integer_row<int8_t>(Type::kInt8),
    integer_row<uint8_t>(Type::kUInt8),
    integer_row<int16_t>(Type::kInt16),
    integer_row<uint16_t>(Type::kUInt16),
    integer_row<int32_t>(Type::kInt32),
    integer_row<uint32_t>(Type::kUInt32),
    integer_row<int64_t>(Type::kInt64),
    real_row<float, 1>(Type::kFloat32),
    real_row<double, 1>(Type::kFloat64),
    real_row<float, 2>(Type::kComplex64),
    small_row<uint16_t, half_to_float, float_to_half>(Type::kFloat16),
    small_row<uint16_t, bfloat16_to_float, float_to_bfloat16>(Type::kBFloat16),
    small_row<uint8_t, float8_e4m3fn_to_float, float_to_float8_e4m3fn>(Type::kFloat8E4M3FN),
    small_row<uint8_t, float8_e5m2_to_float, float_to_float8_e5m2>(Type::kFloat8E5M2),
    {Type::kBool, false, false, load_bools, store_bools<false>, store_bools<true>},
    packed_row<4, true>(Type::kInt4),
    packed_row<4, false>(Type::kUInt4),
    packed_row<2, true>(Type::kInt2),
};

const Row* row_of(Type type) {
  for (const Row& row : kRows) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

// Packed integers meet floats of 32 and 8 bits only.
bool casts(const Row& one, const Row& other) {
  return !one.packed || other.type == Type::kFloat32 || other.type == Type::kFloat8E4M3FN ||
         other.type == Type::kFloat8E5M2;
}

// ---- the operator

struct Params {
  LoadFn load;
  StoreFn store;
};

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const void* in = s.input(0).data;
  void* out = s.output(0).data;
  const int32_t elements = s.output(0).elements();
  Values v;
  for (int32_t at = 0; at < elements; at += kPiece) {
    const int32_t n = elements - at < kPiece ? elements - at : kPiece;
    p.load(in, at, n, &v);
    p.store(v, n, out, at);
  }
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Type in = p.input(0).type, out = p.output(0).type;
  const Row* from = row_of(in);
  const Row* to = row_of(out);
  if (from == nullptr || to == nullptr || !casts(*from, *to) || !casts(*to, *from)) {
    return p.unsupported("from ", in, " to ", out);
  }
  if (in == out) return plan_copy(p, p.input(0).shape);
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {from->load, from->real ? to->from_real : to->from_integer};
  return p.run(run, params, "portable");
}

}  // namespace

const Op kCast = {builtin(fb::BuiltinOperator::CAST), "CAST", prepare};

}  // namespace pipit
