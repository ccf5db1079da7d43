// SPDX-License-Identifier: Apache-2.0
// Makes small models, well-formed or not.
//
//   ModelBuilder b;
//   const int in = b.tensor({.shape = Shape::of(4)});
//   const int out = b.tensor({.shape = Shape::of(4)});
//   b.node("ADD_ONE", {in}, {out});
//   b.inputs({in});
//   b.outputs({out});
//   const ModelBytes file = in_memory(b.finish());
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/schema.h"
#include "pipit/tensor.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {

struct TensorSpec {
  Type type = Type::kInt32;
  Shape shape = {};
  std::vector<uint8_t> bytes = {};  // a constant, unless empty
  std::string name = {};
  bool variable = false;
  std::vector<float> scales = {};
  std::vector<int64_t> zero_points = {};
  int dimension = 0;  // that the scales run along
  std::vector<int32_t> signature = {};
  int block = 0;  // elements that share a scale, which tensor `block_scales` has
  int block_scales = 0;
};

// A builtin operator's options: a table of this type, written by a function. The format has two
// lists of types; one of the two is meant.
struct OptionsSpec {
  fb::BuiltinOptions type = fb::BuiltinOptions::NONE;
  std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)> write = {};
  fb::BuiltinOptions2 type2 = fb::BuiltinOptions2::NONE;
};

class ModelBuilder {
 public:
  // Numbers of the file that a test may spoil.
  uint32_t version = 3;
  const char* identifier = "TFL3";

  // Into the subgraph that was begun last; the first one needs no begin().
  int tensor(const TensorSpec& spec);
  void node(const std::string& op, const std::vector<int>& inputs, const std::vector<int>& outputs,
            const std::vector<uint8_t>& options = {});
  void builtin_node(fb::BuiltinOperator op, const std::vector<int>& inputs,
                    const std::vector<int>& outputs, const OptionsSpec& options = {});
  void inputs(const std::vector<int>& tensors) { graphs_.back().inputs = tensors; }
  void outputs(const std::vector<int>& tensors) { graphs_.back().outputs = tensors; }
  void begin_subgraph() { graphs_.emplace_back(); }
  // The names that a signature gives to tensors of its subgraph.
  using Names = std::vector<std::pair<std::string, uint32_t>>;
  void signature(const std::string& key, uint32_t subgraph, const Names& inputs = {},
                 const Names& outputs = {}) {
    signatures_[key] = {subgraph, inputs, outputs};
  }
  // For the last node: another operator code than the one that its name has.
  void spoil_opcode(uint32_t index) { graphs_.back().nodes.back().opcode = index; }
  // For the last tensor: another buffer than its own.
  void spoil_buffer(uint32_t index) { graphs_.back().tensors.back().buffer = index; }

  std::vector<uint8_t> finish() const;

 private:
  struct TensorRow {
    TensorSpec spec;
    uint32_t buffer;
  };
  struct NodeRow {
    uint32_t opcode;
    std::vector<int> inputs, outputs;
    std::vector<uint8_t> options;
    OptionsSpec builtin_options = {};
  };
  struct OpRow {
    fb::BuiltinOperator code;
    std::string name;  // of a custom operator
    bool operator==(const OpRow& o) const { return code == o.code && name == o.name; }
  };
  struct GraphRow {
    std::vector<TensorRow> tensors;
    std::vector<NodeRow> nodes;
    std::vector<int> inputs, outputs;
  };
  struct SignatureRow {
    uint32_t subgraph;
    Names inputs, outputs;
  };
  friend struct Writer;

  uint32_t opcode(const OpRow& op);

  std::vector<GraphRow> graphs_{1};
  std::vector<OpRow> ops_;
  std::vector<std::vector<uint8_t>> buffers_{1};
  std::map<std::string, SignatureRow> signatures_;
};

// The bytes of a model between guard pages, read-only, aligned as Model::parse wants them.
using ModelBytes = std::unique_ptr<GuardedBuffer<uint8_t>>;
ModelBytes in_memory(const std::vector<uint8_t>& file);

// The bytes of numbers.
template <class T>
std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  return {first, first + values.size() * sizeof(T)};
}

}  // namespace pipit::test
