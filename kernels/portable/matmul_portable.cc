// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/matmul.h"

namespace pipit {
namespace {

// Independent partial sums, so that the compiler may keep them in one vector.
float dot(const float* x, const float* w, int32_t n) {
  constexpr int32_t kLanes = 8;
  float lanes[kLanes] = {};
  int32_t k = 0;
  for (; k + kLanes <= n; k += kLanes) {
    for (int32_t j = 0; j < kLanes; ++j) lanes[j] += x[k + j] * w[k + j];
  }
  float sum = 0;
  for (; k < n; ++k) sum += x[k] * w[k];
  for (const float lane : lanes) sum += lane;
  return sum;
}

// 8-bit factors.
template <class T>
int32_t dot(const T* x, const T* w, int32_t n) {
  uint32_t sum = 0;
  for (int32_t k = 0; k < n; ++k) sum += static_cast<uint32_t>(x[k] * w[k]);
  return static_cast<int32_t>(sum);
}

// Products below 2^22: as many as fit are added in 32 bits.
int64_t dot(const int16_t* x, const int8_t* w, int32_t n) {
  constexpr int32_t kBlock = 256;
  int64_t sum = 0;
  for (int32_t first = 0; first < n; first += kBlock) {
    const int32_t end = n - first < kBlock ? n : first + kBlock;
    int32_t part = 0;
    for (int32_t k = first; k < end; ++k) part += x[k] * w[k];
    sum += part;
  }
  return sum;
}

int64_t dot(const int16_t* x, const int16_t* w, int32_t n) {
  int64_t sum = 0;
  for (int32_t k = 0; k < n; ++k) sum += x[k] * w[k];
  return sum;
}

float add(float a, float b) { return a + b; }
int32_t add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
int64_t add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

template <class In, class Weight, class Sum>
void matmul(const Matmul<In, Weight, Sum>& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const In* in = a.in + r * a.in_stride;
    const Sum* start = a.start == nullptr ? nullptr : a.start + r * a.start_stride;
    Sum* out = a.out + r * a.out_stride;
    const Weight* w = a.weights;
    for (int32_t o = 0; o < a.outputs; ++o, w += a.depth) {
      out[o] = add(start == nullptr ? Sum{} : start[o], dot(in, w, a.depth));
    }
  }
}

}  // namespace

void clamp_f32(float* values, int32_t n, const Clamp<float>& clamp) {
  const Clamp<float> c = clamp;
  for (int32_t i = 0; i < n; ++i) values[i] = c(values[i]);
}

void matmul_f32_portable(const MatmulF32& a) { matmul(a); }
void matmul_s8_portable(const MatmulS8& a) { matmul(a); }
void matmul_u8_portable(const MatmulU8& a) { matmul(a); }
void matmul_s16s8_portable(const MatmulS16S8& a) { matmul(a); }
void matmul_s16_portable(const MatmulS16& a) { matmul(a); }

}  // namespace pipit
