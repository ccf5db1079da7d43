// SPDX-License-Identifier: Apache-2.0
// The times of operators as the message BenchmarkProfilingData of TensorFlow Lite's
// benchmark_model, in protobuf's wire format.
#pragma once

#include <string>

#include "tools/bench/measure.h"

namespace pipit::tools {

std::string profile_proto(const Session& session, const Measurement& m);

}  // namespace pipit::tools
