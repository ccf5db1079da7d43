// SPDX-License-Identifier: Apache-2.0
// VAR_HANDLE, ASSIGN_VARIABLE, READ_VARIABLE: tensors that outlive an invocation, by name.
//
// A handle is the number of a resource, an int32 that is known when the graph is planned:
// VAR_HANDLE is folded, so operators behind it can reserve memory for what they will assign.
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kHandle = 0, kValue = 1;

Status check_handle(const Prepare& p) {
  const Tensor& t = p.input(kHandle);
  if ((t.type == Type::kResource || t.type == Type::kInt32) && t.elements() == 1) return {};
  return p.bad("input ", kHandle, ", ", t, ", is not one resource");
}

// The variable that the first input names while running.
Status find(const Step& s, Run& run, Resource** variable) {
  *variable = run.resource(s.input(kHandle), kVarHandle);
  return *variable != nullptr ? Status() : run.fail(s, s.input(kHandle), " names no variable");
}

// ---- VAR_HANDLE

Status run_handle(const Step& s, Run&) {
  std::memcpy(s.output(0).data, s.params<int32_t>(), sizeof(int32_t));
  return {};
}

Status prepare_handle(Prepare& p) {
  PIPIT_TRY(p.arity(0, 0, 1));
  const Type type = p.output(0).type;
  if (type != Type::kResource && type != Type::kInt32) return p.bad("makes ", p.output(0));
  const auto* o = options<fb::VarHandleOptions>(p);
  ResourceName name;
  if (o != nullptr && o->container() != nullptr) name.container = o->container()->c_str();
  if (o != nullptr && o->shared_name() != nullptr) name.name = o->shared_name()->c_str();
  int32_t* number = p.allocate<int32_t>();
  if (number == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(p.make_resource(name, number));
  PIPIT_TRY(p.set_output(0, Shape()));
  p.fold();
  return p.run(run_handle, number);
}

// ---- ASSIGN_VARIABLE

// What is assigned decides type and shape from now on.
Status run_assign(const Step& s, Run& run) {
  Resource* variable = nullptr;
  PIPIT_TRY(find(s, run, &variable));
  const Tensor& value = s.input(kValue);
  PIPIT_TRY(run.resize(s, variable, value.bytes));
  variable->type = value.type;
  variable->shape = value.shape;
  variable->is_set = true;
  if (value.bytes != 0) std::memcpy(variable->data, value.data, value.bytes);
  return {};
}

Status prepare_assign(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 0));
  PIPIT_TRY(check_handle(p));
  p.reserve_resource(kHandle, kVarHandle, p.input(kValue).bytes);
  return p.run(run_assign);
}

// ---- READ_VARIABLE

Status run_read(const Step& s, Run& run) {
  Resource* variable = nullptr;
  PIPIT_TRY(find(s, run, &variable));
  const Tensor& out = s.output(0);
  if (!variable->is_set) return run.fail(s, "the variable has no value yet");
  // The output was made for another value than is there now.
  if (variable->type != out.type || variable->bytes != out.bytes) {
    return run.fail(s, "the variable is now ", variable->type, " ", variable->shape, ", not ", out);
  }
  if (out.bytes != 0) std::memcpy(out.data, variable->data, out.bytes);
  return {};
}

// The file's shape, unless it says that it does not know.
bool shape_known(const Prepare& p) {
  const auto& file = *static_cast<const fb::Tensor*>(p.output(0).file_tensor);
  const Shape signature = shape_signature(p.output(0));
  for (int32_t i = 0; i < signature.rank; ++i) {
    if (signature[i] < 0) return false;
  }
  return p.output(0).type != Type::kString && (signature.rank != 0 || file.has_rank());
}

Status prepare_read(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(check_handle(p));
  // Without a shape in the file, that of the value is waited for.
  if (!p.late()) {
    if (!shape_known(p)) return p.defer();
    PIPIT_TRY(p.set_output(0, p.output(0).shape));
    return p.run(run_read);
  }
  const Resource* variable = p.resource(kHandle, kVarHandle);
  if (variable == nullptr) return p.bad(p.input(kHandle), " names no variable");
  if (!variable->is_set) return p.bad("the variable has no value yet");
  PIPIT_TRY(variable->type == Type::kString
                ? p.set_output_strings(0, variable->shape, variable->bytes)
                : p.set_output(0, variable->shape));
  return p.run(run_read);
}

}  // namespace

const Op kVarHandle = {builtin(fb::BuiltinOperator::VAR_HANDLE), "VAR_HANDLE", prepare_handle,
                       kOpNoFold | kOpMakesResource};
const Op kReadVariable = {builtin(fb::BuiltinOperator::READ_VARIABLE), "READ_VARIABLE",
                          prepare_read, kOpNoFold};
const Op kAssignVariable = {builtin(fb::BuiltinOperator::ASSIGN_VARIABLE), "ASSIGN_VARIABLE",
                            prepare_assign, kOpNoFold};

}  // namespace pipit
