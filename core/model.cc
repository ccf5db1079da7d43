// SPDX-License-Identifier: Apache-2.0
// The front door: after parse() nothing in the file can lead outside of it.
#include "pipit/model.h"

#include <cstring>

#include "core/foreign.h"
#include "core/limits.h"
#include "core/schema.h"
#include "pipit/details.h"
#include "pipit/strings.h"
#include "pipit/tensor.h"
#include "pipit/text.h"

namespace pipit {
namespace {

constexpr size_t kFileAlign = 16;

// Checks what flatbuffers' verifier does not know: that indices point to something, and that
// numbers fit together.
struct Checker {
  const Model& model;
  const fb::Model& root;
  Message* why;
  uint64_t listed = 0;      // elements of lists so far
  uint64_t read = 0;        // bytes of constants that operators name, so far
  uint64_t name_bytes = 0;  // of names so far

  template <class... P>
  Status bad(const P&... parts) const {
    text(why, parts...);
    return Code::kBadModel;
  }

  // Tables may share their lists, so what is quick to read for each of a million tables may not be
  // for all of them. A list of its own takes more bytes than elements.
  Status count_list(uint64_t elements) {
    listed += elements;
    if (listed <= model.file().size()) return {};
    return bad("the file's lists have more elements than the file has bytes");
  }

  // The same for names, which tables share, too.
  Status count_name(const flatbuffers::String* name) {
    name_bytes += name == nullptr ? 0 : name->size();
    const size_t size = model.file().size();
    if (name_bytes <= most_name_bytes(size)) return {};
    return bad("the names have more than ", most_name_bytes(size), " bytes in a file of ",
               uint64_t{size});
  }

  Status check() {
    if (root.version() != uint32_t{kFormatVersion}) {
      return bad("the file has format version ", root.version(), ", not ", kFormatVersion);
    }
    if (count(root.subgraphs()) == 0) return bad("the model has no subgraph");
    PIPIT_TRY(check_buffers());
    for (int i = 0; i < count(root.subgraphs()); ++i) {
      PIPIT_TRY(check_subgraph(i, *at(root.subgraphs(), i)));
    }
    PIPIT_TRY(check_signatures());
    return check_metadata();
  }

  // Buffers outside the flatbuffer lie at an absolute position of the same file.
  Status check_buffers() const {
    const uint64_t size = model.file().size();
    for (int i = 0; i < count(root.buffers()); ++i) {
      const fb::Buffer& b = *at(root.buffers(), i);
      if (b.offset() <= 1) continue;
      if (b.offset() > size || b.size() > size - b.offset()) {
        return bad("buffer ", i, " is said to lie at ", b.offset(), " with ", b.size(),
                   " bytes, but the file has ", size);
      }
    }
    return {};
  }

  Status check_subgraph(int index, const fb::SubGraph& graph) {
    PIPIT_TRY(count_name(graph.name()));
    const int32_t tensors = count(graph.tensors());
    for (int i = 0; i < tensors; ++i) {
      PIPIT_TRY(check_tensor(index, i, *at(graph.tensors(), i)));
    }
    PIPIT_TRY(check_list(index, "an input", graph.inputs(), tensors));
    PIPIT_TRY(check_list(index, "an output", graph.outputs(), tensors));
    for (int i = 0; i < count(graph.operators()); ++i) {
      PIPIT_TRY(check_operator(index, i, graph, *at(graph.operators(), i)));
    }
    return {};
  }

  Status check_list(int subgraph, const char* what, const flatbuffers::Vector<int32_t>* list,
                    int32_t tensors) {
    PIPIT_TRY(count_list(static_cast<uint64_t>(count(list))));
    for (int i = 0; i < count(list); ++i) {
      const int32_t t = at(list, i);
      if (t < 0 || t >= tensors) {
        return bad("subgraph ", subgraph, " names tensor ", t, " as ", what, ", but has ", tensors,
                   " tensors");
      }
    }
    return {};
  }

  template <class... P>
  Status bad_tensor(int subgraph, int index, const fb::Tensor& t, const P&... parts) const {
    text(why, "tensor ", index, " '", c_str(t.name()), "'");
    if (subgraph != 0) text(why, " of subgraph ", subgraph);
    return bad(": ", parts...);
  }

  Status check_tensor(int subgraph, int index, const fb::Tensor& t) {
    PIPIT_TRY(count_name(t.name()));
    const auto type = static_cast<Type>(t.type());
    if (static_cast<int>(type) >= kTypeCount) {
      return bad_tensor(subgraph, index, t, "type ", static_cast<int>(t.type()), " is unknown");
    }
    if (count(t.shape()) > Shape::kMaxRank || count(t.shape_signature()) > Shape::kMaxRank) {
      return bad_tensor(subgraph, index, t, "rank ", count(t.shape()), " is more than ",
                        Shape::kMaxRank);
    }
    if (count(t.shape_signature()) != 0 && count(t.shape_signature()) != count(t.shape())) {
      return bad_tensor(subgraph, index, t, "shape_signature has ", count(t.shape_signature()),
                        " dimensions, the shape ", count(t.shape()));
    }
    Shape shape;
    for (int i = 0; i < count(t.shape()); ++i) {
      shape[shape.rank++] = at(t.shape(), i);
    }
    const int64_t bytes = dense_bytes(type, shape);
    if (bytes < 0) {
      return bad_tensor(subgraph, index, t, "shape ", shape,
                        " has a negative dimension or is too large");
    }
    if (type == Type::kString && t.is_variable()) {
      return bad_tensor(subgraph, index, t, "a variable, holds strings, which have no size");
    }
    PIPIT_TRY(check_quantization(subgraph, index, t));
    return check_constant(subgraph, index, t, type, shape, bytes);
  }

  // More than one scale: one for each index of a dimension. Some converters name the weights'
  // dimension also for the bias, which has only one.
  Status check_channels(int subgraph, int index, const fb::Tensor& t, int32_t scales) const {
    const int32_t rank = count(t.shape());
    if (scales < 2 || rank == 0 || t.quantization()->details() != nullptr) return {};
    const int32_t named = t.quantization()->quantized_dimension();
    const int32_t dimension = rank == 1 ? 0 : named;
    if (dimension >= 0 && dimension < rank && at(t.shape(), dimension) == scales) {
      return {};
    }
    return bad_tensor(subgraph, index, t, scales, " scales do not fit its ", rank,
                      " dimensions along dimension ", named);
  }

  Status check_quantization(int subgraph, int index, const fb::Tensor& t) {
    const fb::QuantizationParameters* q = t.quantization();
    if (q == nullptr) return {};
    const auto* scale = q->scale();
    const auto* zero_point = q->zero_point();
    const int32_t scales = count(scale), zero_points = count(zero_point);
    PIPIT_TRY(count_list(static_cast<uint64_t>(scales) + static_cast<uint64_t>(zero_points)));
    PIPIT_TRY(check_channels(subgraph, index, t, scales));
    for (int i = 0; i < scales; ++i) {
      const float s = at(scale, i);
      if (!(s >= 0 && s <= 3.4e38f)) {
        return bad_tensor(subgraph, index, t, "scale ", i, " is ", static_cast<double>(s));
      }
    }
    if (zero_points > 1 && zero_points != scales) {
      return bad_tensor(subgraph, index, t, scales, " scales, but ", zero_points, " zero points");
    }
    if (zero_points > 0 && reinterpret_cast<uintptr_t>(zero_point->Data()) % sizeof(int64_t) != 0) {
      return bad_tensor(subgraph, index, t, "its zero points are not aligned to 8 bytes");
    }
    for (int i = 0; i < zero_points; ++i) {
      const int64_t z = at(zero_point, i);
      if (z < INT32_MIN || z > INT32_MAX) {
        return bad_tensor(subgraph, index, t, "zero point ", z, " is out of range");
      }
    }
    return {};
  }

  Status check_constant(int subgraph, int index, const fb::Tensor& t, Type type, const Shape& shape,
                        int64_t bytes) {
    if (t.external_buffer() != 0) {
      text(why, "tensor ", index, " '", c_str(t.name()), "' has its bytes in another file");
      return Code::kUnsupported;
    }
    if (t.buffer() >= static_cast<uint32_t>(count(root.buffers()))) {
      // Without buffers at all, 0 still means "none".
      if (t.buffer() == 0) return {};
      return bad_tensor(subgraph, index, t, "buffer ", t.buffer(), " of ", count(root.buffers()));
    }
    const size_t have = buffer_bytes(model, t.buffer()).size();
    if (have == 0 || t.buffer() == 0) return {};
    if (t.is_variable()) return bad_tensor(subgraph, index, t, "is both a variable and a constant");
    if (type == Type::kString) {
      if (valid_strings(buffer_bytes(model, t.buffer()), shape.elements())) {
        return count_list(static_cast<uint64_t>(shape.elements()));
      }
      return bad_tensor(subgraph, index, t, "its buffer does not hold ", shape.elements(),
                        " strings");
    }
    if (t.sparsity() != nullptr || type_bits(type) == 0) return {};
    if (have != static_cast<size_t>(bytes)) {
      return bad_tensor(subgraph, index, t, "its buffer has ", static_cast<uint64_t>(have),
                        " bytes, its shape and type need ", bytes);
    }
    return {};
  }

  template <class... P>
  Status bad_node(int subgraph, int index, const P&... parts) const {
    text(why, "operator ", index);
    if (subgraph != 0) text(why, " of subgraph ", subgraph);
    return bad(": ", parts...);
  }

  Status check_operator(int subgraph, int index, const fb::SubGraph& graph,
                        const fb::Operator& node) {
    if (node.opcode_index() >= static_cast<uint32_t>(count(root.operator_codes()))) {
      return bad_node(subgraph, index, "operator code ", node.opcode_index(), " of ",
                      count(root.operator_codes()));
    }
    PIPIT_TRY(count_name(root.operator_codes()->Get(node.opcode_index())->custom_code()));
    const int32_t tensors = count(graph.tensors());
    PIPIT_TRY(check_node_list(subgraph, index, "input", node.inputs(), tensors, true));
    PIPIT_TRY(check_node_list(subgraph, index, "output", node.outputs(), tensors, false));
    PIPIT_TRY(
        check_node_list(subgraph, index, "intermediate", node.intermediates(), tensors, true));
    if (count(node.inputs()) + count(node.outputs()) > UINT16_MAX) {
      return bad_node(subgraph, index, "too many inputs and outputs");
    }
    for (int i = 0; i < count(node.outputs()); ++i) {
      const int32_t t = at(node.outputs(), i);
      if (is_constant(*at(graph.tensors(), t))) {
        return bad_node(subgraph, index, "output ", i, " is tensor ", t, ", a constant");
      }
    }
    const uint64_t size = model.file().size();
    if (node.large_custom_options_offset() > 1 &&
        (node.large_custom_options_offset() > size ||
         node.large_custom_options_size() > size - node.large_custom_options_offset())) {
      return bad_node(subgraph, index, "its custom options are said to lie at ",
                      node.large_custom_options_offset(), " with ",
                      node.large_custom_options_size(), " bytes, but the file has ", size);
    }
    return count_constants(graph, node.inputs());
  }

  // Operators may share their constants, too, which planning reads for each of them.
  Status count_constants(const fb::SubGraph& graph, const flatbuffers::Vector<int32_t>* inputs) {
    for (int i = 0; i < count(inputs); ++i) {
      const int32_t t = at(inputs, i);
      if (t < 0) continue;
      const fb::Tensor& tensor = *at(graph.tensors(), t);
      read += buffer_bytes(model, tensor.buffer()).size();
    }
    const uint64_t size = model.file().size();
    if (read <= most_planning_work(model.file().size())) return {};
    return bad("the operators read more than ", read, " bytes of constants from a file of ", size);
  }

  bool is_constant(const fb::Tensor& t) const {
    return t.buffer() != 0 && buffer_bytes(model, t.buffer()).size() != 0;
  }

  Status check_node_list(int subgraph, int node, const char* what,
                         const flatbuffers::Vector<int32_t>* list, int32_t tensors, bool optional) {
    PIPIT_TRY(count_list(static_cast<uint64_t>(count(list))));
    for (int i = 0; i < count(list); ++i) {
      const int32_t t = at(list, i);
      if (t >= (optional ? -1 : 0) && t < tensors) continue;
      return bad_node(subgraph, node, what, " ", i, " is tensor ", t, " of ", tensors);
    }
    return {};
  }

  Status check_signatures() {
    for (int i = 0; i < count(root.signature_defs()); ++i) {
      const fb::SignatureDef& s = *at(root.signature_defs(), i);
      PIPIT_TRY(count_name(s.signature_key()));
      if (s.subgraph_index() >= static_cast<uint32_t>(count(root.subgraphs()))) {
        return bad("signature '", c_str(s.signature_key()), "' runs subgraph ", s.subgraph_index(),
                   " of ", count(root.subgraphs()));
      }
      PIPIT_TRY(check_tensor_map(s, s.inputs()));
      PIPIT_TRY(check_tensor_map(s, s.outputs()));
    }
    return {};
  }

  Status check_tensor_map(const fb::SignatureDef& s,
                          const flatbuffers::Vector<flatbuffers::Offset<fb::TensorMap>>* map) {
    PIPIT_TRY(count_list(static_cast<uint64_t>(count(map))));
    const auto tensors =
        static_cast<uint32_t>(count(root.subgraphs()->Get(s.subgraph_index())->tensors()));
    for (int i = 0; i < count(map); ++i) {
      const fb::TensorMap& entry = *at(map, i);
      PIPIT_TRY(count_name(entry.name()));
      if (entry.tensor_index() < tensors) continue;
      return bad("signature '", c_str(s.signature_key()), "' names tensor ", entry.tensor_index(),
                 " of ", tensors, " as '", c_str(entry.name()), "'");
    }
    return {};
  }

  Status check_metadata() {
    for (int i = 0; i < count(root.metadata()); ++i) {
      const fb::Metadata& m = *at(root.metadata(), i);
      PIPIT_TRY(count_name(m.name()));
      if (m.buffer() >= static_cast<uint32_t>(count(root.buffers()))) {
        return bad("metadata '", c_str(m.name()), "' is in buffer ", m.buffer(), " of ",
                   count(root.buffers()));
      }
    }
    return {};
  }
};

}  // namespace

Span<const uint8_t> buffer_bytes(const Model& model, uint32_t index) {
  const auto* buffers = file_root(model)->buffers();
  if (buffers == nullptr || index >= buffers->size()) return {};
  const fb::Buffer& b = *buffers->Get(index);
  if (b.offset() > 1) {
    return model.file().subspan(static_cast<size_t>(b.offset()), static_cast<size_t>(b.size()));
  }
  if (b.data() == nullptr) return {};
  return {b.data()->data(), b.data()->size()};
}

int32_t builtin_code(const fb::OperatorCode& code) {
  const auto older = static_cast<int32_t>(code.deprecated_builtin_code());
  const auto newer = static_cast<int32_t>(code.builtin_code());
  return newer > older ? newer : older;
}

Result<Model> Model::parse(Span<const uint8_t> file, Message* why) {
  if (reinterpret_cast<uintptr_t>(file.data()) % kFileAlign != 0) {
    text(why, "the model's bytes must start at a multiple of ", static_cast<uint64_t>(kFileAlign));
    return Code::kBadArgument;
  }
  if (file.data() == nullptr && !file.empty()) {
    text(why, "the model's bytes are missing");
    return Code::kBadArgument;
  }
  // The root offset and the identifier.
  if (file.size() < 8) {
    text(why, "not a .tflite model: ", static_cast<uint64_t>(file.size()), " bytes");
    return Code::kBadModel;
  }
  if (std::memcmp(file.data() + 4, "TFL3", 4) != 0) {
    const char* what = foreign_format(file);
    text(why, "not a .tflite model: ", what == nullptr ? "" : "it is ",
         what == nullptr ? "the identifier TFL3 is missing" : what);
    return Code::kBadModel;
  }
  // Buffers may lie beyond what flatbuffers can address.
  const size_t within =
      file.size() < FLATBUFFERS_MAX_BUFFER_SIZE ? file.size() : FLATBUFFERS_MAX_BUFFER_SIZE - 1;
  // A table takes at least 8 bytes: more of them than that are the same ones again and again.
  flatbuffers::Verifier verifier(file.data(), within, 64,
                                 static_cast<flatbuffers::uoffset_t>(within / 4 + 1));
  if (!fb::VerifyModelBuffer(verifier)) {
    text(why, "damaged .tflite model: an offset or a length points outside of the ",
         static_cast<uint64_t>(file.size()), " bytes (cut short, or overwritten?)");
    return Code::kBadModel;
  }
  Model model;
  model.file_ = file;
  PIPIT_TRY((Checker{model, *file_root(model), why}.check()));
  return model;
}

}  // namespace pipit
