// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/spoil.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/support/fields.h"
#include "tflite_edit_generated.h"

namespace pipit::test {
namespace {

int64_t spoilt_integer(int64_t now, const std::vector<Field>& fields, const uint8_t* file,
                       Random& random) {
  static constexpr int64_t kValues[] = {
      0,         1,    -1,      2,          3,     4,          7,         8,          16,
      127,       -128, 255,     INT16_MAX,  65536, INT32_MAX,  INT32_MIN, UINT32_MAX, INT64_MAX,
      INT64_MIN, -2,   1 << 30, 0x55555556, 46341, 0x10000000, 32};
  switch (random.between(0, 4)) {
    case 0:
      return now + random.between(-2, 2);
    case 1:
      if (random.one_in(2)) return near_power_of_two(random, 30);
      return kValues[random.below(std::size(kValues))];
    case 2:
      return random.between(0, 12);
    case 3:
      return get_field(fields[random.below(fields.size())], file);
    default:
      return static_cast<int64_t>(random.bits());
  }
}

int64_t spoilt_float(Random& random) {
  static constexpr uint32_t kBits[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000,
                                       0xff800000, 0x7fc00000, 0x00000001, 0x7f7fffff, 0x3f000000,
                                       0x3c000000, 0x4b000000, 0x2edbe6ff, 0x00800000, 0x40490fdb};
  return random.one_in(4) ? static_cast<int64_t>(random.bits())
                          : kBits[random.below(std::size(kBits))];
}

// A place in a list, or one behind its end.
template <class T>
auto anywhere(T& list, Random& random) {
  return list.begin() + static_cast<ptrdiff_t>(random.below(list.size() + 1));
}

template <class T>
T* any(std::vector<std::unique_ptr<T>>& list, Random& random) {
  return list.empty() ? nullptr : list[random.below(list.size())].get();
}

template <class T, class Make>
void change_list(std::vector<T>& list, Random& random, const Make& make) {
  constexpr size_t kMost = 24;
  const auto at = anywhere(list, random);
  switch (random.between(0, 3)) {
    case 0:
      if (list.size() < kMost) list.insert(at, make());
      return;
    case 1:
      if (at != list.end()) list.erase(at);
      return;
    case 2:
      if (at != list.end()) *at = make();
      return;
    default:
      if (at != list.end()) std::swap(*at, list[random.below(list.size())]);
  }
}

// A file may name the type of a union and leave out its value, which objects cannot.
template <class Union>
void drop_unless_there(Union& value) {
  if (value.value == nullptr) value.Reset();
}

void unpack(Span<const uint8_t> file, edit::ModelT* model) {
  edit::GetModel(file.data())->UnPackTo(model);
  for (auto& graph : model->subgraphs) {
    for (auto& op : graph->operators) {
      drop_unless_there(op->builtin_options);
      drop_unless_there(op->builtin_options_2);
    }
    for (auto& t : graph->tensors) {
      if (t->quantization != nullptr) drop_unless_there(t->quantization->details);
      if (t->sparsity == nullptr) continue;
      for (auto& d : t->sparsity->dim_metadata) {
        drop_unless_there(d->array_segments);
        drop_unless_there(d->array_indices);
      }
    }
  }
}

// Copies by way of the format: tables own theirs.
template <class Table, class T>
std::unique_ptr<T> copy_of(const T& from) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Table::Pack(builder, &from));
  return std::unique_ptr<T>(flatbuffers::GetRoot<Table>(builder.GetBufferPointer())->UnPack());
}

class Spoiler {
 public:
  Spoiler(edit::ModelT& model, Random& random) : model_(model), random_(random) {}

  void change() {
    edit::SubGraphT* graph = any(model_.subgraphs, random_);
    if (graph == nullptr) return;
    switch (random_.between(0, 9)) {
      case 0:
        return change_list(graph->inputs, random_, [&] { return index(*graph); });
      case 1:
        return change_list(graph->outputs, random_, [&] { return index(*graph); });
      case 2:
        return change_operators(*graph);
      case 3:
      case 4:
        return change_operator(*graph);
      case 5:
        return change_code();
      case 6:
        return change_buffer();
      case 7:
        if (model_.subgraphs.size() < 6) {
          model_.subgraphs.push_back(copy_of<edit::SubGraph>(*graph));
        }
        return;
      default:
        return change_tensor(*graph);
    }
  }

 private:
  int32_t index(const edit::SubGraphT& graph) {
    return random_.between(-1, static_cast<int32_t>(graph.tensors.size()) - 1);
  }

  void change_operators(edit::SubGraphT& graph) {
    auto& list = graph.operators;
    if (list.empty()) return;
    const auto at = list.begin() + static_cast<ptrdiff_t>(random_.below(list.size()));
    if (random_.one_in(3)) {
      list.erase(at);
    } else if (random_.one_in(2)) {
      std::swap(*at, list[random_.below(list.size())]);
    } else if (list.size() < 12) {
      auto copy = copy_of<edit::Operator>(**at);
      list.insert(anywhere(list, random_), std::move(copy));
    }
  }

  void change_operator(edit::SubGraphT& graph) {
    edit::OperatorT* op = any(graph.operators, random_);
    if (op == nullptr) return;
    switch (random_.between(0, 5)) {
      case 0:
      case 1:
        return change_list(op->inputs, random_, [&] { return index(graph); });
      case 2:
        return change_list(op->outputs, random_, [&] { return index(graph); });
      case 3:
        return change_bytes(op->custom_options);
      case 4:
        return op->builtin_options.Reset();
      default:
        op->opcode_index = static_cast<uint32_t>(random_.below(model_.operator_codes.size() + 1));
    }
  }

  void change_code() {
    edit::OperatorCodeT* code = any(model_.operator_codes, random_);
    if (code == nullptr) return;
    const int32_t number = random_.between(0, 208);
    code->builtin_code = static_cast<edit::BuiltinOperator>(number);
    code->deprecated_builtin_code = static_cast<int8_t>(std::min(number, 127));
  }

  void change_bytes(std::vector<uint8_t>& bytes) {
    constexpr size_t kMost = 256;
    for (int i = random_.between(1, 4); i > 0; --i) {
      change_list(bytes, random_, [&] { return static_cast<uint8_t>(random_.bits()); });
    }
    if (random_.one_in(4)) bytes.resize(random_.below(kMost));
  }

  void change_buffer() {
    edit::BufferT* buffer = any(model_.buffers, random_);
    if (buffer == nullptr || buffer->data.empty()) return;
    // The size fits the tensor's, so it seldom changes.
    if (random_.one_in(8)) return change_bytes(buffer->data);
    uint8_t* at = &buffer->data[random_.below(buffer->data.size())];
    const auto left = static_cast<size_t>(buffer->data.data() + buffer->data.size() - at);
    const int64_t value = random_.one_in(2) ? spoilt_float(random_) : random_.between(-2, 9);
    std::memcpy(at, &value, std::min<size_t>(left, size_t{1} << random_.between(0, 3)));
  }

  void change_tensor(edit::SubGraphT& graph) {
    edit::TensorT* t = any(graph.tensors, random_);
    if (t == nullptr) return;
    switch (random_.between(0, 8)) {
      case 0:
        t->type = static_cast<edit::TensorType>(random_.between(0, 22));
        return;
      case 1:
        return change_list(t->shape_signature, random_, [&] { return random_.between(-1, 4); });
      case 2:
        t->buffer = static_cast<uint32_t>(random_.below(model_.buffers.size() + 1));
        return;
      case 3:
        t->is_variable = !t->is_variable;
        return;
      case 4:
        return change_quantization(*t);
      case 5:
        return copy_shape(graph, *t);
      case 6:
        if (const auto* other = any(graph.tensors, random_)) {
          graph.tensors.push_back(copy_of<edit::Tensor>(*other));
        }
        return;
      default:
        return change_list(t->shape, random_, [&] { return dimension(); });
    }
  }

  int32_t dimension() {
    return random_.one_in(4) ? near_power_of_two(random_, 30) : random_.between(0, 8);
  }

  void copy_shape(edit::SubGraphT& graph, edit::TensorT& t) {
    const edit::TensorT& other = *any(graph.tensors, random_);
    t.shape = std::vector<int32_t>(other.shape);
    if (random_.one_in(2)) t.type = other.type;
  }

  void change_quantization(edit::TensorT& t) {
    if (t.quantization == nullptr || random_.one_in(8)) {
      t.quantization = std::make_unique<edit::QuantizationParametersT>();
      t.quantization->scale = {0.5f};
      t.quantization->zero_point = {0};
    } else if (random_.one_in(4)) {
      t.quantization.reset();
    } else if (random_.one_in(2)) {
      change_list(t.quantization->scale, random_, [&] { return 0.25f; });
    } else {
      change_list(t.quantization->zero_point, random_,
                  [&] { return int64_t{random_.between(-2, 2)}; });
    }
  }

  edit::ModelT& model_;
  Random& random_;
};

std::vector<uint8_t> packed(const edit::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder(4096);
  builder.ForceDefaults(true);
  edit::FinishModelBuffer(builder, edit::Model::Pack(builder, &model));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

// Moves the elements of one list to the end of another.
template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void spoil_numbers(Span<uint8_t> file, Random& random) {
  const std::vector<Field> fields = find_fields(file);
  if (fields.empty()) return;
  for (int i = random.between(1, 4); i > 0; --i) {
    const Field& f = fields[random.below(fields.size())];
    const int64_t now = get_field(f, file.data());
    switch (f.kind) {
      case Field::Kind::kFloat:
        set_field(f, spoilt_float(random), file.data());
        break;
      case Field::Kind::kInteger:
        set_field(f, spoilt_integer(now, fields, file.data(), random), file.data());
        break;
      case Field::Kind::kLength:
        // Longer would mostly point outside; shorter is still well-formed.
        if (now > 0)
          set_field(f, static_cast<int64_t>(random.bits() % (static_cast<uint64_t>(now) + 1)),
                    file.data());
    }
  }
}

std::vector<uint8_t> spoil_structure(Span<const uint8_t> file, Random& random) {
  edit::ModelT model;
  unpack(file, &model);
  Spoiler spoiler(model, random);
  for (int i = random.between(1, 3); i > 0; --i) spoiler.change();
  return packed(model);
}

std::vector<uint8_t> join(Span<const uint8_t> first, Span<const uint8_t> second) {
  edit::ModelT a, b;
  unpack(first, &a);
  unpack(second, &b);
  const auto codes = static_cast<uint32_t>(a.operator_codes.size());
  const auto buffers = static_cast<uint32_t>(a.buffers.size());
  for (auto& graph : b.subgraphs) {
    for (auto& op : graph->operators) op->opcode_index += codes;
    for (auto& t : graph->tensors) t->buffer += t->buffer == 0 ? 0 : buffers;
  }
  append(a.operator_codes, b.operator_codes);
  append(a.buffers, b.buffers);
  append(a.subgraphs, b.subgraphs);
  return packed(a);
}

}  // namespace pipit::test
