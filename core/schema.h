// SPDX-License-Identifier: Apache-2.0
// The generated reader of the file format (from schema/tflite.fbs), and the root of a checked
// model.
#pragma once

#include "pipit/model.h"
#include "pipit/tensor.h"
#include "tflite_generated.h"

namespace pipit {

// A list of the file: how many elements it has, and one of them (a table by its address).
template <class T>
int32_t count(const flatbuffers::Vector<T>* list) {
  return list == nullptr ? 0 : static_cast<int32_t>(list->size());
}
template <class T>
auto at(const flatbuffers::Vector<T>* list, int32_t i) {
  return list->Get(static_cast<unsigned>(i));
}
inline const char* c_str(const flatbuffers::String* s) { return s == nullptr ? "" : s->c_str(); }

// Only for a Model that parse() returned.
inline const fb::Model* file_root(const Model& model) { return fb::GetModel(model.file().data()); }

// Where the bytes of buffer `index` are: inside the flatbuffer, or at a position of the file after
// it. Empty when the buffer has none. Checked by Model::parse.
Span<const uint8_t> buffer_bytes(const Model& model, uint32_t index);

// The shape that the file gives a tensor, and the bytes it takes. Checked by Model::parse.
Shape file_shape(const fb::Tensor& file);
size_t file_bytes(const fb::Tensor& file);

// The operator's code from its two fields.
int32_t builtin_code(const fb::OperatorCode& code);
// "CONV_2D", the name of a custom operator, or "unknown code".
const char* operator_name(const fb::OperatorCode& code);

// Element i of an operator's list. The file's check sees to it that the list's size is aligned,
// which its elements then need not be.
using Int64List = flatbuffers::Vector<int64_t>;
int64_t element(const Int64List& list, int32_t i);

// A tensor with all that its description in the file says, without storage.
Tensor described_tensor(int32_t index, const fb::Tensor& file);

}  // namespace pipit
