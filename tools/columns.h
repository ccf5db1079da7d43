// SPDX-License-Identifier: Apache-2.0
// Text for a terminal of 80 columns.
#pragma once

#include <cstddef>
#include <string>

namespace pipit::tools {

// Lines of at most 80 columns, as far as words allow: the rest of a longer one goes on in the next
// one, further to the right, or at column `hang` where the line itself begins before it.
std::string in_80_columns(const std::string& text, size_t hang = 0);

// At most so many columns of a text that is fit for a terminal: "model/block_1/dep..."
std::string shortened(const std::string& text, size_t columns);

}  // namespace pipit::tools
