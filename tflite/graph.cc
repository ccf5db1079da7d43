// SPDX-License-Identifier: Apache-2.0
// Models that programs put together tensor by tensor and node by node: they are written as a file
// would be, in memory, and checked like one.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tflite/option_types.h"
#include "tflite/subgraph.h"
#include "tflite_generated.h"

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using pipit::Type;
using pipit::compat::guarded;
using pipit::compat::OptionWriter;
using pipit::compat::Reporter;
namespace fb = pipit::fb;

namespace {

constexpr int kMostTensors = 1 << 20;
constexpr size_t kMostBytes = size_t{1} << 30;  // of constants; a flatbuffer has two

struct TensorRow {
  int type = -1;  // while nobody has said it
  std::string name;
  std::vector<int32_t> dims;
  std::vector<float> scale;
  std::vector<int64_t> zero_point;
  int32_t quantized_dimension = 0;
  bool variable = false;
  bool constant = false;
  std::vector<uint8_t> bytes;
};

// The options of a node: the table's numbers, or its list.
struct Options final : OptionWriter {
  struct Number {
    int id, bytes;
    int32_t value, otherwise;
  };
  std::vector<Number> numbers;
  std::vector<int32_t> items;
  bool any = false;

  void number(int id, int bytes, int32_t value, int32_t otherwise) override {
    numbers.push_back({id, bytes, value, otherwise});
  }
  void list(const int* values, int count) override { items.assign(values, values + count); }
};

struct Operator {
  int32_t code = 0;
  std::string name;  // of a custom one
  int32_t version = 1;
  bool operator==(const Operator& o) const {
    return code == o.code && name == o.name && version == o.version;
  }
};

struct NodeRow {
  size_t op = 0;
  std::vector<int32_t> inputs, outputs;
  std::vector<uint8_t> custom;
  Options options;
};

std::vector<int32_t> list(const TfLiteIntArray* a) {
  if (a == nullptr || a->size <= 0) return {};
  return {a->data, a->data + a->size};
}

// The number that the format gives an element type; -1 when it has none.
int file_type(TfLiteType type) {
  Type known;
  const bool found = type != kTfLiteNoType && pipit::compat::type_from(type, &known);
  return found ? static_cast<int>(known) : -1;
}

void describe_scales(const TfLiteTensor& like, TensorRow* row) {
  const auto* affine = like.quantization.type == kTfLiteAffineQuantization
                           ? static_cast<const TfLiteAffineQuantization*>(like.quantization.params)
                           : nullptr;
  row->scale.clear();
  row->zero_point.clear();
  if (affine != nullptr && affine->scale != nullptr && affine->zero_point != nullptr) {
    row->scale.assign(affine->scale->data, affine->scale->data + affine->scale->size);
    for (const int32_t z : list(affine->zero_point)) row->zero_point.push_back(z);
    row->quantized_dimension = affine->quantized_dimension;
  } else if (like.params.scale != 0) {
    row->scale = {like.params.scale};
    row->zero_point = {like.params.zero_point};
  }
}

}  // namespace

struct TfLitePipitGraph {
  Reporter report;
  std::vector<TensorRow> tensors;
  std::vector<Operator> ops;
  std::vector<NodeRow> nodes;
  std::vector<int32_t> inputs, outputs;
  size_t constants = 0;

  TfLiteStatus set(int index, const TfLiteTensor& like) {
    const int type = file_type(like.type);
    if (index < 0 || static_cast<size_t>(index) >= tensors.size() || type < 0) {
      report.line("there is no tensor %d of the %zu that were added, or no type %d", index,
                  tensors.size(), static_cast<int>(like.type));
      return kTfLiteError;
    }
    TensorRow row;
    row.type = type;
    row.name = like.name == nullptr ? "" : like.name;
    row.dims = list(like.dims);
    row.variable = like.is_variable;
    row.constant = like.allocation_type == kTfLiteMmapRo;
    describe_scales(like, &row);
    TensorRow& there = tensors[static_cast<size_t>(index)];
    const size_t bytes = row.constant ? like.bytes : 0;
    if (bytes > kMostBytes - (constants - there.bytes.size()) ||
        (bytes != 0 && like.data.raw == nullptr)) {
      report.line("tensor %d, '%s': %zu bytes of a constant that are not there, or too many", index,
                  row.name.c_str(), bytes);
      return kTfLiteError;
    }
    row.bytes.assign(like.data.raw, like.data.raw + bytes);
    constants += bytes - there.bytes.size();
    there = std::move(row);
    return kTfLiteOk;
  }

  TfLiteStatus add(const TfLiteNode& like, const TfLiteRegistration& op) {
    Operator o{op.builtin_code, op.custom_name == nullptr ? "" : op.custom_name, op.version};
    if (o.code < 0 || o.code > static_cast<int32_t>(fb::BuiltinOperator::MAX)) {
      report.line("there is no builtin operator %d", o.code);
      return kTfLiteError;
    }
    const auto found = std::find(ops.begin(), ops.end(), o);
    NodeRow row;
    row.op = static_cast<size_t>(found - ops.begin());
    if (found == ops.end()) ops.push_back(o);
    row.inputs = list(like.inputs);
    row.outputs = list(like.outputs);
    if (like.custom_initial_data != nullptr && like.custom_initial_data_size > 0) {
      const auto* from = static_cast<const uint8_t*>(like.custom_initial_data);
      row.custom.assign(from, from + like.custom_initial_data_size);
    }
    row.options.any = pipit::compat::write_options(o.code, like.builtin_data, &row.options);
    nodes.push_back(std::move(row));
    return kTfLiteOk;
  }

  TfLiteModel* finish() const {
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].type >= 0) continue;
      report.line("tensor %zu was added, and nobody said its type and shape", i);
      return nullptr;
    }
    FlatBufferBuilder b;
    b.Finish(model(b), "TFL3");
    return pipit::compat::copied_model(b.GetBufferPointer(), b.GetSize(), report);
  }

 private:
  Offset<fb::Model> model(FlatBufferBuilder& b) const {
    std::vector<Offset<fb::Buffer>> buffers{fb::CreateBuffer(b)};
    std::vector<Offset<fb::Tensor>> rows;
    for (const TensorRow& t : tensors) rows.push_back(tensor(b, t, &buffers));
    std::vector<Offset<fb::OperatorCode>> codes;
    for (const Operator& o : ops) codes.push_back(code(b, o));
    std::vector<Offset<fb::Operator>> steps;
    for (const NodeRow& n : nodes) steps.push_back(node(b, n));
    const std::vector<Offset<fb::SubGraph>> graphs{
        fb::CreateSubGraph(b, b.CreateVector(rows), b.CreateVector(inputs), b.CreateVector(outputs),
                           b.CreateVector(steps))};
    return fb::CreateModel(b, 3, b.CreateVector(codes), b.CreateVector(graphs), 0,
                           b.CreateVector(buffers));
  }

  static Offset<fb::Tensor> tensor(FlatBufferBuilder& b, const TensorRow& t,
                                   std::vector<Offset<fb::Buffer>>* buffers) {
    uint32_t buffer = 0;
    if (t.constant) {
      b.ForceVectorAlignment(t.bytes.size(), 1, 16);
      buffer = static_cast<uint32_t>(buffers->size());
      buffers->push_back(fb::CreateBuffer(b, b.CreateVector(t.bytes)));
    }
    Offset<fb::QuantizationParameters> scales;
    if (!t.scale.empty()) {
      scales = fb::CreateQuantizationParameters(
          b, 0, 0, b.CreateVector(t.scale), b.CreateVector(t.zero_point),
          fb::QuantizationDetails::NONE, 0, t.quantized_dimension);
    }
    return fb::CreateTensor(b, b.CreateVector(t.dims), static_cast<fb::TensorType>(t.type), buffer,
                            b.CreateString(t.name), scales, t.variable);
  }

  static Offset<fb::OperatorCode> code(FlatBufferBuilder& b, const Operator& o) {
    constexpr auto kNewer = static_cast<int>(fb::BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES);
    const Offset<flatbuffers::String> name =
        o.code == kTfLiteBuiltinCustom ? b.CreateString(o.name) : 0;
    return fb::CreateOperatorCode(b, static_cast<int8_t>(std::min(o.code, kNewer)), name, o.version,
                                  static_cast<fb::BuiltinOperator>(o.code));
  }

  static Offset<void> options(FlatBufferBuilder& b, const Options& o) {
    const auto field = [](int id) {
      return flatbuffers::FieldIndexToOffset(static_cast<uint16_t>(id));
    };
    const auto items = o.numbers.empty() ? b.CreateVector(o.items) : 0;
    const auto start = b.StartTable();
    if (o.numbers.empty()) b.AddOffset(field(0), items);
    for (const Options::Number& n : o.numbers) {
      if (n.bytes == 4) {
        b.AddElement<int32_t>(field(n.id), n.value, n.otherwise);
      } else {
        b.AddElement<int8_t>(field(n.id), static_cast<int8_t>(n.value),
                             static_cast<int8_t>(n.otherwise));
      }
    }
    return b.EndTable(start);
  }

  Offset<fb::Operator> node(FlatBufferBuilder& b, const NodeRow& n) const {
    const auto in = b.CreateVector(n.inputs), out = b.CreateVector(n.outputs);
    const auto custom = n.custom.empty() ? 0 : b.CreateVector(n.custom);
    const Offset<void> table = n.options.any ? options(b, n.options) : 0;
    const auto type =
        n.options.any ? pipit::compat::option_type(ops[n.op].code) : fb::BuiltinOptions::NONE;
    return fb::CreateOperator(b, static_cast<uint32_t>(n.op), in, out, type, table, custom);
  }
};

extern "C" {

TfLitePipitGraph* TfLitePipitGraphCreate(void (*reporter)(void*, const char*, va_list),
                                         void* user) {
  const Reporter report(reporter, user);
  return guarded<TfLitePipitGraph*>(
      report, nullptr, [&] { return new TfLitePipitGraph{report, {}, {}, {}, {}, {}, 0}; });
}

void TfLitePipitGraphDelete(TfLitePipitGraph* graph) { delete graph; }

int TfLitePipitGraphAddTensors(TfLitePipitGraph* graph, int count) {
  if (graph == nullptr || count < 0) return -1;
  const size_t first = graph->tensors.size();
  if (static_cast<size_t>(count) > kMostTensors - first) return -1;
  return guarded(graph->report, -1, [&] {
    graph->tensors.resize(first + static_cast<size_t>(count));
    return static_cast<int>(first);
  });
}

TfLiteStatus TfLitePipitGraphSetTensor(TfLitePipitGraph* graph, int index,
                                       const TfLiteTensor* like) {
  if (graph == nullptr || like == nullptr) return kTfLiteError;
  return guarded(graph->report, kTfLiteError, [&] { return graph->set(index, *like); });
}

TfLiteStatus TfLitePipitGraphAddNode(TfLitePipitGraph* graph, const TfLiteNode* like,
                                     const TfLiteRegistration* op) {
  if (graph == nullptr || like == nullptr || op == nullptr) return kTfLiteError;
  return guarded(graph->report, kTfLiteError, [&] { return graph->add(*like, *op); });
}

TfLiteStatus TfLitePipitGraphSetEnds(TfLitePipitGraph* graph, const int* inputs, int input_count,
                                     const int* outputs, int output_count) {
  if (graph == nullptr || input_count < 0 || output_count < 0) return kTfLiteError;
  return guarded(graph->report, kTfLiteError, [&] {
    graph->inputs.assign(inputs, inputs + input_count);
    graph->outputs.assign(outputs, outputs + output_count);
    return kTfLiteOk;
  });
}

TfLiteModel* TfLitePipitGraphFinish(TfLitePipitGraph* graph) {
  if (graph == nullptr) return nullptr;
  return guarded<TfLiteModel*>(graph->report, nullptr, [&] { return graph->finish(); });
}

}  // extern "C"
