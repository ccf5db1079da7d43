// SPDX-License-Identifier: Apache-2.0
// Facts that the file of a checked model states, for people and for messages.
#pragma once

#include <string>
#include <vector>

#include "pipit/model.h"
#include "pipit/tensor.h"
#include "tflite_generated.h"

namespace pipit::tools {

inline const fb::Model& file_of(const Model& model) { return *fb::GetModel(model.file().data()); }

// The entries of a list that the file may leave out.
template <class T>
unsigned size_of(const flatbuffers::Vector<T>* list) {
  return list == nullptr ? 0 : list->size();
}

// A name from the file, fit for a terminal: "" when left out, no control characters.
std::string text_of(const flatbuffers::String* text);

// Text from a file as a terminal may show it: on its line, and what is no text as "\x1b".
std::string printable(const std::string& text);

// The bytes of a buffer, inside the flatbuffer or behind it.
Span<const uint8_t> buffer_of(const Model& model, unsigned index);

// "CONV_2D"; a custom operator's own name.
std::string operator_name(const fb::OperatorCode& code);
bool is_custom(const fb::OperatorCode& code);

// Whether this build has the operator, whatever its types.
bool in_build(const fb::OperatorCode& code);

// The operators that nodes of the model use and this build lacks, each once.
std::vector<std::string> missing_operators(const Model& model);

// A tensor as the file describes it, without data.
Tensor tensor_of(const Model& model, const fb::Tensor& tensor, int index);

}  // namespace pipit::tools
