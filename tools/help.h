// SPDX-License-Identifier: Apache-2.0
// Help that fits a terminal of 80 columns, and what somebody may have meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pipit::tools {

constexpr size_t kHelpColumns = 80;

// Words in lines of so many columns.
std::vector<std::string> wrapped(const std::string& text, size_t columns);

// Paragraphs in lines of 80 columns. Lines that begin with blanks stay as they are, and one that
// begins with "--" begins a paragraph.
std::string reflowed(const std::string& text);

// The name that differs the least from what was typed; "" when none resembles it.
std::string nearest(const std::string& typed, const std::vector<std::string>& names);

// All names of an application's options, with their dashes; and of its subcommands.
std::vector<std::string> option_names(const CLI::App& app);
std::vector<std::string> command_names(const CLI::App& app);

// Of options and footers.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace pipit::tools
