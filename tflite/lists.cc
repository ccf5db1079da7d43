// SPDX-License-Identifier: Apache-2.0
// Lists of integers and floats, and the names of types.
#include <cstdlib>
#include <cstring>

#include "tensorflow/lite/c/common.h"

namespace {

template <class List, class T>
size_t list_bytes(int size) {
  return size < 0 ? 0 : offsetof(List, data) + static_cast<size_t>(size) * sizeof(T);
}

template <class List, class T>
List* make_list(int size) {
  if (size < 0) return nullptr;
  auto* made = static_cast<List*>(std::malloc(list_bytes<List, T>(size)));
  if (made != nullptr) made->size = size;
  return made;
}

template <class List, class T>
List* copy_list(const List* from) {
  if (from == nullptr) return nullptr;
  List* made = make_list<List, T>(from->size);
  if (made != nullptr && from->size > 0) {
    std::memcpy(made->data, from->data, static_cast<size_t>(from->size) * sizeof(T));
  }
  return made;
}

// In the order of TfLiteType.
constexpr const char* kNames[] = {"NOTYPE",  "FLOAT32", "INT32",         "UINT8",      "INT64",
                                  "STRING",  "BOOL",    "INT16",         "COMPLEX64",  "INT8",
                                  "FLOAT16", "FLOAT64", "COMPLEX128",    "UINT64",     "RESOURCE",
                                  "VARIANT", "UINT32",  "UINT16",        "INT4",       "BFLOAT16",
                                  "INT2",    "UINT4",   "FLOAT8_E4M3FN", "FLOAT8_E5M2"};

}  // namespace

extern "C" {

size_t TfLiteIntArrayGetSizeInBytes(int size) { return list_bytes<TfLiteIntArray, int>(size); }

TfLiteIntArray* TfLiteIntArrayCreate(int size) { return make_list<TfLiteIntArray, int>(size); }

int TfLiteIntArrayEqualsArray(const TfLiteIntArray* a, int b_size, const int b_data[]) {
  if (a == nullptr) return b_size == 0 ? 1 : 0;
  if (a->size != b_size) return 0;
  for (int i = 0; i < b_size; ++i) {
    if (a->data[i] != b_data[i]) return 0;
  }
  return 1;
}

int TfLiteIntArrayEqual(const TfLiteIntArray* a, const TfLiteIntArray* b) {
  if (a == b) return 1;
  if (a == nullptr || b == nullptr) return 0;
  return TfLiteIntArrayEqualsArray(a, b->size, b->data);
}

TfLiteIntArray* TfLiteIntArrayCopy(const TfLiteIntArray* src) {
  return copy_list<TfLiteIntArray, int>(src);
}

void TfLiteIntArrayFree(TfLiteIntArray* a) { std::free(a); }

int TfLiteFloatArrayGetSizeInBytes(int size) {
  return static_cast<int>(list_bytes<TfLiteFloatArray, float>(size));
}

TfLiteFloatArray* TfLiteFloatArrayCreate(int size) {
  return make_list<TfLiteFloatArray, float>(size);
}

TFL_CAPI_EXPORT TfLiteFloatArray* TfLiteFloatArrayCopy(const TfLiteFloatArray* src) {
  return copy_list<TfLiteFloatArray, float>(src);
}

void TfLiteFloatArrayFree(TfLiteFloatArray* a) { std::free(a); }

const char* TfLiteTypeGetName(TfLiteType type) {
  const auto i = static_cast<unsigned>(type);
  return i < sizeof(kNames) / sizeof(*kNames) ? kNames[i] : "Unknown type";
}

}  // extern "C"
