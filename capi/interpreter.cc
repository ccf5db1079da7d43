// SPDX-License-Identifier: Apache-2.0
// Interpreters over an arena of the caller.
#include "capi/handles.h"
#include "pipit/clock.h"
#include "pipit/costs.h"
#include "pipit/planned_cpu.h"
#include "pipit/text.h"

using pipit::InputShape;
using pipit::Interpreter;
using pipit::MemoryPlan;
using pipit::Message;
using pipit::Op;
using pipit::Result;
using pipit::Span;
using pipit::Status;
using pipit::StepInfo;
namespace capi = pipit::capi;

namespace pipit::capi {
namespace {

// What the application brings, as core wants it.
struct Brought {
  Operator* operators;
  const Op** operator_table;
  CDelegate* delegates;
  const Delegate** delegate_table;

  void adopt_all(const pipit_options& from) const {
    for (size_t i = 0; i < from.operator_count; ++i) {
      operator_table[i] = new (&operators[i]) Operator(adopt(from.operators[i]));
    }
    for (size_t i = 0; i < from.delegate_count; ++i) {
      delegate_table[i] = new (&delegates[i]) CDelegate(adopt(*from.delegates[i]));
    }
  }
};

// It lies at the start of the arena, behind the handle.
size_t front_bytes(const pipit_options& c) {
  const size_t bytes = sizeof(pipit_interpreter) +
                       c.operator_count * (sizeof(Operator) + sizeof(Op*)) +
                       c.delegate_count * (sizeof(CDelegate) + sizeof(Delegate*));
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

Brought bring(const pipit_options& c, pipit_interpreter* front) {
  Brought b = {};
  b.operators = reinterpret_cast<Operator*>(front + 1);
  b.delegates = reinterpret_cast<CDelegate*>(b.operators + c.operator_count);
  b.operator_table = reinterpret_cast<const Op**>(b.delegates + c.delegate_count);
  b.delegate_table = reinterpret_cast<const Delegate**>(b.operator_table + c.operator_count);
  b.adopt_all(c);
  return b;
}

pipit_code check_activations(const pipit_options& c, pipit_message* why) {
  if ((c.activations == nullptr) == (c.activation_bytes == 0)) return PIPIT_OK;
  return fail(why, PIPIT_BAD_ARGUMENT,
              c.activations == nullptr ? "activation_bytes are given, but activations are NULL"
                                       : "activations are given, but activation_bytes are 0");
}

pipit_code check_bands(const pipit_options& c, pipit_message* why) {
  if (c.bands >= PIPIT_BANDS_WHERE_THEY_PAY && c.bands <= PIPIT_BANDS_EVERYWHERE) return PIPIT_OK;
  return fail(why, PIPIT_BAD_ARGUMENT, "bands are none of PIPIT_BANDS_...");
}

pipit_code check_operators(const pipit_options& c, pipit_message* why) {
  if (c.operator_count > PIPIT_MAX_OPERATORS) {
    return fail(why, PIPIT_BAD_ARGUMENT, "more than 64 operators of the application");
  }
  if (c.operator_count != 0 && c.operators == nullptr) {
    return fail(why, PIPIT_BAD_ARGUMENT, "the application's operators are NULL");
  }
  for (size_t i = 0; i < c.operator_count; ++i) {
    const pipit_operator& op = c.operators[i];
    if (op.struct_bytes < sizeof(op) || !op.name || !op.prepare || !op.run) {
      return fail(why, PIPIT_BAD_ARGUMENT, "an operator of the application is incomplete");
    }
  }
  return PIPIT_OK;
}

pipit_code check_delegates(const pipit_options& c, pipit_message* why) {
  if (c.delegate_count > PIPIT_MAX_DELEGATES) {
    return fail(why, PIPIT_BAD_ARGUMENT, "more than 8 delegates");
  }
  if (c.delegate_count != 0 && c.delegates == nullptr) {
    return fail(why, PIPIT_BAD_ARGUMENT, "the delegates are NULL");
  }
  for (size_t i = 0; i < c.delegate_count; ++i) {
    const pipit_delegate* d = c.delegates[i];
    if (d != nullptr && d->struct_bytes >= sizeof(*d) && d->name && d->claims && d->run) continue;
    Message text;
    pipit::text(&text, "delegate ", static_cast<uint64_t>(i), " ");
    if (d != nullptr && d->struct_bytes >= sizeof(*d) && d->name != nullptr) {
      pipit::text(&text, "'", d->name, "' ");
    }
    pipit::text(&text, "is incomplete: it needs struct_bytes, a name, `claims` and `run`");
    return fail(why, PIPIT_BAD_ARGUMENT, text.text());
  }
  return PIPIT_OK;
}

// Shapes in C's struct, in pieces of this many; more inputs than that are not resized at once.
constexpr size_t kMaxShapes = 64;

struct Shapes {
  InputShape list[kMaxShapes];

  Span<const InputShape> set(const pipit_input_shape* from, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      list[i] = {from[i].input, to_shape(from[i].rank, from[i].shape), from[i].subgraph};
    }
    return {list, count};
  }
};

pipit_code check_shapes(const pipit_input_shape* shapes, size_t count, pipit_message* why) {
  if (count > kMaxShapes) return fail(why, PIPIT_BAD_ARGUMENT, "more than 64 shapes");
  if (count != 0 && shapes == nullptr) return fail(why, PIPIT_BAD_ARGUMENT, "the shapes are NULL");
  for (size_t i = 0; i < count; ++i) {
    if (shapes[i].rank < 0 || shapes[i].rank > PIPIT_MAX_RANK) {
      return fail(why, PIPIT_BAD_ARGUMENT, "a shape has more than 8 dimensions");
    }
  }
  return PIPIT_OK;
}

// The caller's options with the defaults for what its header did not know.
pipit_code read_options(const pipit_options* from, pipit_options* to, pipit_message* why) {
  pipit_options_init(to);
  if (from == nullptr) return PIPIT_OK;
  if (from->struct_bytes < sizeof(size_t)) {
    return fail(why, PIPIT_BAD_ARGUMENT, "pipit_options::struct_bytes is not set");
  }
  std::memcpy(static_cast<void*>(to), from, std::min(from->struct_bytes, sizeof(*to)));
  if (pipit_code bad = check_activations(*to, why)) return bad;
  if (pipit_code bad = check_bands(*to, why)) return bad;
  if (pipit_code bad = check_operators(*to, why)) return bad;
  if (pipit_code bad = check_delegates(*to, why)) return bad;
  return check_shapes(to->shapes, to->shape_count, why);
}

pipit_code choose_cpu(const pipit_options& from, CpuFeatures* cpu, pipit_message* why) {
  if (from.cpu != nullptr) {
    if (from.isa != nullptr) return fail(why, PIPIT_BAD_ARGUMENT, "both isa and cpu are given");
    if (parse_cpu(from.cpu, cpu)) return PIPIT_OK;
    Message text;
    pipit::text(&text, "there is no ", static_cast<uint64_t>(sizeof(void*) * 8), "-bit CPU '",
                from.cpu, "' that is known: see named_cpus() in planned_cpu.h");
    return fail(why, PIPIT_BAD_ARGUMENT, text.text());
  }
  if (from.isa == nullptr) return PIPIT_OK;
  CpuFeatures wanted = kCpuPortable;
  if (!parse_isa(from.isa, &wanted)) {
    return fail(why, PIPIT_BAD_ARGUMENT, "isa is none of portable, neon, dotprod, i8mm");
  }
  *cpu &= wanted;
  return PIPIT_OK;
}

pipit_code convert(const pipit_options& from, const Brought& brought, Shapes* shapes, Options* to,
                   pipit_message* why) {
  to->shapes = shapes->set(from.shapes, from.shape_count);
  to->operators = {brought.operator_table, from.operator_count};
  to->delegates = {brought.delegate_table, from.delegate_count};
  to->activations = {static_cast<uint8_t*>(from.activations), from.activation_bytes};
  to->preserve_inputs = from.overwrite_inputs == 0;
  to->preserve_all = from.preserve_all != 0;
  to->main_may_fail = from.main_may_fail != 0;
  to->bands = static_cast<Bands>(from.bands);
  to->band_rows = from.band_rows;
  to->max_activation_bytes = ByteCount(from.max_activation_bytes).size();
  to->random_seed = from.random_seed;
  to->team = from.team == nullptr ? nullptr : &from.team->team;
  to->least_share = from.least_share;
  if (from.max_calls > 0) to->max_calls = from.max_calls;
  return choose_cpu(from, &to->cpu, why);
}

void call_block(void* context, const PlannedBlock& b) {
  const auto& options = *static_cast<const pipit_options*>(context);
  const pipit_block c = {b.subgraph, b.tensor, b.step, b.first, b.last, b.offset, b.bytes};
  options.block(options.block_context, &c);
}

// Options for calls that leave nothing behind.
struct Passing {
  pipit_options c;
  Operator ops[PIPIT_MAX_OPERATORS];
  const Op* table[PIPIT_MAX_OPERATORS];
  CDelegate delegates[PIPIT_MAX_DELEGATES];
  const Delegate* delegate_table[PIPIT_MAX_DELEGATES];
  Shapes shapes;
  Options options;

  pipit_code read(const pipit_options* from, pipit_message* why) {
    if (pipit_code bad = read_options(from, &c, why)) return bad;
    const Brought brought = {ops, table, delegates, delegate_table};
    brought.adopt_all(c);
    if (c.block != nullptr) options.listener = {call_block, &c};
    return convert(c, brought, &shapes, &options, why);
  }
};

pipit_memory sizes_of(const MemoryPlan& plan, size_t front) {
  return {0, plan.arena_bytes + front, plan.separate_bytes + front, plan.activation_bytes,
          plan.lower_bound_bytes};
}

// The arena of C holds the handle, too: its sizes count that in.
pipit_code too_small(const pipit_model* model, const pipit_options* options, size_t arena_bytes,
                     const char* otherwise, pipit_message* why) {
  pipit_memory need = {};
  need.struct_bytes = sizeof(need);
  if (pipit_code bad = pipit_required_memory(model, options, &need, why)) return bad;
  const bool separate = options != nullptr && options->activations != nullptr;
  const size_t wanted = separate ? need.separate_bytes : need.arena_bytes;
  if (arena_bytes >= wanted) return fail(why, PIPIT_ARENA_TOO_SMALL, otherwise);
  Message text;
  pipit::text(&text, "the arena has ", arena_bytes, " bytes, the model needs ", wanted);
  return fail(why, PIPIT_ARENA_TOO_SMALL, text.text());
}

void call_c(void* context, const StepInfo& step, bool begins) {
  const auto& profiler = *static_cast<const CProfiler*>(context);
  const pipit_step c = {step.op, step.variant, step.node, step.subgraph};
  profiler.call(profiler.context, &c, begins ? 1 : 0);
}

void time_node(void* context, const StepInfo& step, bool begins) {
  auto& timer = *static_cast<NodeTimer*>(context);
  const auto node = static_cast<size_t>(step.node);
  if (step.subgraph != 0 || node >= timer.nodes) return;
  const uint64_t now = monotonic_nanoseconds();
  if (!begins) timer.nanoseconds[node] += now - timer.began;
  timer.began = now;
}

}  // namespace
}  // namespace pipit::capi

extern "C" {

void pipit_options_init_bytes(pipit_options* options, size_t struct_bytes) {
  if (options == nullptr) return;
  pipit_options defaults = {};
  defaults.struct_bytes = std::min(struct_bytes, sizeof(defaults));
  defaults.least_share = pipit::Options().least_share;
  std::memcpy(static_cast<void*>(options), &defaults, defaults.struct_bytes);
}

void(pipit_options_init)(pipit_options* options) {
  pipit_options_init_bytes(options, offsetof(pipit_options, max_activation_bytes));
}

pipit_code pipit_check_operators(const pipit_model* model, const pipit_options* options,
                                 pipit_message* why) {
  if (pipit_code bad = capi::need(model, why)) return bad;
  capi::Passing passing;
  if (pipit_code bad = passing.read(options, why)) return bad;
  Message text;
  return capi::outcome(
      pipit::check_operators(model->model, pipit::all_operators(), passing.options, &text), text,
      why);
}

pipit_code pipit_required_memory(const pipit_model* model, const pipit_options* options,
                                 pipit_memory* memory, pipit_message* why) {
  if (pipit_code bad = capi::need(model, why)) return bad;
  capi::Passing passing;
  if (pipit_code bad = passing.read(options, why)) return bad;
  Message text;
  const Result<MemoryPlan> plan =
      Interpreter::required_memory(model->model, pipit::all_operators(), passing.options, &text);
  if (!plan.ok()) return capi::outcome(plan.status(), text, why);
  const pipit_memory sizes = capi::sizes_of(plan.value(), capi::front_bytes(passing.c));
  if (capi::give(sizes, memory) == PIPIT_OK) return PIPIT_OK;
  return capi::fail(why, PIPIT_BAD_ARGUMENT, "pipit_memory::struct_bytes is not set");
}

pipit_code pipit_interpreter_init(const pipit_model* model, void* arena, size_t arena_bytes,
                                  const pipit_options* options, pipit_interpreter** net,
                                  pipit_message* why) {
  if (pipit_code bad = capi::no_handle_yet(net, why)) return bad;
  if (pipit_code bad = capi::need(model, why)) return bad;
  pipit_options c;
  if (pipit_code bad = capi::read_options(options, &c, why)) return bad;
  if (arena == nullptr && arena_bytes != 0) {
    return capi::fail(why, PIPIT_BAD_ARGUMENT, "the arena is NULL");
  }
  if (!capi::aligned(arena)) {
    return capi::fail(why, PIPIT_BAD_ARGUMENT, "the arena must start at a multiple of 16");
  }
  const size_t front = capi::front_bytes(c);
  if (arena_bytes < front) return capi::too_small(model, options, arena_bytes, "", why);
  auto* made = new (arena) pipit_interpreter();
  capi::Shapes shapes;
  pipit::Options converted;
  if (pipit_code bad = capi::convert(c, capi::bring(c, made), &shapes, &converted, why)) return bad;
  Message text;
  const Result<Interpreter> planned =
      Interpreter::create(model->model, {static_cast<uint8_t*>(arena) + front, arena_bytes - front},
                          pipit::all_operators(), converted, &text);
  if (planned.status().code() == pipit::Code::kArenaTooSmall) {
    return capi::too_small(model, options, arena_bytes, text.text(), why);
  }
  if (!planned.ok()) return capi::outcome(planned.status(), text, why);
  made->net = planned.value();
  made->front_bytes = front;
  *net = made;
  return PIPIT_OK;
}

int32_t pipit_interpreter_tensors(const pipit_interpreter* net, int32_t subgraph) {
  return net == nullptr ? -1 : net->net.tensors(subgraph);
}

pipit_code pipit_interpreter_tensor(const pipit_interpreter* net, int32_t subgraph, int32_t i,
                                    pipit_tensor* tensor) {
  const bool exists = net != nullptr && i >= 0 && i < net->net.tensors(subgraph);
  return exists ? capi::give(capi::describe(net->net.tensor(i, subgraph)), tensor)
                : PIPIT_BAD_ARGUMENT;
}

pipit_code pipit_interpreter_input(const pipit_interpreter* net, int32_t subgraph, int32_t i,
                                   pipit_tensor* tensor) {
  return capi::give_tensor(net == nullptr ? nullptr : net->net.input(i, subgraph), tensor);
}

pipit_code pipit_interpreter_output(const pipit_interpreter* net, int32_t subgraph, int32_t i,
                                    pipit_tensor* tensor) {
  return capi::give_tensor(net == nullptr ? nullptr : net->net.output(i, subgraph), tensor);
}

pipit_code pipit_interpreter_bind_input(pipit_interpreter* net, int32_t subgraph, int32_t i,
                                        void* bytes, size_t size, pipit_message* why) {
  const capi::Turn turn(net, why);
  if (pipit_code bad = turn.refused()) return bad;
  Message text;
  return capi::outcome(net->net.bind_input(i, bytes, size, &text, subgraph), text, why);
}

pipit_code pipit_interpreter_bind_output(pipit_interpreter* net, int32_t subgraph, int32_t i,
                                         void* bytes, size_t size, pipit_message* why) {
  const capi::Turn turn(net, why);
  if (pipit_code bad = turn.refused()) return bad;
  Message text;
  return capi::outcome(net->net.bind_output(i, bytes, size, &text, subgraph), text, why);
}

// An invocation that an operator ended early is a success that has something to say.
static pipit_code invoked(const pipit_interpreter& net, Status status, const Message& text,
                          pipit_message* why) {
  if (status.ok() && text.empty()) return PIPIT_OK;
  const bool cancelled = !status.ok() && net.net.cancelled();
  return capi::fail(why, cancelled ? PIPIT_CANCELLED : capi::code(status), text.text());
}

pipit_code pipit_interpreter_runs(const pipit_interpreter* net, int32_t subgraph,
                                  pipit_message* why) {
  if (pipit_code bad = capi::need(net, why)) return bad;
  Message text;
  return capi::outcome(net->net.runs(subgraph, &text), text, why);
}

pipit_code pipit_interpreter_invoke(pipit_interpreter* net, pipit_message* why) {
  const capi::Turn turn(net, why);
  if (pipit_code bad = turn.refused()) return bad;
  Message text;
  return invoked(*net, net->net.invoke(&text), text, why);
}

pipit_code pipit_interpreter_invoke_signature(pipit_interpreter* net, int32_t signature,
                                              pipit_message* why) {
  const capi::Turn turn(net, why);
  if (pipit_code bad = turn.refused()) return bad;
  Message text;
  const Status status = signature == PIPIT_DEFAULT_SIGNATURE
                            ? net->net.invoke(&text)
                            : net->net.invoke_signature(signature, &text);
  return invoked(*net, status, text, why);
}

void pipit_interpreter_cancel(const pipit_interpreter* net) {
  if (net != nullptr) net->net.cancel();
}

pipit_code pipit_interpreter_set_team(pipit_interpreter* net, pipit_team* team,
                                      pipit_message* why) {
  const capi::Turn turn(net, why);
  if (pipit_code bad = turn.refused()) return bad;
  net->net.set_team(team == nullptr ? nullptr : &team->team);
  return PIPIT_OK;
}

pipit_code pipit_interpreter_resize(pipit_interpreter* net, const pipit_input_shape* shapes,
                                    size_t count, int32_t strict, pipit_message* why) {
  const capi::Turn turn(net, why);
  if (pipit_code bad = turn.refused()) return bad;
  if (pipit_code bad = capi::check_shapes(shapes, count, why)) return bad;
  capi::Shapes converted;
  const Span<const InputShape> list = converted.set(shapes, count);
  Message text;
  const Status status =
      strict != 0 ? net->net.resize_strict(list, &text) : net->net.resize(list, &text);
  return capi::outcome(status, text, why);
}

void pipit_interpreter_reset_variables(pipit_interpreter* net) {
  const capi::Turn turn(net, nullptr);
  if (turn.refused() == PIPIT_OK) net->net.reset_variables();
}

pipit_code pipit_interpreter_memory(const pipit_interpreter* net, pipit_memory* memory) {
  if (net == nullptr) return PIPIT_BAD_ARGUMENT;
  return capi::give(capi::sizes_of(net->net.memory(), net->front_bytes), memory);
}

int32_t pipit_interpreter_steps(const pipit_interpreter* net, int32_t subgraph) {
  return net == nullptr ? -1 : net->net.steps(subgraph);
}

pipit_code pipit_interpreter_step(const pipit_interpreter* net, int32_t subgraph, int32_t i,
                                  pipit_step* step) {
  if (i < 0 || i >= pipit_interpreter_steps(net, subgraph) || step == nullptr) {
    return PIPIT_BAD_ARGUMENT;
  }
  const StepInfo info = net->net.step(i, subgraph);
  *step = {info.op, info.variant, info.node, info.subgraph};
  return PIPIT_OK;
}

pipit_code pipit_interpreter_step_cost(const pipit_interpreter* net, int32_t subgraph, int32_t i,
                                       pipit_cost* cost) {
  if (i < 0 || i >= pipit_interpreter_steps(net, subgraph) || cost == nullptr) {
    return PIPIT_BAD_ARGUMENT;
  }
  const pipit::Cost c = pipit::cost_of_step(net->net.model(), net->net, i, subgraph);
  *cost = {c.multiply_adds, c.read_bytes, c.written_bytes, c.weight_bytes};
  return PIPIT_OK;
}

int32_t pipit_interpreter_partitions(const pipit_interpreter* net) {
  return net == nullptr ? -1 : net->net.partitions();
}

pipit_code pipit_interpreter_partition(const pipit_interpreter* net, int32_t i,
                                       pipit_partition_info* partition) {
  if (i < 0 || i >= pipit_interpreter_partitions(net) || partition == nullptr) {
    return PIPIT_BAD_ARGUMENT;
  }
  const pipit::PartitionInfo info = net->net.partition(i);
  *partition = {info.delegate, info.nodes.data(), static_cast<int32_t>(info.nodes.size()),
                info.subgraph};
  return PIPIT_OK;
}

void pipit_interpreter_delegation(const pipit_interpreter* net, pipit_message* report) {
  Message text;
  if (net != nullptr) net->net.delegation(&text);
  capi::fail(report, PIPIT_OK, text.text());
}

void pipit_interpreter_set_profiler(pipit_interpreter* net, pipit_profiler profiler,
                                    void* context) {
  if (net == nullptr) return;
  net->profiler = {profiler, context};
  if (profiler == nullptr) return net->net.set_profiler({});
  net->net.set_profiler({capi::call_c, &net->profiler});
}

void pipit_interpreter_time_nodes(pipit_interpreter* net, uint64_t* nanoseconds, size_t nodes) {
  if (net == nullptr) return;
  net->timer = {nanoseconds, nodes, 0};
  if (nanoseconds == nullptr) return net->net.set_profiler({});
  net->net.set_profiler({capi::time_node, &net->timer});
}

}  // extern "C"
