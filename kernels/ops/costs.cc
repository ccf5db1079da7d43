// SPDX-License-Identifier: Apache-2.0
// What operators cost: nearly all that sum up products use each of their weights once for each
// place, so a table says which tensors are weights and which one has the places.
#include "pipit/costs.h"

#include <cstdint>

#include "core/schema.h"

namespace pipit {
namespace {

// Sums and products saturate: sizes are what the file says, and some files say anything.
int64_t sum(int64_t a, int64_t b) {
  int64_t c;
  return __builtin_add_overflow(a, b, &c) ? INT64_MAX : c;
}

int64_t product(int64_t a, int64_t b) {
  int64_t c;
  return __builtin_mul_overflow(a, b, &c) ? INT64_MAX : c;
}

constexpr int kOutput = -1;  // in place of an input's position

// The inputs [first, end) that are weights.
struct Range {
  int first, end;
};

// An operator that uses each weight once for each place: a place is what remains of a tensor's
// shape without its last dimension.
struct Products {
  fb::BuiltinOperator op;
  int places;  // the position of the input that has them, or kOutput
  Range weights[3];
};

// Of an LSTM, inputs 1 to 4 are the weights of the four gates for the input, 5 to 8 those for the
// output state, and 16 is the projection. A bidirectional one has the same again from 18 on.
// Peepholes and biases count nothing: they are a product or an addition for each unit.
constexpr Products kProducts[] = {
    {fb::BuiltinOperator::CONV_2D, kOutput, {{1, 2}}},
    {fb::BuiltinOperator::DEPTHWISE_CONV_2D, kOutput, {{1, 2}}},
    {fb::BuiltinOperator::CONV_3D, kOutput, {{1, 2}}},
    {fb::BuiltinOperator::TRANSPOSE_CONV, 2, {{1, 2}}},
    {fb::BuiltinOperator::CONV_3D_TRANSPOSE, 2, {{1, 2}}},
    {fb::BuiltinOperator::SVDF, 0, {{1, 3}}},
    {fb::BuiltinOperator::RNN, 0, {{1, 3}}},
    {fb::BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_RNN, 0, {{1, 3}}},
    {fb::BuiltinOperator::BIDIRECTIONAL_SEQUENCE_RNN, 0, {{1, 3}, {5, 7}, {10, 12}}},
    {fb::BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM, 0, {{1, 9}, {16, 17}}},
    {fb::BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM, 0, {{1, 9}, {16, 17}, {18, 26}}},
};

// Operators that read from one input no more than they write.
struct Pieces {
  fb::BuiltinOperator op;
  int input;
};

constexpr Pieces kPieces[] = {
    {fb::BuiltinOperator::GATHER, 0},
    {fb::BuiltinOperator::GATHER_ND, 0},
    {fb::BuiltinOperator::SLICE, 0},
    {fb::BuiltinOperator::STRIDED_SLICE, 0},
    {fb::BuiltinOperator::EMBEDDING_LOOKUP, 1},
};

// A node with the tensors that it reads and writes.
class View {
 public:
  View(const Model& model, const Interpreter* net, int node, int subgraph)
      : model_(model),
        net_(net),
        node_(model.node(node, subgraph)),
        index_(node),
        graph_(subgraph) {}

  fb::BuiltinOperator op() const { return static_cast<fb::BuiltinOperator>(node_.code); }
  int inputs() const { return static_cast<int>(node_.inputs.size()); }
  int outputs() const { return static_cast<int>(node_.outputs.size()); }

  bool has(int i) const { return i < inputs() && node_.inputs[static_cast<size_t>(i)] >= 0; }
  Tensor input(int i) const { return tensor(node_.inputs[static_cast<size_t>(i)]); }
  Tensor output(int i) const { return tensor(node_.outputs[static_cast<size_t>(i)]); }
  // Field 0 of the options.
  bool first_option() const { return model_.option(index_, 0, 1, 0, graph_) != 0; }

  // Whether input `i` has been there before.
  bool repeated(int i) const {
    for (int k = 0; k < i; ++k) {
      if (node_.inputs[static_cast<size_t>(k)] == node_.inputs[static_cast<size_t>(i)]) return true;
    }
    return false;
  }

 private:
  Tensor tensor(int32_t i) const {
    const bool planned = net_ != nullptr && i < net_->tensors(graph_);
    return planned ? net_->tensor(i, graph_) : model_.tensor(i, graph_);
  }

  const Model& model_;
  const Interpreter* net_;
  Node node_;
  int index_, graph_;
};

int64_t elements(const View& view, int input) {
  return view.has(input) ? view.input(input).elements() : 0;
}

int64_t weights(const View& view, const Range& range) {
  int64_t n = 0;
  for (int i = range.first; i < range.end; ++i) n = sum(n, elements(view, i));
  return n;
}

int64_t places(const Tensor& t) {
  return t.shape.rank == 0 ? 1 : t.shape.product(0, t.shape.rank - 1);
}

int64_t by_table(const View& view, const Products& row) {
  if (row.places == kOutput ? view.outputs() == 0 : !view.has(row.places)) return 0;
  int64_t n = 0;
  for (const Range& range : row.weights) n = sum(n, weights(view, range));
  return product(n, places(row.places == kOutput ? view.output(0) : view.input(row.places)));
}

// Its input may have any shape: only its elements count.
int64_t fully_connected(const View& view) {
  if (!view.has(0) || !view.has(1)) return 0;
  const Shape shape = view.input(1).shape;
  const int32_t depth = shape.rank == 0 ? 0 : shape.last();
  return depth <= 0 ? 0 : product(elements(view, 0) / depth, elements(view, 1));
}

int64_t batch_matmul(const View& view) {
  if (!view.has(0) || view.outputs() == 0) return 0;
  const Shape left = view.input(0).shape;
  if (left.rank < 2) return 0;
  // Every element of the result is a dot product along the dimension that the left factor loses:
  // its last one, or with adj_x the one before.
  return product(view.output(0).elements(), left[left.rank - (view.first_option() ? 2 : 1)]);
}

// The basic kind has all its weights in one tensor, behind the last output.
int64_t lstm(const View& view) {
  constexpr int kBasicInputs = 5;
  const bool basic = view.inputs() == kBasicInputs;
  return by_table(view, basic ? Products{fb::BuiltinOperator::LSTM, 0, {{2, 3}}}
                              : Products{fb::BuiltinOperator::LSTM, 0, {{1, 9}, {16, 17}}});
}

// The second half of what the two directions have. 33 is the second projection; 40 to 47 are the
// weights for an auxiliary input. A row of the table has no room for them.
int64_t bidirectional_rest(const View& view) {
  return by_table(view,
                  {fb::BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM, 0, {{33, 34}, {40, 48}}});
}

int64_t multiply_adds(const View& view) {
  if (view.op() == fb::BuiltinOperator::FULLY_CONNECTED) return fully_connected(view);
  if (view.op() == fb::BuiltinOperator::BATCH_MATMUL) return batch_matmul(view);
  if (view.op() == fb::BuiltinOperator::LSTM) return lstm(view);
  for (const Products& row : kProducts) {
    if (row.op != view.op()) continue;
    const bool both = row.op == fb::BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM;
    return sum(by_table(view, row), both ? bidirectional_rest(view) : 0);
  }
  return 0;
}

bool takes_pieces(fb::BuiltinOperator op, int input) {
  for (const Pieces& row : kPieces) {
    if (row.op == op && row.input == input) return true;
  }
  return false;
}

// These look at shapes only.
bool reads_nothing(fb::BuiltinOperator op) {
  return op == fb::BuiltinOperator::SHAPE || op == fb::BuiltinOperator::RANK;
}

int64_t bytes_of(const Tensor& t) { return static_cast<int64_t>(t.bytes); }

void read(const View& view, int input, Cost* cost) {
  if (!view.has(input) || view.repeated(input)) return;
  const Tensor t = view.input(input);
  int64_t bytes = bytes_of(t);
  if (takes_pieces(view.op(), input) && cost->written_bytes < bytes) bytes = cost->written_bytes;
  cost->read_bytes = sum(cost->read_bytes, bytes);
  if (t.constant()) cost->weight_bytes = sum(cost->weight_bytes, bytes);
}

}  // namespace

int64_t Cost::bytes() const { return sum(read_bytes, written_bytes); }

Cost& Cost::operator+=(const Cost& other) {
  multiply_adds = sum(multiply_adds, other.multiply_adds);
  read_bytes = sum(read_bytes, other.read_bytes);
  written_bytes = sum(written_bytes, other.written_bytes);
  weight_bytes = sum(weight_bytes, other.weight_bytes);
  return *this;
}

Cost cost_of(const Model& model, const Interpreter* net, int node, int subgraph) {
  const View view(model, net, node, subgraph);
  Cost cost;
  cost.multiply_adds = multiply_adds(view);
  for (int i = 0; i < view.outputs(); ++i) {
    cost.written_bytes = sum(cost.written_bytes, bytes_of(view.output(i)));
  }
  if (reads_nothing(view.op())) return cost;
  for (int i = 0; i < view.inputs(); ++i) read(view, i, &cost);
  return cost;
}

Cost cost_of_step(const Model& model, const Interpreter& net, int i, int subgraph) {
  const StepInfo step = net.step(i, subgraph);
  Cost cost;
  for (int k = 0; step.chain >= 0 && k < net.chain(step.chain).operators; ++k) {
    const StepInfo link = net.chain_step(step.chain, k);
    cost += cost_of(model, &net, link.node, link.subgraph);
  }
  if (step.chain >= 0) return cost;
  for (int p = 0; p < net.partitions(); ++p) {
    const PartitionInfo partition = net.partition(p);
    if (partition.subgraph != subgraph || partition.nodes[0] != step.node) continue;
    for (const int32_t node : partition.nodes) cost += cost_of(model, &net, node, subgraph);
    return cost;
  }
  return cost_of(model, &net, step.node, subgraph);
}

Cost cost_of_all(const Model& model, const Interpreter* net, int subgraph) {
  Cost cost;
  for (int i = 0; i < model.nodes(subgraph); ++i) cost += cost_of(model, net, i, subgraph);
  return cost;
}

}  // namespace pipit
