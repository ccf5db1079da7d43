// SPDX-License-Identifier: Apache-2.0
// Where Pipit answers otherwise than TensorFlow Lite, on purpose.
#pragma once

#include <string>

namespace pipit::test {

// Why the case "operator/name" may not match the stored answer; nullptr for all but a few.
const char* deviation(const std::string& name);

}  // namespace pipit::test
