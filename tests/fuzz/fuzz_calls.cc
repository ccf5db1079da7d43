// SPDX-License-Identifier: Apache-2.0
// Fuzzes the order and the arguments of calls to the C interface. The bytes of the input are the
// program: which function, on which handle, with which numbers. What the header forbids is not
// done: using a handle after its end, or a model's before its interpreters'.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "pipit/pipit.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

constexpr size_t kRoom = 4096;

std::vector<uint8_t> resizable_model() {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 4), .signature = {-1, 4}});
  const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 4)});
  b.builtin_node(fb::BuiltinOperator::EXP, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  b.signature("serve", 0);
  return b.finish();
}

// The output's shape is in the input.
std::vector<uint8_t> dynamic_model() {
  ModelBuilder b;
  const int dims = b.tensor({.type = Type::kInt32, .shape = Shape::of(2)});
  const int value = b.tensor({.type = Type::kInt32, .shape = {}, .bytes = bytes_of<int32_t>({7})});
  const int out = b.tensor({.type = Type::kInt32, .shape = Shape::of(1, 1)});
  b.builtin_node(fb::BuiltinOperator::FILL, {dims, value}, {out});
  b.inputs({dims});
  b.outputs({out});
  return b.finish();
}

std::vector<uint8_t> custom_model() {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kInt8, .shape = Shape::of(3)});
  const int out = b.tensor({.type = Type::kInt8, .shape = Shape::of(3)});
  b.node("OWN", {in}, {out}, {1, 2, 3});
  b.inputs({in});
  b.outputs({out});
  return b.finish();
}

std::vector<uint8_t> string_model() {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kString, .shape = Shape::of(2)});
  const int out = b.tensor({.type = Type::kString, .shape = Shape::of(1, 2)});
  const int to = b.tensor({.shape = Shape::of(2), .bytes = bytes_of<int32_t>({1, 2})});
  b.builtin_node(fb::BuiltinOperator::RESHAPE, {in, to}, {out});
  b.inputs({in});
  b.outputs({out});
  return b.finish();
}

const std::vector<std::vector<uint8_t>>& files() {
  static const std::vector<std::vector<uint8_t>> list = {
      resizable_model(), dynamic_model(), custom_model(), string_model(), {'n', 'o'}};
  return list;
}

pipit_code own_prepare(void*, pipit_prepare* node) {
  pipit_tensor in = {};
  in.struct_bytes = sizeof(in);
  if (pipit_code bad = pipit_prepare_input(node, 0, &in)) return bad;
  size_t bytes = 0;
  (void)pipit_prepare_options(node, &bytes);
  pipit_prepare_scratch(node, 16);
  if (pipit_prepare_parameters(node, bytes) == nullptr) return PIPIT_ARENA_TOO_SMALL;
  return pipit_prepare_set_output(node, 0, in.rank, in.shape);
}

pipit_code own_run(void*, const void*, pipit_run* node) {
  pipit_tensor in = {}, out = {};
  in.struct_bytes = out.struct_bytes = sizeof(in);
  if (pipit_code bad = pipit_run_input(node, 0, &in)) return bad;
  if (pipit_code bad = pipit_run_output(node, 0, &out)) return bad;
  if (pipit_run_input(node, 9, &in) == PIPIT_OK) std::abort();
  std::memset(pipit_run_scratch(node), 1, 16);
  std::memcpy(out.data, in.data, std::min(in.bytes, out.bytes));
  return static_cast<const int8_t*>(in.data)[0] == 77 ? pipit_run_fail(node, "77") : PIPIT_OK;
}

class Program {
 public:
  Program(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  ~Program() {
    for (Net& n : nets_) drop(n);
    for (Model& m : models_) drop(m);
  }

  void run() {
    while (at_ != end_) step();
  }

 private:
  struct Model {
    pipit_model* handle = nullptr;
    bool heap = false;
    alignas(16) uint8_t memory[512];
    std::unique_ptr<uint8_t[]> bytes;
  };
  struct Net {
    pipit_interpreter* handle = nullptr;
    Model* model = nullptr;
    bool heap = false;
    std::unique_ptr<uint8_t[]> arena;
    std::vector<std::unique_ptr<uint8_t[]>> bound;
  };

  uint8_t byte() { return at_ == end_ ? 0 : *at_++; }
  // Mostly what is there, now and then what is not.
  int32_t index() {
    const uint8_t b = byte();
    return b == 255 ? INT32_MAX : b == 254 ? INT32_MIN : static_cast<int8_t>(b) % 4;
  }

  void check(pipit_code code) const {
    if (code < PIPIT_OK || code > PIPIT_NO_FILE) std::abort();
    if (code != PIPIT_OK && std::memchr(why_.text, 0, sizeof(why_.text)) == nullptr) std::abort();
  }

  void drop(Net& n) {
    if (n.handle != nullptr && n.heap) pipit_interpreter_delete(n.handle);
    n = Net();
  }

  void drop(Model& m) {
    for (Net& n : nets_) {
      if (n.model == &m) drop(n);
    }
    if (m.handle == nullptr) return;
    m.heap ? pipit_model_close(m.handle) : pipit_model_release(m.handle);
    m.handle = nullptr;
    m.bytes.reset();
  }

  void open(Model& m) {
    drop(m);
    const auto& file = files()[byte() % files().size()];
    m.heap = (byte() & 1) != 0;
    if (m.heap) return check(pipit_model_copy(file.data(), file.size(), &m.handle, &why_));
    m.bytes.reset(new uint8_t[file.size() + 1]);
    std::copy(file.begin(), file.end(), m.bytes.get());
    const size_t room = byte() == 1 ? 1 : sizeof(m.memory);
    check(pipit_model_init(m.memory, room, m.bytes.get(), file.size(), &m.handle, &why_));
  }

  pipit_options options() {
    pipit_options o;
    pipit_options_init(&o);
    o.max_calls = byte();
    o.preserve_all = byte() & 1;
    o.overwrite_inputs = byte() & 1;
    o.operators = &own_;
    o.operator_count = byte() % 4 == 3 ? 0 : 1;
    shape_ = shape();
    o.shapes = &shape_;
    o.shape_count = byte() % 3 == 0 ? 1 : 0;
    if (byte() % 8 == 7) o.isa = byte() % 2 == 0 ? "portable" : "no such";
    return o;
  }

  pipit_input_shape shape() {
    pipit_input_shape s = {index() % 2, index(), byte() % 3, {}};
    for (int32_t& d : s.shape) d = byte() % 5 == 4 ? index() : 4;
    return s;
  }

  void create(Net& n, Model& m) {
    drop(n);
    if (m.handle == nullptr) return;
    const pipit_options o = options();
    n.model = &m;
    n.heap = (byte() & 1) != 0;
    if (n.heap) {
      return check(
          pipit_interpreter_create(m.handle, &o, byte() & 1 ? kRoom : 0, &n.handle, &why_));
    }
    pipit_memory memory = {};
    memory.struct_bytes = sizeof(memory);
    check(pipit_required_memory(m.handle, &o, &memory, &why_));
    // No size at all is known of a model that is refused.
    const size_t most = memory.arena_bytes + (byte() & 1 ? kRoom : 0);
    const size_t bytes = most - std::min<size_t>(most, byte() == 9 ? 16 : 0);
    n.arena.reset(new uint8_t[bytes + 16]);
    check(pipit_interpreter_init(m.handle, n.arena.get(), bytes, &o, &n.handle, &why_));
  }

  void bind(Net& n) {
    const int32_t subgraph = index(), i = index();
    const size_t size = byte() % 2 == 0 ? 16 : byte();
    n.bound.emplace_back(new uint8_t[size + 1]());
    void* bytes = byte() % 4 == 3 ? nullptr : n.bound.back().get();
    check((byte() & 1) != 0
              ? pipit_interpreter_bind_input(n.handle, subgraph, i, bytes, size, &why_)
              : pipit_interpreter_bind_output(n.handle, subgraph, i, bytes, size, &why_));
  }

  void touch(const pipit_tensor& t, bool write) {
    if (t.data == nullptr || t.storage != PIPIT_STORAGE_ACTIVATION) return;
    auto* bytes = static_cast<uint8_t*>(t.data);
    for (size_t i = 0; i < t.bytes; ++i) {
      if (write && t.type != PIPIT_STRING) bytes[i] = byte();
      asm volatile("" : : "r"(bytes[i]));  // is needed, as far as the compiler knows
    }
  }

  void look(Net& n) {
    pipit_tensor t = {};
    t.struct_bytes = byte() % 16 == 15 ? 8 : sizeof(t);
    const int32_t subgraph = index(), i = index();
    const bool input = (byte() & 1) != 0;
    const pipit_code code = input ? pipit_interpreter_input(n.handle, subgraph, i, &t)
                                  : pipit_interpreter_output(n.handle, subgraph, i, &t);
    if (code == PIPIT_OK && t.struct_bytes == sizeof(t)) touch(t, input);
    pipit_step s = {};
    if (pipit_interpreter_step(n.handle, subgraph, i, &s) == PIPIT_OK) (void)std::strlen(s.op);
    (void)pipit_interpreter_tensor(n.handle, subgraph, i, &t);
    (void)pipit_interpreter_tensors(n.handle, subgraph);
  }

  void look(Model& m) {
    if (m.handle == nullptr) return;
    const int32_t g = index(), i = index();
    pipit_tensor t = {};
    t.struct_bytes = sizeof(t);
    pipit_node node = {};
    pipit_signature s = {};
    const char* name = "";
    int32_t tensor = 0;
    const int32_t* list = nullptr;
    (void)pipit_model_tensor(m.handle, g, i, &t);
    (void)pipit_model_node(m.handle, g, i, &node);
    (void)pipit_model_signature(m.handle, i, &s);
    (void)pipit_model_signature_input(m.handle, g, i, &name, &tensor);
    (void)pipit_model_signature_output(m.handle, g, i, &name, &tensor);
    (void)pipit_model_inputs(m.handle, g, &list);
    (void)pipit_model_outputs(m.handle, g, &list);
    (void)pipit_model_find_signature(m.handle, "serve");
    (void)std::strlen(pipit_model_description(m.handle));
  }

  void resize(Net& n) {
    const pipit_input_shape shapes[] = {shape(), shape()};
    const size_t count = byte() % 3;
    const pipit_code code = pipit_interpreter_resize(n.handle, shapes, count, byte() & 1, &why_);
    check(code);
    if (code == PIPIT_OK) n.bound.clear();
  }

  void step() {
    const uint8_t what = byte();
    Model& m = models_[byte() % std::size(models_)];
    Net& n = nets_[byte() % std::size(nets_)];
    switch (what % 12) {
      case 0:
        return open(m);
      case 1:
        return create(n, m);
      case 2:
        return drop(m);
      case 3:
        return drop(n);
      case 4:
        return look(m);
      default:
        if (n.handle != nullptr) use(n, what % 12);
    }
  }

  void use(Net& n, int what) {
    switch (what) {
      case 5:
        return resize(n);
      case 6:
        return bind(n);
      case 7:
        return check(pipit_interpreter_invoke_signature(n.handle, index(), &why_));
      case 8:
        pipit_interpreter_reset_variables(n.handle);
        return;
      case 9:
        return profile(n);
      case 10:
        return look(n);
      default:
        return check(pipit_interpreter_invoke(n.handle, &why_));
    }
  }

  void profile(Net& n) {
    const auto nothing = [](void* context, const pipit_step*, int32_t begins) {
      *static_cast<int*>(context) += begins;
    };
    switch (byte() % 3) {
      case 0:
        return pipit_interpreter_set_profiler(n.handle, nothing, &steps_);
      case 1:
        return pipit_interpreter_set_profiler(n.handle, nullptr, nullptr);
      default:
        return pipit_interpreter_time_nodes(n.handle, times_, byte() % std::size(times_));
    }
  }

  const uint8_t* at_;
  const uint8_t* end_;
  pipit_message why_ = {};
  pipit_operator own_ = {sizeof(pipit_operator), "OWN", nullptr, own_prepare, own_run};
  pipit_input_shape shape_ = {};
  int steps_ = 0;
  uint64_t times_[4] = {};
  Model models_[2];
  Net nets_[3];
};

}  // namespace
}  // namespace pipit::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLongest = 512;
  pipit::test::Program(data, std::min(size, kLongest)).run();
  return 0;
}
