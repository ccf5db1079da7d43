// SPDX-License-Identifier: Apache-2.0
// How an operator ends an invocation before its last step, without a failure.
#pragma once

#include "pipit/status.h"

namespace pipit {

// What its run function returns when it has written its own outputs. Interpreter::invoke() makes
// success of it, and the message, if the operator left one, says why the outputs are not new.
constexpr Code kEndsEarly = static_cast<Code>(255);
// The same of an operator that calls a subgraph which has ended so: its outputs are not written.
constexpr Code kEndedInside = static_cast<Code>(254);

constexpr bool ends_early(Status status) {
  return status.code() == kEndsEarly || status.code() == kEndedInside;
}

}  // namespace pipit
