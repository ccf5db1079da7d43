// SPDX-License-Identifier: Apache-2.0
// One self-contained HTML page: text, tables, and figures made of boxes. It loads nothing and runs
// nothing, reads in light and dark, and on narrow screens.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pipit::tools {

// Text as HTML shows it, also between quotation marks.
std::string escaped(const std::string& text);

// One of the colours of boxes, from 0 to kColours - 1.
constexpr int kColours = 8;
// The colour of an operator's kind, and what each colour then means: "convolution", ...
int operator_colour(const std::string& op);
const char* colour_meaning(int colour);

// A part of a figure: positions and sizes from 0 to 1, from the upper left.
struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  int colour = 0;
  std::string label = {};  // inside of it, cut off where it has no room
  std::string title = {};  // all there is to say, shown when pointed at
  std::string kind = {};   // more class names, for pages with a style of their own
};

// A name at a position from 0 to 1 of a figure's edge.
using Ticks = std::vector<std::pair<double, std::string>>;

struct Figure {
  std::string name = {};  // says what it shows, also to who cannot see it
  double height = 12;     // in lines of text
  double width = 0;       // in letters, at least: the figure scrolls where the screen has less
  std::vector<Box> boxes = {};
  Ticks across = {}, down = {};  // below it, and left of it
};

// A text in a table is aligned to the left, and a number, told by its first letter, to the right.
using Rows = std::vector<std::vector<std::string>>;

class Page {
 public:
  explicit Page(const std::string& title);

  // All of these take plain text.
  void heading(const std::string& text);
  void paragraph(const std::string& text);
  void warning(const std::string& text);
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  // The first row is the header.
  void table(const Rows& rows);
  void figure(const Figure& figure);
  // What the colours of operators mean.
  void legend(const std::vector<int>& colours);

  // These take HTML and CSS as they are.
  void raw(const std::string& html) { body_ += html; }
  void style(const std::string& css) { style_ += css; }

  std::string html() const;

 private:
  void element(const std::string& tag, const std::string& text);

  std::string title_, style_, body_;
};

}  // namespace pipit::tools
