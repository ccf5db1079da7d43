// SPDX-License-Identifier: Apache-2.0
#include "tools/help.h"

#include <algorithm>
#include <numeric>
#include <sstream>

namespace pipit::tools {
namespace {

constexpr size_t kNameColumns = 26;

// How many letters have to be changed, added, left out, or swapped with their neighbour.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), row(b.size() + 1), last(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      const size_t change = last[k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1);
      row[k] = std::min({change, last[k] + 1, row[k - 1] + 1});
      const bool swapped = i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
      if (swapped) row[k] = std::min(row[k], before[k - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> wrapped(const std::string& text, size_t columns) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > columns) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
  }
  return lines;
}

std::string reflowed(const std::string& text) {
  std::string result, paragraph;
  const auto finish = [&] {
    for (const std::string& line : wrapped(paragraph, kHelpColumns)) result += line + "\n";
    paragraph.clear();
  };
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool as_it_is = line.empty() || line[0] == ' ';
    if (as_it_is || line.compare(0, 2, "--") == 0) finish();
    if (as_it_is) {
      result += line + "\n";
    } else {
      paragraph += " " + line;
    }
  }
  finish();
  if (!result.empty()) result.pop_back();
  return result;
}

std::string nearest(const std::string& typed, const std::vector<std::string>& names) {
  std::string best;
  size_t least = std::max<size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : names) {
    // What was typed may be the beginning of it.
    const bool begins = typed.size() >= 3 && name.compare(0, typed.size(), typed) == 0;
    const size_t away = begins ? 1 : distance(typed, name);
    if (away >= least) continue;
    least = away;
    best = name;
  }
  return best;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

HelpFormatter::HelpFormatter() { column_width(kNameColumns); }

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  std::string text;
  for (const std::string& line : wrapped(option->get_description(), kHelpColumns - kNameColumns)) {
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  const std::string footer = reflowed(app->get_footer());
  return footer.empty() ? "" : "\n" + footer + "\n";
}

}  // namespace pipit::tools
