// SPDX-License-Identifier: Apache-2.0
// The bytes of a .tflite file, checked once.
#pragma once

#include <cstdint>

#include "pipit/span.h"
#include "pipit/status.h"
#include "pipit/tensor.h"

namespace pipit {

// A tensor under the name that a signature gives it.
struct NamedTensor {
  const char* name = "";
  int tensor = 0;  // its index in the signature's subgraph
};

// An operator as the file has it.
struct Node {
  const char* op = "";  // "CONV_2D", or the name of a custom operator
  int32_t code = 0;     // the builtin code
  int32_t version = 1;
  Span<const int32_t> inputs;  // tensor indices; -1 where one is left out
  Span<const int32_t> outputs;
};

// A read-only view of a model file that somebody else keeps: a mapped file, an array in flash. The
// bytes must stay unchanged as long as the model or an interpreter over it is in use; weights are
// read where they lie.
class Model {
 public:
  Model() = default;

  // Checks every offset, index, shape, type and size in the file; afterwards nothing in it can lead
  // outside of `file`. `file` must be aligned to 16 bytes (kBadArgument otherwise).
  static Result<Model> parse(Span<const uint8_t> file, Message* why = nullptr);

  Span<const uint8_t> file() const { return file_; }
  const char* description() const;

  // What the file says of each subgraph. Indices must be in range.
  int subgraphs() const;
  int tensors(int subgraph = 0) const;
  // With the file's shape; `data` is set for constants only.
  Tensor tensor(int i, int subgraph = 0) const;
  // The tensors (their indices) that are inputs and outputs.
  Span<const int32_t> inputs(int subgraph = 0) const;
  Span<const int32_t> outputs(int subgraph = 0) const;
  int nodes(int subgraph = 0) const;
  Node node(int i, int subgraph = 0) const;
  // A number in the builtin options of node `i`: the field with id `field` of their table in the
  // file format, which takes so many bytes there (a float's bits as an integer). `otherwise`, the
  // format's default, when the file leaves the field or the options out.
  int64_t option(int i, int field, int bytes, int64_t otherwise, int subgraph = 0) const;

  // Entry points with names.
  int signatures() const;
  const char* signature_key(int signature) const;
  // The signature of that name, or -1.
  int find_signature(const char* key) const;
  int signature_subgraph(int signature) const;
  int signature_inputs(int signature) const;
  int signature_outputs(int signature) const;
  NamedTensor signature_input(int signature, int i) const;
  NamedTensor signature_output(int signature, int i) const;

 private:
  Span<const uint8_t> file_;
};

}  // namespace pipit
