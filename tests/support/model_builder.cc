// SPDX-License-Identifier: Apache-2.0
#include "tests/support/model_builder.h"

#include <algorithm>

namespace pipit::test {

using flatbuffers::Offset;

// Writes the rows of a builder as a flatbuffer.
struct Writer {
  const ModelBuilder& model;
  flatbuffers::FlatBufferBuilder fbb{};

  Offset<flatbuffers::Vector<int32_t>> numbers(const std::vector<int>& list) {
    return fbb.CreateVector(std::vector<int32_t>(list.begin(), list.end()));
  }

  Offset<fb::QuantizationParameters> quantization(const TensorSpec& spec) {
    if (spec.block != 0) {
      const auto blocks =
          fb::CreateBlockwiseQuantization(fbb, spec.block_scales, -1, spec.block).Union();
      fb::QuantizationParametersBuilder q(fbb);
      q.add_details_type(fb::QuantizationDetails::BlockwiseQuantization);
      q.add_details(blocks);
      return q.Finish();
    }
    if (spec.scales.empty() && spec.zero_points.empty()) return {};
    const auto scales = fbb.CreateVector(spec.scales);
    const auto zero_points = fbb.CreateVector(spec.zero_points);
    fb::QuantizationParametersBuilder q(fbb);
    q.add_scale(scales);
    q.add_zero_point(zero_points);
    q.add_quantized_dimension(spec.dimension);
    return q.Finish();
  }

  Offset<fb::Tensor> tensor(const ModelBuilder::TensorRow& row) {
    const TensorSpec& spec = row.spec;
    const auto shape = fbb.CreateVector(spec.shape.dims, static_cast<size_t>(spec.shape.rank));
    const auto name = fbb.CreateString(spec.name);
    const auto quantized = quantization(spec);
    Offset<flatbuffers::Vector<int32_t>> signature;
    if (!spec.signature.empty()) signature = fbb.CreateVector(spec.signature);
    fb::TensorBuilder t(fbb);
    t.add_shape(shape);
    t.add_type(static_cast<fb::TensorType>(spec.type));
    t.add_buffer(row.buffer);
    t.add_name(name);
    t.add_is_variable(spec.variable);
    if (!quantized.IsNull()) t.add_quantization(quantized);
    if (!signature.IsNull()) t.add_shape_signature(signature);
    return t.Finish();
  }

  Offset<fb::Operator> node(const ModelBuilder::NodeRow& row) {
    const auto inputs = numbers(row.inputs);
    const auto outputs = numbers(row.outputs);
    const auto options = fbb.CreateVector(row.options);
    Offset<void> builtin_options;
    if (row.builtin_options.write) builtin_options = row.builtin_options.write(fbb);
    fb::OperatorBuilder n(fbb);
    n.add_opcode_index(row.opcode);
    n.add_inputs(inputs);
    n.add_outputs(outputs);
    n.add_custom_options(options);
    if (row.builtin_options.type2 != fb::BuiltinOptions2::NONE) {
      n.add_builtin_options_2_type(row.builtin_options.type2);
      n.add_builtin_options_2(builtin_options);
    } else if (!builtin_options.IsNull()) {
      n.add_builtin_options_type(row.builtin_options.type);
      n.add_builtin_options(builtin_options);
    }
    return n.Finish();
  }

  Offset<fb::SubGraph> graph(const ModelBuilder::GraphRow& row) {
    std::vector<Offset<fb::Tensor>> tensors;
    std::vector<Offset<fb::Operator>> nodes;
    for (const auto& t : row.tensors) tensors.push_back(tensor(t));
    for (const auto& n : row.nodes) nodes.push_back(node(n));
    const auto tensor_list = fbb.CreateVector(tensors);
    const auto node_list = fbb.CreateVector(nodes);
    const auto inputs = numbers(row.inputs);
    const auto outputs = numbers(row.outputs);
    fb::SubGraphBuilder g(fbb);
    g.add_tensors(tensor_list);
    g.add_operators(node_list);
    g.add_inputs(inputs);
    g.add_outputs(outputs);
    return g.Finish();
  }

  Offset<fb::OperatorCode> code(const ModelBuilder::OpRow& op) {
    Offset<flatbuffers::String> name;
    if (op.code == fb::BuiltinOperator::CUSTOM) name = fbb.CreateString(op.name);
    fb::OperatorCodeBuilder c(fbb);
    // The older field has a byte; this number sends readers to the newer one.
    constexpr auto kNewer = fb::BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES;
    c.add_deprecated_builtin_code(static_cast<int8_t>(std::min(op.code, kNewer)));
    c.add_builtin_code(op.code);
    if (!name.IsNull()) c.add_custom_code(name);
    return c.Finish();
  }

  Offset<fb::Buffer> buffer(const std::vector<uint8_t>& bytes) {
    if (bytes.empty()) return fb::BufferBuilder(fbb).Finish();
    fbb.ForceVectorAlignment(bytes.size(), 1, 16);
    const auto data = fbb.CreateVector(bytes);
    fb::BufferBuilder b(fbb);
    b.add_data(data);
    return b.Finish();
  }

  Offset<flatbuffers::Vector<Offset<fb::TensorMap>>> names(const ModelBuilder::Names& rows) {
    std::vector<Offset<fb::TensorMap>> maps;
    for (const auto& [name, tensor] : rows) {
      maps.push_back(fb::CreateTensorMap(fbb, fbb.CreateString(name), tensor));
    }
    return fbb.CreateVector(maps);
  }

  Offset<fb::SignatureDef> signature(const std::string& key,
                                     const ModelBuilder::SignatureRow& row) {
    const auto inputs = names(row.inputs);
    const auto outputs = names(row.outputs);
    return fb::CreateSignatureDef(fbb, inputs, outputs, fbb.CreateString(key), row.subgraph);
  }

  std::vector<uint8_t> write() {
    std::vector<Offset<fb::SubGraph>> graphs;
    std::vector<Offset<fb::OperatorCode>> codes;
    std::vector<Offset<fb::Buffer>> buffers;
    std::vector<Offset<fb::SignatureDef>> signatures;
    for (const auto& g : model.graphs_) graphs.push_back(graph(g));
    for (const auto& op : model.ops_) codes.push_back(code(op));
    for (const auto& b : model.buffers_) buffers.push_back(buffer(b));
    for (const auto& [key, row] : model.signatures_) signatures.push_back(signature(key, row));
    const auto graph_list = fbb.CreateVector(graphs);
    const auto code_list = fbb.CreateVector(codes);
    const auto buffer_list = fbb.CreateVector(buffers);
    const auto signature_list = fbb.CreateVector(signatures);
    fb::ModelBuilder m(fbb);
    m.add_version(model.version);
    m.add_subgraphs(graph_list);
    m.add_operator_codes(code_list);
    m.add_buffers(buffer_list);
    m.add_signature_defs(signature_list);
    fbb.Finish(m.Finish(), model.identifier);
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
  }
};

int ModelBuilder::tensor(const TensorSpec& spec) {
  uint32_t buffer = 0;
  if (!spec.bytes.empty()) {
    buffer = static_cast<uint32_t>(buffers_.size());
    buffers_.push_back(spec.bytes);
  }
  graphs_.back().tensors.push_back({spec, buffer});
  return static_cast<int>(graphs_.back().tensors.size()) - 1;
}

void ModelBuilder::node(const std::string& op, const std::vector<int>& inputs,
                        const std::vector<int>& outputs, const std::vector<uint8_t>& options) {
  const uint32_t code = opcode({fb::BuiltinOperator::CUSTOM, op});
  graphs_.back().nodes.push_back({code, inputs, outputs, options});
}

void ModelBuilder::builtin_node(fb::BuiltinOperator op, const std::vector<int>& inputs,
                                const std::vector<int>& outputs, const OptionsSpec& options) {
  graphs_.back().nodes.push_back({opcode({op, {}}), inputs, outputs, {}, options});
}

uint32_t ModelBuilder::opcode(const OpRow& op) {
  const auto found = std::find(ops_.begin(), ops_.end(), op);
  const auto code = static_cast<uint32_t>(found - ops_.begin());
  if (found == ops_.end()) ops_.push_back(op);
  return code;
}

std::vector<uint8_t> ModelBuilder::finish() const { return Writer{*this}.write(); }

ModelBytes in_memory(const std::vector<uint8_t>& file) {
  auto bytes = std::make_unique<GuardedBuffer<uint8_t>>(file.size(), Against::kUpperGuard, 16);
  std::copy(file.begin(), file.end(), bytes->data());
  bytes->make_read_only();
  return bytes;
}

}  // namespace pipit::test
