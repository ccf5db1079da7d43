// SPDX-License-Identifier: Apache-2.0
// The table of operators.
#include "kernels/ops.h"

#include "pipit/interpreter.h"

namespace pipit {
namespace {

constexpr const Op* kOps[] = {
#define PIPIT_OP(name) &k##name,
#include "kernels/operators.inc"
#undef PIPIT_OP
};

}  // namespace

OpTable all_operators() { return kOps; }

}  // namespace pipit
