// SPDX-License-Identifier: Apache-2.0
// Runs models with spoilt bytes: they may be refused or compute nonsense, but must neither crash
// nor hang.
#pragma once

#include "tests/conformance/run_case.h"

namespace pipit::test {

// Spoils the case's model in `count` ways, the same ones each time.
Outcome run_mutations(const Case& c, const Setup& setup, int count);

}  // namespace pipit::test
