// SPDX-License-Identifier: Apache-2.0
// Delegates that an application writes in C.
#include "capi/handles.h"

using pipit::Partition;
using pipit::Run;
using pipit::Status;
using pipit::Step;
using pipit::Tensor;
namespace capi = pipit::capi;

struct pipit_partition {
  const Partition& view;
  Partition* planned = nullptr;  // nullptr while it is only shown
  void* own = nullptr;
  bool failed = false;
};

namespace pipit::capi {
namespace {

// What the run function finds in its step.
struct Job {
  const CDelegate* delegate;
  const void* own;
};

bool claims_c(const Delegate& delegate, const Partition& candidate) {
  const pipit_delegate& c = static_cast<const CDelegate&>(delegate).c;
  const pipit_partition shown = {candidate};
  return c.claims(c.context, &shown) != 0;
}

Status run_c(const Step& step, Run& run) {
  const Job& job = *step.params<Job>();
  pipit_run node = {step, run};
  const pipit_delegate& c = job.delegate->c;
  return outcome_of(c.run(c.context, job.own, &node), node);
}

Status prepare_c(const Delegate& delegate, Partition& p) {
  const auto& self = static_cast<const CDelegate&>(delegate);
  pipit_partition planned = {p, &p};
  const pipit_code code =
      self.c.prepare == nullptr ? PIPIT_OK : self.c.prepare(self.c.context, &planned);
  if (code != PIPIT_OK) {
    const Status status = status_of(code);
    if (planned.failed || code == PIPIT_ARENA_TOO_SMALL) return status;
    return p.fail(status.code(), "failed with code ", code);
  }
  Job* job = p.allocate<Job>();
  if (job == nullptr) return Code::kArenaTooSmall;
  *job = {&self, planned.own};
  return p.run(run_c, job);
}

}  // namespace

CDelegate adopt(const pipit_delegate& c) {
  CDelegate delegate;
  delegate.name = c.name;
  delegate.claims = claims_c;
  delegate.prepare = prepare_c;
  std::memcpy(static_cast<void*>(&delegate.c), &c, std::min(c.struct_bytes, sizeof(c)));
  return delegate;
}

}  // namespace pipit::capi

extern "C" {

int32_t pipit_partition_subgraph(const pipit_partition* p) {
  return p == nullptr ? -1 : p->view.subgraph();
}
int32_t pipit_partition_nodes(const pipit_partition* p) {
  return p == nullptr ? -1 : p->view.nodes();
}
int32_t pipit_partition_inputs(const pipit_partition* p) {
  return p == nullptr ? -1 : p->view.inputs();
}
int32_t pipit_partition_outputs(const pipit_partition* p) {
  return p == nullptr ? -1 : p->view.outputs();
}

pipit_code pipit_partition_node(const pipit_partition* p, int32_t i, pipit_node* node,
                                int32_t* number) {
  if (i < 0 || i >= pipit_partition_nodes(p) || node == nullptr) return PIPIT_BAD_ARGUMENT;
  *node = capi::describe(p->view.node(i));
  if (number != nullptr) *number = p->view.number(i);
  return PIPIT_OK;
}

int64_t pipit_partition_option(const pipit_partition* p, int32_t i, int32_t field, int32_t bytes,
                               int64_t otherwise) {
  if (i < 0 || i >= pipit_partition_nodes(p)) return otherwise;
  return p->view.option(i, field, bytes, otherwise);
}

pipit_code pipit_partition_tensor(const pipit_partition* p, int32_t index, pipit_tensor* tensor) {
  const Tensor* t = p == nullptr ? nullptr : p->view.tensor(index);
  if (t == nullptr) return PIPIT_BAD_ARGUMENT;
  pipit_tensor described = capi::describe(*t);
  if (!t->constant()) described.data = nullptr;
  return capi::give(described, tensor);
}

pipit_code pipit_partition_input(const pipit_partition* p, int32_t i, pipit_tensor* tensor) {
  if (i < 0 || i >= pipit_partition_inputs(p)) return PIPIT_BAD_ARGUMENT;
  return pipit_partition_tensor(p, p->view.input(i).index, tensor);
}

pipit_code pipit_partition_output(const pipit_partition* p, int32_t i, pipit_tensor* tensor) {
  if (i < 0 || i >= pipit_partition_outputs(p)) return PIPIT_BAD_ARGUMENT;
  return pipit_partition_tensor(p, p->view.output(i).index, tensor);
}

void* pipit_partition_parameters(pipit_partition* p, size_t bytes) {
  if (p == nullptr || p->planned == nullptr) return nullptr;
  return p->own = capi::parameters_of(*p->planned, bytes);
}

void pipit_partition_scratch(pipit_partition* p, size_t bytes) {
  if (p != nullptr && p->planned != nullptr) p->planned->scratch(bytes);
}

pipit_code pipit_partition_fail(pipit_partition* p, pipit_code code, const char* text) {
  if (p == nullptr || p->planned == nullptr) return PIPIT_BAD_ARGUMENT;
  p->failed = true;
  return capi::code(p->planned->fail(capi::failure_of(code), capi::text_or_none(text)));
}

}  // extern "C"
