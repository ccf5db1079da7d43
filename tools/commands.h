// SPDX-License-Identifier: Apache-2.0
// The subcommands: each adds itself, its options and what they start to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>

#include "pipit/interpreter.h"

namespace pipit::tools {

// For options that count something.
inline CLI::Validator at_least_one() {
  CLI::Validator range = CLI::Range(1, INT32_MAX);
  return range.description("");
}

// For --bands; help lists the names in its own words.
inline CLI::Validator bands_names() {
  const std::map<std::string, Bands> names = {
      {"auto", Bands::kWhereTheyPay}, {"never", Bands::kNever}, {"all", Bands::kEverywhere}};
  CLI::Validator transformer = CLI::CheckedTransformer(names, CLI::ignore_case);
  return transformer.description("");
}

// --cpu and --isa, for plans that need not run here.
inline void add_cpu_options(CLI::App* app, std::string* cpu, std::string* isa) {
  app->add_option("--cpu", *cpu, "For another CPU: cortex-a53, ..., aarch64 or any")
      ->type_name("NAME");
  app->add_option("--isa", *isa, "For portable, neon, dotprod or i8mm")->type_name("NAME");
}

void add_run(CLI::App& pipit);
void add_bench(CLI::App& pipit);
void add_inspect(CLI::App& pipit);
void add_classify(CLI::App& pipit);
void add_convert(CLI::App& pipit);
void add_export_keras(CLI::App& pipit);
void add_diff(CLI::App& pipit);
void add_plan(CLI::App& pipit);
void add_man(CLI::App& pipit);

}  // namespace pipit::tools
