// SPDX-License-Identifier: Apache-2.0
// Facts that the file of a checked model states, for people and for messages.
#pragma once

#include <string>
#include <vector>

#include "pipit/model.h"

namespace pipit::tools {

// Text from a file as a terminal may show it: on its line, and what is no text as "\x1b".
std::string printable(const std::string& text);

// "CONV_2D"; a custom operator's own name.
std::string operator_name(const Node& node);
bool is_custom(const Node& node);

// Whether this build has the operator, whatever its types.
bool in_build(const Node& node);

// The operators that nodes of the model use and this build lacks, each once.
std::vector<std::string> missing_operators(const Model& model);

}  // namespace pipit::tools
