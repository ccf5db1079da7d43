// SPDX-License-Identifier: Apache-2.0
#include "tools/page.h"

#include <algorithm>
#include <cctype>

#include "tools/describe.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

// Dark letters on light boxes, or light ones on dark boxes. Where the shape of a page depends on
// its width, so does the number of columns, never the size of letters.
constexpr char kStyle[] = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --soft: #5a6068;
  --line: #d4d8dd; --shade: #f3f5f7; --warn: #fff1c9; --c0: #a9cdf0; --c1: #a5dcc2;
  --c2: #f3cf8f; --c3: #e6b8d4; --c4: #c9c3ee; --c5: #d3d7db; --c6: #f0b9a8; --c7: #e4dfa4; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e7e9ec; --soft: #a3aab3;
  --line: #3a3f46; --shade: #202429; --warn: #4a3b08; --c0: #1f5583; --c1: #1d6347;
  --c2: #7a5410; --c3: #7b3a61; --c4: #4c4494; --c5: #474d54; --c6: #8a3f29; --c7: #5f5a16; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 78rem; background: var(--paper);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; }
p { margin: .4rem 0; max-width: 46rem; }
.warning { background: var(--warn); border-left: .3rem solid var(--c2); padding: .4rem .7rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .5rem 1rem;
  margin: .6rem 0; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .6rem .15rem 0; text-align: left; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line); }
tr:nth-child(2n+1) td { background: var(--shade); }
.n { text-align: right; }
.plot { position: relative; padding-bottom: 1.6rem; }
.plot.named { padding-left: 5.2rem; }
.figure { position: relative; background: var(--shade); border: 1px solid var(--line); }
.box { position: absolute; overflow: hidden; white-space: nowrap; text-overflow: ellipsis;
  font-size: .72rem; line-height: 1.3; text-indent: .2rem;
  box-shadow: inset -1px -1px var(--paper); }
.thin { box-shadow: none; }
.across, .down { position: absolute; font-size: .72rem; color: var(--soft); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.across { top: 100%; transform: translateX(-50%); padding-top: .15rem; }
.across.first { transform: none; }
.across.last { transform: translateX(-100%); }
.down { right: 100%; transform: translateY(-50%); padding-right: .35rem; }
.down.first { transform: none; }
.down.last { transform: translateY(-100%); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .8rem; margin: .4rem 0; }
.legend i { display: inline-block; width: .9rem; height: .9rem; margin-right: .35rem;
  vertical-align: -.1rem; }
)";

// The first that fits. An operator that none fits has the last colour.
constexpr struct {
  int colour;
  const char* part;
} kParts[] = {
    {1, "DEPTHWISE"}, {0, "CONV"},     {2, "FULLY_CONNECTED"},
    {2, "MATMUL"},    {6, "LSTM"},     {6, "RNN"},
    {6, "SVDF"},      {4, "POOL"},     {4, "MEAN"},
    {4, "SUM"},       {4, "REDUCE"},   {4, "ARG_M"},
    {4, "SOFTMAX"},   {5, "RESHAPE"},  {5, "PAD"},
    {5, "CONCAT"},    {5, "SLICE"},    {5, "SPLIT"},
    {5, "TRANSPOSE"}, {5, "GATHER"},   {5, "SQUEEZE"},
    {5, "EXPAND"},    {5, "PACK"},     {5, "RESIZE"},
    {5, "SPACE"},     {5, "TILE"},     {5, "EMBEDDING"},
    {3, "ADD"},       {3, "SUB"},      {3, "MUL"},
    {3, "DIV"},       {3, "QUANTIZE"}, {3, "RELU"},
    {3, "LOGISTIC"},  {3, "TANH"},     {3, "SWISH"},
    {3, "MAXIMUM"},   {3, "MINIMUM"},  {3, "SQRT"},
    {3, "CAST"},
};

std::string percent(double part) { return number(100 * std::clamp(part, 0.0, 1.0), 6) + "%"; }

bool is_number(const std::string& text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[text[0] == '-' ? 1 : 0]));
}

std::string row(const std::vector<std::string>& cells, const std::vector<bool>& numbers,
                const char* tag) {
  std::string html = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool right = i < numbers.size() && numbers[i];
    html +=
        std::string("<") + tag + (right ? " class=n>" : ">") + escaped(cells[i]) + "</" + tag + ">";
  }
  return html + "</tr>\n";
}

// Which columns of the rows behind the header hold numbers only.
std::vector<bool> number_columns(const Rows& rows) {
  std::vector<bool> numbers(rows.empty() ? 0 : rows[0].size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    bool any = false, all = true;
    for (size_t k = 1; k < rows.size(); ++k) {
      if (i >= rows[k].size() || rows[k][i].empty()) continue;
      any = true;
      all = all && is_number(rows[k][i]);
    }
    numbers[i] = any && all;
  }
  return numbers;
}

std::string box_html(const Box& box) {
  std::string html = "<div class=\"box c" + std::to_string(box.colour);
  if (!box.kind.empty()) html += " " + escaped(box.kind);
  html += "\" style=\"left:" + percent(box.left) + ";top:" + percent(box.top) +
          ";width:" + percent(box.width) + ";height:" + percent(box.height) + "\"";
  if (!box.title.empty()) html += " title=\"" + escaped(box.title) + "\"";
  return html + ">" + escaped(box.label) + "</div>\n";
}

std::string ticks_html(const Ticks& ticks, const std::string& side, const char* edge) {
  std::string html;
  for (const auto& [at, name] : ticks) {
    const char* end = at < 0.02 ? " first" : at > 0.98 ? " last" : "";
    html += "<span class=\"" + side + end + "\" style=\"" + edge + ":" + percent(at) + "\">" +
            escaped(name) + "</span>\n";
  }
  return html;
}

std::string colours_css() {
  std::string css;
  for (int i = 0; i < kColours; ++i) {
    const std::string n = std::to_string(i);
    css += ".c" + n + " { background: var(--c" + n + "); }\n";
  }
  return css;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

int operator_colour(const std::string& op) {
  for (const auto& [colour, part] : kParts) {
    if (op.find(part) != std::string::npos) return colour;
  }
  return kColours - 1;
}

const char* colour_meaning(int colour) {
  constexpr const char* kMeanings[kColours] = {
      "convolution",  "depthwise convolution",  "fully connected, matrix product",
      "element-wise", "pooling, reduction",     "data moved",
      "recurrent",    "other, bands of several"};
  return kMeanings[std::clamp(colour, 0, kColours - 1)];
}

Page::Page(const std::string& title) : title_(title) { element("h1", title); }

void Page::element(const std::string& tag, const std::string& text) {
  const std::string end = tag.substr(0, tag.find(' '));
  body_ += "<" + tag + ">" + escaped(text) + "</" + end + ">\n";
}

void Page::heading(const std::string& text) { element("h2", text); }
void Page::paragraph(const std::string& text) { element("p", text); }
void Page::warning(const std::string& text) { element("p class=warning", text); }

void Page::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  body_ += "<dl>\n";
  for (const auto& [name, value] : facts) {
    body_ += "<div><dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd></div>\n";
  }
  body_ += "</dl>\n";
}

void Page::table(const Rows& rows) {
  const std::vector<bool> numbers = number_columns(rows);
  body_ += "<div class=wide tabindex=0><table>\n";
  for (size_t i = 0; i < rows.size(); ++i) body_ += row(rows[i], numbers, i == 0 ? "th" : "td");
  body_ += "</table></div>\n";
}

void Page::figure(const Figure& figure) {
  body_ += "<div class=wide tabindex=0><div class=\"plot" +
           std::string(figure.down.empty() ? "" : " named") +
           "\" style=\"min-width:" + number(figure.width) +
           "ch\"><div class=figure role=img aria-label=\"" + escaped(figure.name) +
           "\" style=\"height:" + number(figure.height) + "rem\">\n";
  for (const Box& box : figure.boxes) body_ += box_html(box);
  body_ += ticks_html(figure.across, "across", "left") + ticks_html(figure.down, "down", "top") +
           "</div></div></div>\n";
}

void Page::legend(const std::vector<int>& colours) {
  body_ += "<div class=legend>";
  for (const int colour : colours) {
    body_ += "<span><i class=c" + std::to_string(colour) + "></i>" +
             escaped(colour_meaning(colour)) + "</span>\n";
  }
  body_ += "</div>\n";
}

std::string Page::html() const {
  return "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n"
         "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=Content-Security-Policy "
         "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>" +
         escaped(title_) + "</title>\n<style>" + kStyle + colours_css() + style_ +
         "</style>\n<body>\n" + body_ + "</body>\n</html>\n";
}

}  // namespace pipit::tools
