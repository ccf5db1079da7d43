// SPDX-License-Identifier: Apache-2.0
// Every operator of this build, by name: a program that needs few puts those into a table of its
// own.
#pragma once

#include "pipit/op.h"

namespace pipit {

#define PIPIT_OP(name) extern const Op k##name;
#include "kernels/operators.inc"
#undef PIPIT_OP

}  // namespace pipit
