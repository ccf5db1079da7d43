// SPDX-License-Identifier: Apache-2.0
// Pages show text from a model's file as text, whatever it holds.
#include "tools/page.h"

#include <gtest/gtest.h>

#include <string>

namespace pipit::test {
namespace {

using tools::Page;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Page, NothingFromAFileIsMarkup) {
  const std::string bad = "<script>\"'&\n";
  Page page(bad);
  page.heading(bad);
  page.paragraph(bad);
  page.warning(bad);
  page.facts({{bad, bad}});
  page.table({{bad}, {bad}});
  page.figure({.name = bad,
               .boxes = {{.width = 1, .label = bad, .title = bad, .kind = bad}},
               .across = {{0, bad}},
               .down = {{1, bad}}});
  const std::string html = page.html();
  EXPECT_FALSE(has(html, "<script"));
  EXPECT_FALSE(has(html, "\"'&"));
  EXPECT_TRUE(has(html, "<h2>&lt;script&gt;&quot;&#39;&amp;\\x0a</h2>")) << html;
}

TEST(Page, LoadsNothing) {
  const std::string html = Page("t").html();
  EXPECT_TRUE(has(html, "default-src 'none'"));
  EXPECT_FALSE(has(html, "http://") || has(html, "https://") || has(html, "url("));
}

TEST(Page, BoxesStayInTheirFigure) {
  Page page("t");
  page.figure({.boxes = {{.left = -1, .top = 0.25, .width = 2, .height = 0.5, .colour = 3}}});
  EXPECT_TRUE(has(page.html(),
                  "<div class=\"box c3\" style=\"left:0%;top:25%;width:100%;"
                  "height:50%\"></div>"));
}

TEST(Page, NumbersAreAlignedToTheRight) {
  Page page("t");
  page.table({{"operator", "us"}, {"ADD", "-1.5"}, {"", "12"}, {"MUL", ""}});
  const std::string html = page.html();
  EXPECT_TRUE(has(html, "<tr><th>operator</th><th class=n>us</th></tr>"));
  EXPECT_TRUE(has(html, "<tr><td>ADD</td><td class=n>-1.5</td></tr>"));
  EXPECT_TRUE(has(html, "<tr><td>MUL</td><td class=n></td></tr>"));
}

TEST(Page, OperatorsOfAKindShareAColour) {
  EXPECT_EQ(tools::operator_colour("CONV_2D"), tools::operator_colour("TRANSPOSE_CONV"));
  EXPECT_NE(tools::operator_colour("CONV_2D"), tools::operator_colour("DEPTHWISE_CONV_2D"));
  EXPECT_STREQ(tools::colour_meaning(tools::operator_colour("WHILE")), "other, bands of several");
  EXPECT_STREQ(tools::colour_meaning(99), "other, bands of several");
}

}  // namespace
}  // namespace pipit::test
