// SPDX-License-Identifier: Apache-2.0
// Operators that an application writes in C.
#include "capi/handles.h"

using pipit::Prepare;
using pipit::Run;
using pipit::Status;
using pipit::Step;
using pipit::Tensor;
namespace capi = pipit::capi;

namespace pipit::capi {
namespace {

// What the run function finds in its step.
struct Parameters {
  const Operator* op;
  const void* own;
};

}  // namespace
}  // namespace pipit::capi

struct pipit_prepare {
  Prepare& node;
  void* own = nullptr;
  bool deferred = false;
  bool failed = false;
};

namespace pipit::capi {
namespace {

Status run_c(const Step& step, Run& run) {
  const Parameters& p = *step.params<Parameters>();
  pipit_run node = {step, run};
  return outcome_of(p.op->c.run(p.op->c.context, p.own, &node), node);
}

Status prepare_c(Prepare& p) {
  const auto& op = static_cast<const Operator&>(p.op());
  pipit_prepare node = {p};
  const pipit_code outcome = op.c.prepare(op.c.context, &node);
  if (outcome == PIPIT_ARENA_TOO_SMALL) return Code::kArenaTooSmall;
  if (outcome != PIPIT_OK) {
    return node.failed ? status_of(outcome)
                       : p.fail(status_of(outcome).code(), "failed with code ", outcome);
  }
  if (node.deferred) return p.defer();
  auto* parameters = p.allocate<Parameters>();
  if (parameters == nullptr) return Code::kArenaTooSmall;
  *parameters = {&op, node.own};
  return p.run(run_c, parameters, "application");
}

// Nothing leads out of the node, whatever index the application asks for.
const Tensor* tensor_of(const Step& step, int32_t i, int32_t from, int32_t count) {
  return i < 0 || i >= count ? nullptr : step.tensors[from + i];
}

}  // namespace

Operator adopt(const pipit_operator& c) {
  Operator op;
  op.code = kCustomOp;
  op.name = c.name;
  op.prepare = prepare_c;
  op.flags = kOpNoFold;  // it may have state
  std::memcpy(static_cast<void*>(&op.c), &c, std::min(c.struct_bytes, sizeof(c)));
  return op;
}

}  // namespace pipit::capi

extern "C" {

int32_t pipit_prepare_inputs(const pipit_prepare* node) {
  return node == nullptr ? -1 : node->node.inputs();
}

int32_t pipit_prepare_outputs(const pipit_prepare* node) {
  return node == nullptr ? -1 : node->node.outputs();
}

pipit_code pipit_prepare_input(const pipit_prepare* node, int32_t i, pipit_tensor* tensor) {
  if (node == nullptr) return PIPIT_BAD_ARGUMENT;
  const Prepare& p = node->node;
  const Tensor* t = capi::tensor_of(p.step(), i, 0, p.inputs());
  if (t == nullptr) return PIPIT_BAD_ARGUMENT;
  pipit_tensor described = capi::describe(*t);
  if (!p.values_known(i)) described.data = nullptr;
  return capi::give(described, tensor);
}

pipit_code pipit_prepare_output(const pipit_prepare* node, int32_t i, pipit_tensor* tensor) {
  if (node == nullptr) return PIPIT_BAD_ARGUMENT;
  const Prepare& p = node->node;
  const Tensor* t = capi::tensor_of(p.step(), i, p.inputs(), p.outputs());
  if (t == nullptr) return PIPIT_BAD_ARGUMENT;
  pipit_tensor described = capi::describe(*t);
  described.data = nullptr;
  return capi::give(described, tensor);
}

pipit_code pipit_prepare_set_output(pipit_prepare* node, int32_t i, int32_t rank,
                                    const int32_t* shape) {
  if (node == nullptr || i < 0 || i >= node->node.outputs()) return PIPIT_BAD_ARGUMENT;
  if (rank > 0 && shape == nullptr) return PIPIT_BAD_ARGUMENT;
  const Status status = node->node.set_output(i, capi::to_shape(rank, shape));
  node->failed |= !status.ok();
  return capi::code(status);
}

const void* pipit_prepare_options(const pipit_prepare* node, size_t* bytes) {
  const auto options = node == nullptr ? pipit::Span<const uint8_t>() : node->node.custom_options();
  if (bytes != nullptr) *bytes = options.size();
  return options.data();
}

void* pipit_prepare_parameters(pipit_prepare* node, size_t bytes) {
  return node == nullptr ? nullptr : node->own = capi::parameters_of(node->node, bytes);
}

void pipit_prepare_scratch(pipit_prepare* node, size_t bytes) {
  if (node != nullptr) node->node.scratch(bytes);
}

pipit_code pipit_prepare_defer(pipit_prepare* node) {
  if (node == nullptr || node->node.late()) return PIPIT_BAD_ARGUMENT;
  node->deferred = true;
  return PIPIT_OK;
}

pipit_code pipit_prepare_fail(pipit_prepare* node, pipit_code code, const char* text) {
  if (node == nullptr) return PIPIT_BAD_ARGUMENT;
  node->failed = true;
  return capi::code(node->node.fail(capi::failure_of(code), capi::text_or_none(text)));
}

pipit_code pipit_run_input(const pipit_run* node, int32_t i, pipit_tensor* tensor) {
  if (node == nullptr) return PIPIT_BAD_ARGUMENT;
  const Step& s = node->step;
  return capi::give_tensor(capi::tensor_of(s, i, 0, s.inputs), tensor);
}

pipit_code pipit_run_output(const pipit_run* node, int32_t i, pipit_tensor* tensor) {
  if (node == nullptr) return PIPIT_BAD_ARGUMENT;
  const Step& s = node->step;
  return capi::give_tensor(capi::tensor_of(s, i, s.inputs, s.outputs), tensor);
}

void* pipit_run_scratch(const pipit_run* node) {
  return node == nullptr ? nullptr : node->step.scratch;
}

pipit_code pipit_run_fail(pipit_run* node, const char* text) {
  if (node == nullptr) return PIPIT_BAD_ARGUMENT;
  node->failed = true;
  return capi::code(node->run.fail(node->step, capi::text_or_none(text)));
}

}  // extern "C"
