// SPDX-License-Identifier: Apache-2.0
// What a model's file says beyond what is needed to run it.
#pragma once

#include <cstdint>

#include "pipit/model.h"
#include "pipit/span.h"
#include "pipit/tensor.h"

namespace pipit {

// All text and lists lie in the file, and stay as long as it does. Indices must be in range.

// The version of the format; Model::parse takes no other.
constexpr int kFormatVersion = 3;

// "" when the file gives none.
const char* subgraph_name(const Model& model, int subgraph);

// Where the file keeps constants and metadata: the bytes of each of its buffers, inside the
// flatbuffer or behind it. Several tensors may share one; that of a tensor without bytes is empty.
int buffer_count(const Model& model);
Span<const uint8_t> buffer(const Model& model, int i);
// The buffer that the file names for a tensor of the model. 0 names none, and need not exist.
int buffer_index(const Tensor& tensor);

// Whether the format has an operator of that code. Where not, Node::op is "unknown code".
bool known_operator(int32_t code);

// What tools have written beside the model, by position and by name; without address when there is
// nothing of that name.
int metadata_count(const Model& model);
const char* metadata_name(const Model& model, int i);
Span<const uint8_t> metadata(const Model& model, int i);
Span<const uint8_t> metadata(const Model& model, const char* name);

// Of node `i`: the options of a custom operator, and tensors that only carry quantization (-1 where
// one is left out).
Span<const uint8_t> custom_options(const Model& model, int i, int subgraph = 0);
Span<const int32_t> intermediates(const Model& model, int i, int subgraph = 0);

// The list in the options of a RESHAPE or SQUEEZE.
Span<const int32_t> option_list(const Model& model, int i, int subgraph = 0);

// Whether the tensor, of a model, keeps its value between invocations.
bool is_variable(const Tensor& tensor);

}  // namespace pipit
