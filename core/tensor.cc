// SPDX-License-Identifier: Apache-2.0
// Facts about types and shapes, and a tensor's description in the file.
#include "pipit/tensor.h"

#include <cstring>

#include "core/limits.h"
#include "core/schema.h"

namespace pipit {
namespace {

struct TypeFacts {
  const char* name;
  uint8_t bits;
};

constexpr TypeFacts kTypes[kTypeCount] = {
    {"float32", 32}, {"float16", 16},      {"int32", 32},     {"uint8", 8},      {"int64", 64},
    {"string", 0},   {"bool", 8},          {"int16", 16},     {"complex64", 64}, {"int8", 8},
    {"float64", 64}, {"complex128", 128},  {"uint64", 64},    {"resource", 32},  {"variant", 0},
    {"uint32", 32},  {"uint16", 16},       {"int4", 4},       {"bfloat16", 16},  {"int2", 2},
    {"uint4", 4},    {"float8_e4m3fn", 8}, {"float8_e5m2", 8}};

const fb::Tensor* file_tensor(const Tensor& tensor) {
  return static_cast<const fb::Tensor*>(tensor.file_tensor);
}

}  // namespace

const char* type_name(Type type) {
  const auto i = static_cast<int>(type);
  return i < kTypeCount ? kTypes[i].name : "unknown type";
}

int type_bits(Type type) {
  const auto i = static_cast<int>(type);
  return i < kTypeCount ? kTypes[i].bits : 0;
}

int64_t dense_bytes(Type type, const Shape& shape) {
  // A zero makes the tensor empty, but the products of its other dimensions must stay in range,
  // too.
  int64_t elements = 1;
  bool empty = false;
  for (int i = 0; i < shape.rank; ++i) {
    if (shape[i] < 0) return -1;
    empty |= shape[i] == 0;
    if (shape[i] != 0) elements *= shape[i];  // both below 2^31
    if (elements > kMostItems) return -1;
  }
  // Operators that move strings number them, and each has a place in its tensor's header.
  if (type == Type::kString && elements > INT32_MAX / 4) return -1;
  const int64_t bytes = (elements * type_bits(type) + 7) / 8;
  if (bytes > kMostItems) return -1;
  return empty ? 0 : bytes;
}

int64_t element(const Int64List& list, int32_t i) {
  int64_t x;
  std::memcpy(&x, list.Data() + static_cast<size_t>(i) * sizeof(x), sizeof(x));
  return flatbuffers::EndianScalar(x);
}

Shape file_shape(const fb::Tensor& file) {
  Shape shape;
  const unsigned rank = file.shape() == nullptr ? 0 : file.shape()->size();
  for (unsigned i = 0; i < rank; ++i) shape[shape.rank++] = file.shape()->Get(i);
  return shape;
}

size_t file_bytes(const fb::Tensor& file) {
  return static_cast<size_t>(dense_bytes(static_cast<Type>(file.type()), file_shape(file)));
}

Tensor described_tensor(int32_t index, const fb::Tensor& file) {
  Tensor t;
  t.index = index;
  t.file_tensor = &file;
  if (file.name() != nullptr) t.name = file.name()->c_str();
  t.type = static_cast<Type>(file.type());
  t.shape = file_shape(file);
  t.bytes = static_cast<size_t>(dense_bytes(t.type, t.shape));
  const Quantization q = quantization(t);
  if (!q.scales.empty()) t.scale = q.scales[0];
  if (!q.zero_points.empty()) t.zero_point = static_cast<int32_t>(q.zero_points[0]);
  return t;
}

Quantization quantization(const Tensor& tensor) {
  Quantization q;
  const fb::Tensor* t = file_tensor(tensor);
  const fb::QuantizationParameters* p = t == nullptr ? nullptr : t->quantization();
  if (p == nullptr) return q;
  if (p->scale() != nullptr) q.scales = {p->scale()->data(), p->scale()->size()};
  if (p->zero_point() != nullptr)
    q.zero_points = {p->zero_point()->data(), p->zero_point()->size()};
  q.dimension = p->quantized_dimension();
  return q;
}

Shape shape_signature(const Tensor& tensor) {
  const fb::Tensor* t = file_tensor(tensor);
  if (t == nullptr || t->shape_signature() == nullptr || t->shape_signature()->size() == 0) {
    return tensor.shape;
  }
  Shape s;
  s.rank = static_cast<int32_t>(t->shape_signature()->size());  // checked when the model was parsed
  for (int i = 0; i < s.rank; ++i) s[i] = at(t->shape_signature(), i);
  return s;
}

}  // namespace pipit
