// SPDX-License-Identifier: Apache-2.0
#include "tools/columns.h"

#include <algorithm>
#include <string_view>

#include "pipit/printable.h"

namespace pipit::tools {
namespace {

// Where a line is best broken so that at most so many columns come before: behind a clause, between
// columns, or between words.
size_t break_of(std::string_view line, size_t columns, size_t least) {
  const std::string_view start = line.substr(0, columns + 1);
  for (const char* mark : {"; ", "  ", ", ", " "}) {
    const size_t at = start.rfind(mark);
    const size_t far = mark[1] == '\0' ? least : std::max(least, columns / 3);
    if (at != std::string_view::npos && at > far) return line.find(' ', at);
  }
  return std::string_view::npos;
}

// Adds a line; of more than 80 columns, it goes on in the next one, further to the right.
void append_line(std::string_view line, size_t hang, std::string* text) {
  constexpr size_t kColumns = 80, kMostIndent = 40;
  const size_t indent = line.find_first_not_of(' ');
  std::string lead;
  while (lead.size() + line.size() > kColumns && indent <= kMostIndent) {
    const size_t words = lead.empty() ? indent : 0;
    const size_t blank = break_of(line, kColumns - lead.size(), words);
    if (blank == std::string_view::npos) break;
    const size_t last = line.find_last_not_of(' ', blank),
                 next = line.find_first_not_of(' ', blank);
    if (last == std::string_view::npos || last < words || next == std::string_view::npos) break;
    *text += lead;
    *text += line.substr(0, last + 1);
    *text += "\n";
    line.remove_prefix(next);
    lead.assign(hang == 0 ? indent + 6 : std::max(indent, hang), ' ');
  }
  *text += lead;
  *text += line;
  *text += "\n";
}

}  // namespace

std::string in_80_columns(const std::string& text, size_t hang) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    append_line(std::string_view(text).substr(at, end - at), hang, &result);
    at = end + 1;
  }
  return result;
}

std::string shortened(const std::string& text, size_t columns) {
  constexpr char kRest[] = "...";
  const size_t rest = sizeof(kRest) - 1;
  size_t shown = 0, end = 0;  // columns, and bytes that fit with the rest behind them
  for (size_t at = 0; at < text.size(); ++shown) {
    if (shown + rest <= columns) end = at;
    const size_t bytes = shown_bytes(text.data() + at, text.size() - at);
    at += std::max<size_t>(1, bytes);
  }
  return shown <= columns ? text : text.substr(0, end) + kRest;
}

}  // namespace pipit::tools
