// SPDX-License-Identifier: Apache-2.0
// Operators for tests of core, each using one feature of the operator interface. All on int32.
//
//   ADD_ONE     out = in + 1, may be written in place
//   COPY        out = in, may share its bytes
//   SUM         out = a + b
//   REVERSE     out = in backwards, by way of scratch memory
//   SHAPE_OF    out = the shape of in, known at plan time
//   COUNT       out = 0, 1, ..., n - 1 where n is the value of in: a shape that depends on values
//   ACCUMULATE  the variable in[0] += in[1]; out = the variable
//   CALL        outputs of the subgraph that the first byte of the custom options names
//   REFUSE_NEGATIVE  out = in; fails while running when a value is negative
#pragma once

#include "pipit/interpreter.h"

namespace pipit::test {

OpTable test_ops();

}  // namespace pipit::test
