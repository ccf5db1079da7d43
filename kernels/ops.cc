// SPDX-License-Identifier: Apache-2.0
// The table of operators: a row each, by builtin code.
#include "kernels/ops.h"

#include "pipit/interpreter.h"

namespace pipit {
namespace {

constexpr const Op* kOps[] = {
    &kConv2d,
};

}  // namespace

OpTable all_operators() { return kOps; }

}  // namespace pipit
