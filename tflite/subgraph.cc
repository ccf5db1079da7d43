// SPDX-License-Identifier: Apache-2.0
#include "tflite/subgraph.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "pipit/details.h"
#include "pipit/sparsity.h"
#include "tflite/interpreter.h"

namespace pipit::compat {
namespace {

// Tensors that operators may add: address space that costs nothing until it is used.
constexpr size_t kMostAdded = 4096;

// In the order of Type.
constexpr TfLiteType kTypes[kTypeCount] = {
    kTfLiteFloat32, kTfLiteFloat16,      kTfLiteInt32,     kTfLiteUInt8,     kTfLiteInt64,
    kTfLiteString,  kTfLiteBool,         kTfLiteInt16,     kTfLiteComplex64, kTfLiteInt8,
    kTfLiteFloat64, kTfLiteComplex128,   kTfLiteUInt64,    kTfLiteResource,  kTfLiteVariant,
    kTfLiteUInt32,  kTfLiteUInt16,       kTfLiteInt4,      kTfLiteBFloat16,  kTfLiteInt2,
    kTfLiteUInt4,   kTfLiteFloat8E4M3FN, kTfLiteFloat8E5M2};

template <class T>
T* required(T* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

TfLiteIntArray* list_of(Span<const int32_t> from) {
  TfLiteIntArray* list = required(TfLiteIntArrayCreate(static_cast<int>(from.size())));
  for (size_t i = 0; i < from.size(); ++i) list->data[i] = from[i];
  return list;
}

TfLiteIntArray* dims_of(const Shape& shape) {
  return list_of({shape.dims, static_cast<size_t>(shape.rank)});
}

bool same_dims(const TfLiteIntArray* dims, const Shape& shape) {
  return dims != nullptr && TfLiteIntArrayEqualsArray(dims, shape.rank, shape.dims) != 0;
}

TfLiteIntArray* numbers_of(const IndexList& from) {
  TfLiteIntArray* list = required(TfLiteIntArrayCreate(from.count));
  const auto* bytes = static_cast<const uint8_t*>(from.data);
  for (int i = 0; i < from.count; ++i) {
    uint32_t number = 0;  // of a little-endian file, on little-endian machines
    std::memcpy(&number, bytes + static_cast<size_t>(i) * static_cast<size_t>(from.bytes),
                static_cast<size_t>(from.bytes));
    list->data[i] = static_cast<int>(number);
  }
  return list;
}

TfLiteSparsity* sparsity_of(const Tensor& t) {
  const Sparsity from = sparsity(t);
  if (from.dimensions == 0) return nullptr;
  auto* to = required(static_cast<TfLiteSparsity*>(std::calloc(1, sizeof(TfLiteSparsity))));
  to->traversal_order = list_of(from.traversal_order);
  to->block_map = list_of(from.block_map);
  to->dim_metadata = required(static_cast<TfLiteDimensionMetadata*>(
      std::calloc(static_cast<size_t>(from.dimensions), sizeof(TfLiteDimensionMetadata))));
  to->dim_metadata_size = from.dimensions;
  for (int i = 0; i < from.dimensions; ++i) {
    const SparseDimension d = sparse_dimension(t, i);
    TfLiteDimensionMetadata& m = to->dim_metadata[i];
    m.format = d.sparse ? kTfLiteDimSparseCSR : kTfLiteDimDense;
    m.dense_size = d.dense_size;
    if (!d.sparse) continue;
    m.array_segments = numbers_of(d.segments);
    m.array_indices = numbers_of(d.indices);
  }
  return to;
}

TfLiteAllocationType allocation_of(const Tensor& t) {
  switch (t.storage) {
    case Storage::kConstant:
      return kTfLiteMmapRo;
    case Storage::kVariable:
      return kTfLiteArenaRwPersistent;
    case Storage::kDynamic:
      return kTfLiteDynamic;
    default:
      return t.type == Type::kString ? kTfLiteDynamic : kTfLiteArenaRw;
  }
}

}  // namespace

TfLiteType type_of(Type type) { return kTypes[static_cast<int>(type)]; }

bool type_from(TfLiteType type, Type* to) {
  for (int i = 0; i < kTypeCount; ++i) {
    if (kTypes[i] != type) continue;
    *to = static_cast<Type>(i);
    return true;
  }
  return false;
}

bool shape_of(const TfLiteIntArray* dims, Shape* shape) {
  *shape = {};
  if (dims == nullptr) return true;
  if (dims->size < 0 || dims->size > Shape::kMaxRank) return false;
  shape->rank = dims->size;
  for (int i = 0; i < dims->size; ++i) (*shape)[i] = dims->data[i];
  return true;
}

NodeView::~NodeView() {
  TfLiteIntArrayFree(node.inputs);
  TfLiteIntArrayFree(node.outputs);
  TfLiteIntArrayFree(node.intermediates);
  TfLiteIntArrayFree(node.temporaries);
}

Subgraph::Subgraph(TfLiteInterpreter& owner, const Model& model, int index)
    : owner_(owner),
      model_(model),
      index_(index),
      model_tensors_(model.tensors(index)),
      capacity_(static_cast<size_t>(model_tensors_) + kMostAdded),
      shown_(static_cast<size_t>(model_tensors_)),
      given_(static_cast<size_t>(model_tensors_)),
      is_input_(static_cast<size_t>(model_tensors_)),
      nodes_(static_cast<size_t>(model.nodes(index))) {
  tensors_ = required(static_cast<TfLiteTensor*>(std::calloc(capacity_, sizeof(TfLiteTensor))));
  for (const int32_t i : model.inputs(index)) is_input_[static_cast<size_t>(i)] = 1;
  context_.impl_ = this;
  context_.recommended_num_threads = owner.threads();
  context_.profiler = owner.listener().profiler;
  context_.tensors = tensors_;
  context_.tensors_size = static_cast<size_t>(model_tensors_);
  set_context_functions(&context_);
}

Subgraph::~Subgraph() {
  for (int i = 0; i < tensors(); ++i) {
    if (!is_shown(i)) continue;
    TfLiteTensor& t = tensors_[i];
    free_handle(&context_, &t);
    if (t.data.data == given(i)) t.data.data = nullptr;
    TfLiteTensorFree(&t);
  }
  std::free(tensors_);
}

void Subgraph::show_quantization(const Tensor& t, TfLiteTensor* to) {
  const ScaleBlocks blocks = scale_blocks(t);
  const Quantization q = quantization(t);
  if (blocks.size != 0) {
    auto* p = required(static_cast<TfLiteBlockwiseQuantization*>(
        std::malloc(sizeof(TfLiteBlockwiseQuantization))));
    *p = {blocks.scales, -1, blocks.size, 0};
    to->quantization = {kTfLiteBlockwiseQuantization, p};
    return;
  }
  if (q.scales.empty()) return;
  const auto n = static_cast<int>(q.scales.size());
  auto* p = required(
      static_cast<TfLiteAffineQuantization*>(std::calloc(1, sizeof(TfLiteAffineQuantization))));
  to->quantization = {kTfLiteAffineQuantization, p};
  p->quantized_dimension = q.dimension;
  p->scale = required(TfLiteFloatArrayCreate(n));
  p->zero_point = required(TfLiteIntArrayCreate(n));
  const size_t zeros = q.zero_points.size();
  for (int i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    p->scale->data[i] = q.scales[at];
    p->zero_point->data[i] = zeros == 0 ? 0 : static_cast<int>(q.zero_points[zeros == 1 ? 0 : at]);
  }
  if (n == 1) to->params = {p->scale->data[0], p->zero_point->data[0]};
}

void Subgraph::show(int i) {
  const Tensor t = model_.tensor(i, index_);
  TfLiteTensor& to = tensors_[i];
  shown_[static_cast<size_t>(i)] = 1;
  to.buffer_handle = kTfLiteNullBufferHandle;
  to.name = t.name;
  to.type = type_of(t.type);
  to.is_variable = is_variable(t);
  to.dims = dims_of(t.shape);
  const Shape signature = shape_signature(t);
  if (signature != t.shape) to.dims_signature = dims_of(signature);
  show_quantization(t, &to);
  to.sparsity = sparsity_of(t);
  to.bytes = t.bytes;
  to.allocation_type = to.is_variable ? kTfLiteArenaRwPersistent : allocation_of(t);
  give(i, t.data);
}

TfLiteTensor* Subgraph::tensor(int i) {
  if (i < 0 || i >= tensors()) return nullptr;
  if (is_shown(i)) return &tensors_[i];
  show(i);
  if (const auto planned = owner_.planned(index_, i)) update(*planned);
  return &tensors_[i];
}

bool Subgraph::contains(const TfLiteTensor* t) const {
  return t >= tensors_ && t < tensors_ + tensors();
}

void Subgraph::show_all() {
  for (int i = 0; i < tensors(); ++i) tensor(i);
}

bool Subgraph::add_tensors(int count, int* first) {
  const size_t have = context_.tensors_size;
  if (count < 0 || static_cast<size_t>(count) > capacity_ - have) return false;
  shown_.resize(have + static_cast<size_t>(count), 1);
  given_.resize(shown_.size());
  for (size_t i = have; i < shown_.size(); ++i) {
    tensors_[i].buffer_handle = kTfLiteNullBufferHandle;
  }
  context_.tensors_size += static_cast<size_t>(count);
  if (first != nullptr) *first = static_cast<int>(have);
  return true;
}

// What an operator left there from malloc ends here.
void Subgraph::give(int i, void* data) {
  TfLiteTensor& t = tensors_[i];
  if (t.data.data == data) return;
  if (t.data.data != given(i) && t.allocation_type == kTfLiteDynamic) std::free(t.data.data);
  t.data.data = data;
  given_[static_cast<size_t>(i)] = data;
}

void Subgraph::disown(TfLiteTensor* t) {
  const auto i = static_cast<size_t>(t - tensors_);
  if (!contains(t) || t->data.data != given_[i]) return;
  t->data.data = given_[i] = nullptr;
}

void Subgraph::forget_bytes(TfLiteTensor* t) {
  if (contains(t)) give(static_cast<int>(t - tensors_), nullptr);
}

void Subgraph::keep_bytes(int i) {
  Bytes& kept = kept_of_[i];
  const size_t blocks = tensors_[i].bytes / sizeof(ModelFile::Block) + 1;
  if (kept.size() != blocks) kept.assign(blocks, {});
  give(i, kept.data());
}

void* Subgraph::keep(size_t bytes) {
  kept_.emplace_back(bytes / sizeof(ModelFile::Block) + 1);
  return kept_.back().data();
}

void Subgraph::set_dims(TfLiteTensor* t, const Shape& shape) {
  if (same_dims(t->dims, shape)) return;
  TfLiteIntArray* dims = dims_of(shape);
  TfLiteIntArrayFree(t->dims);
  t->dims = dims;
}

bool Subgraph::holds_strings(const Tensor& t) const {
  return t.type == Type::kString && t.storage == Storage::kActivation &&
         is_input_[static_cast<size_t>(t.index)] != 0;
}

void Subgraph::update(const Tensor& t, bool with_bytes) {
  TfLiteTensor& to = *tensor(t.index);
  set_dims(&to, t.shape);
  if (holds_strings(t)) return;
  give(t.index, with_bytes ? t.data : nullptr);
  to.type = type_of(t.type);
  to.bytes = t.bytes;
  to.allocation_type = allocation_of(t);
}

void Subgraph::update_output(const Tensor& t, bool with_bytes) {
  update(t, with_bytes);
  tensors_[t.index].allocation_type = t.type == Type::kString ? kTfLiteDynamic : kTfLiteArenaRw;
}

void Subgraph::update_all(const Interpreter& net) {
  for (int i = 0; i < model_tensors_; ++i) {
    if (i < net.tensors(index_) && is_shown(i)) update(net.tensor(i, index_));
  }
}

void Subgraph::update_outcome(const Interpreter& net) {
  for (int i = 0; i < model_tensors_; ++i) {
    if (i >= net.tensors(index_) || !is_shown(i)) continue;
    const Tensor t = net.tensor(i, index_);
    if (t.storage == Storage::kDynamic) update(t);
  }
}

Span<const int32_t> Subgraph::variables() {
  if (variables_.empty()) {
    for (int i = 0; i < model_tensors_; ++i) {
      if (is_variable(model_.tensor(i, index_))) variables_.push_back(i);
    }
  }
  return variables_;
}

NodeView& Subgraph::node(int i) {
  std::unique_ptr<NodeView>& slot = nodes_[static_cast<size_t>(i)];
  if (slot != nullptr) return *slot;
  auto view = std::make_unique<NodeView>();
  const Node from = model_.node(i, index_);
  view->node.inputs = list_of(from.inputs);
  view->node.outputs = list_of(from.outputs);
  view->node.intermediates = list_of(intermediates(model_, i, index_));
  view->node.temporaries = required(TfLiteIntArrayCreate(0));
  const Span<const uint8_t> options = custom_options(model_, i, index_);
  view->node.custom_initial_data = options.data();
  view->node.custom_initial_data_size = static_cast<int>(options.size());
  view->registration.builtin_code = from.code;
  view->registration.version = from.version;
  if (from.code == kTfLiteBuiltinCustom) view->registration.custom_name = from.op;
  if (read_options(model_, i, index_, &view->options)) {
    view->node.builtin_data = view->options.bytes;
  }
  slot = std::move(view);
  return *slot;
}

TfLiteStatus Subgraph::initialize(NodeView& view) {
  if (!view.own || view.initialized) return kTfLiteOk;
  const char* buffer = static_cast<const char*>(view.node.custom_initial_data);
  auto length = static_cast<size_t>(view.node.custom_initial_data_size);
  if (view.registration.builtin_code != kTfLiteBuiltinCustom) {
    buffer = static_cast<const char*>(view.node.builtin_data);
    length = 0;
  }
  view.node.user_data = view.kernel.init(&context_, buffer, length);
  if (view.node.user_data == TfLiteKernelInitFailed()) return kTfLiteError;
  view.initialized = true;
  return kTfLiteOk;
}

void Subgraph::release_nodes() {
  for (const auto& view : nodes_) {
    if (view != nullptr && view->initialized) view->kernel.free(&context_, view->node.user_data);
  }
  nodes_.clear();
}

}  // namespace pipit::compat
