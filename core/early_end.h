// SPDX-License-Identifier: Apache-2.0
// How an operator ends an invocation before its last step, without a failure.
#pragma once

#include "pipit/status.h"

namespace pipit {

// What its run function returns. Interpreter::invoke() makes success of it, and the message, if the
// operator left one, says why the outputs are not new.
constexpr Code kEndsEarly = static_cast<Code>(255);

}  // namespace pipit
