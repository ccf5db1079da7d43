// SPDX-License-Identifier: Apache-2.0
// The subcommands: each adds itself, its options and what they start to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace pipit::tools {

// For options that count something.
inline CLI::Validator at_least_one() {
  CLI::Validator range = CLI::Range(1, INT32_MAX);
  return range.description("");
}

void add_run(CLI::App& pipit);
void add_inspect(CLI::App& pipit);
void add_classify(CLI::App& pipit);
void add_convert(CLI::App& pipit);
void add_export_keras(CLI::App& pipit);

}  // namespace pipit::tools
