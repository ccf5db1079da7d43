// SPDX-License-Identifier: Apache-2.0
#include "tools/diff/diff_report.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "tools/columns.h"
#include "tools/format.h"
#include "tools/page.h"

namespace pipit::tools {
namespace {

std::string decibels(const Difference& d) {
  return std::isinf(d.signal_to_noise) && d.signal_to_noise > 0 ? "equal"
                                                                : number(d.signal_to_noise, 3);
}

std::string steps(const Difference& d) { return d.max_steps < 0 ? "" : number(d.max_steps, 3); }

std::string ulps(const Difference& d) {
  return d.max_ulps < 0 ? "" : d.max_ulps == INT64_MAX ? "inf" : std::to_string(d.max_ulps);
}

std::string label(const Layer& layer) { return "#" + std::to_string(layer.node) + " " + layer.op; }

std::string first_line(const DiffReport& r) {
  const Layer* first = r.first();
  const std::string beyond = r.bound ? " beyond " + r.bound->text : " that differs";
  if (first == nullptr) {
    return r.bound ? "all within " + r.bound->text : "all values are equal";
  }
  return "first" + beyond + ": " + label(*first) + ", T" + std::to_string(first->tensor.index) +
         " '" + printable(first->tensor.name) + "'";
}

std::string worst_line(const DiffReport& r) {
  const Layer* worst = r.worst();
  if (worst == nullptr || worst->difference.equal()) return "";
  return "least signal to noise: " + label(*worst) + ", " + decibels(worst->difference) + " dB";
}

std::string sentence(std::string line) {
  line[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(line[0])));
  return line + ".";
}

Rows rows(const DiffReport& r) {
  Rows rows = {{"operator", "max error", "mean", "steps", "ulps", "dB", "tensor"}};
  for (const Layer& layer : r.layers) {
    const Difference& d = layer.difference;
    rows.push_back({label(layer), number(d.max_error, 3), number(d.mean_error, 3), steps(d),
                    ulps(d), decibels(d), printable(layer.tensor.name)});
  }
  return rows;
}

// Infinities are no numbers of JSON.
Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json layer_json(const Layer& layer) {
  const Difference& d = layer.difference;
  Json json = {{"node", layer.node}, {"op", layer.op}};
  json.update(tensor_json(layer.tensor));
  json["elements"] = d.elements;
  json["different"] = d.different;
  json["max_error"] = json_number(d.max_error);
  json["mean_error"] = json_number(d.mean_error);
  json["max_steps"] = d.max_steps < 0 ? Json() : json_number(d.max_steps);
  json["max_ulps"] = d.max_ulps < 0 ? Json() : Json(d.max_ulps);
  json["signal_to_noise_db"] = json_number(d.signal_to_noise);
  return json;
}

// ---- bars

std::string title(const Layer& layer) {
  const Difference& d = layer.difference;
  std::string text = label(layer) + " " + tensor_text(layer.tensor) + ": max error " +
                     number(d.max_error, 4) + ", mean " + number(d.mean_error, 4);
  if (d.max_steps >= 0) text += ", " + steps(d) + " steps";
  if (d.max_ulps >= 0) text += ", " + ulps(d) + " ulps";
  return text + ", " + decibels(d) + (decibels(d) == "equal" ? "" : " dB");
}

Figure bars(const DiffReport& r, const std::string& name) {
  Figure figure;
  figure.name = name;
  figure.height = 14;
  figure.width = 1.2 * static_cast<double>(r.layers.size());
  const auto n = static_cast<double>(r.layers.size());
  const size_t every = std::max<size_t>(1, (r.layers.size() + 9) / 10);
  for (size_t i = 0; i < r.layers.size(); i += every) {
    figure.across.push_back(
        {(static_cast<double>(i) + 0.5) / n, "#" + std::to_string(r.layers[i].node)});
  }
  return figure;
}

void add_bar(const DiffReport& r, size_t i, double height, Figure* figure) {
  const double n = static_cast<double>(r.layers.size());
  const Layer& layer = r.layers[i];
  figure->boxes.push_back({.left = static_cast<double>(i) / n,
                           .top = 1 - height,
                           .width = 1 / n,
                           .height = height,
                           .colour = operator_colour(layer.op),
                           .title = title(layer),
                           .kind = r.first() == &layer ? "bar first" : "bar"});
}

// On a scale of powers of ten: errors of layers differ by orders of magnitude.
Figure error_bars(const DiffReport& r) {
  double least = INFINITY, most = 0;
  for (const Layer& layer : r.layers) {
    const double e = layer.difference.max_error;
    if (e > 0 && std::isfinite(e)) least = std::min(least, e), most = std::max(most, e);
  }
  Figure figure = bars(r, "The largest error of each operator, in real units");
  if (most == 0) least = most = 1;
  const double bottom = std::floor(std::log10(least)) - 0.5,
               top = std::ceil(std::log10(most)) + 0.1;
  const auto height = [&](double e) { return (std::log10(e) - bottom) / (top - bottom); };
  for (size_t i = 0; i < r.layers.size(); ++i) {
    const double e = r.layers[i].difference.max_error;
    add_bar(r, i, e == 0 ? 0 : std::isfinite(e) ? std::max(0.01, height(e)) : 1.0, &figure);
  }
  for (double power = std::ceil(bottom); power <= top; ++power) {
    figure.down.push_back({1 - (power - bottom) / (top - bottom), "1e" + number(power)});
  }
  return figure;
}

Figure noise_bars(const DiffReport& r) {
  constexpr double kMost = 120;  // dB; what is equal has no bar's end
  Figure figure = bars(r, "Signal to noise of each operator, in dB");
  for (size_t i = 0; i < r.layers.size(); ++i) {
    const double db = r.layers[i].difference.signal_to_noise;
    add_bar(r, i, std::clamp(std::isnan(db) ? 0 : db / kMost, 0.01, 1.0), &figure);
  }
  for (const int db : {0, 30, 60, 90, 120}) {
    figure.down.push_back({1 - db / kMost, std::to_string(db) + (db == 120 ? "+ dB" : " dB")});
  }
  return figure;
}

}  // namespace

const Layer* DiffReport::first() const {
  for (const Layer& layer : layers) {
    if (bound ? !bound->holds(layer.difference) : !layer.difference.equal()) return &layer;
  }
  return nullptr;
}

const Layer* DiffReport::worst() const {
  const auto less = [](const Layer& a, const Layer& b) {
    return a.difference.signal_to_noise < b.difference.signal_to_noise;
  };
  const auto at = std::min_element(layers.begin(), layers.end(), less);
  return at == layers.end() ? nullptr : &*at;
}

std::string diff_text(const DiffReport& r) {
  const std::string lines = table(rows(r), "  "), worst = worst_line(r);
  std::string text =
      printable(r.model) + " (kernels: " + r.isa + ") against " + printable(r.reference) + "\n";
  for (size_t at = 0, end = 0; at < lines.size(); at = end + 1) {
    end = lines.find('\n', at);
    text += shortened(lines.substr(at, end - at), 80) + "\n";  // names are the last column
  }
  return text + in_80_columns(first_line(r) + "\n" + (worst.empty() ? "" : worst + "\n"));
}

Json diff_json(const DiffReport& r) {
  Json json = {{"model", r.model},
               {"isa", r.isa},
               {"reference", r.reference},
               {"max_error", r.bound ? Json(r.bound->text) : Json()},
               {"holds", r.bound ? Json(r.bound_holds()) : Json()},
               {"first", r.first() == nullptr ? Json() : Json(r.first() - r.layers.data())},
               {"layers", Json::array()}};
  for (const Layer& layer : r.layers) json["layers"].push_back(layer_json(layer));
  return json;
}

std::string diff_page(const DiffReport& r) {
  Page page("What each operator computes");
  page.style(".bar.first { outline: .2rem solid var(--ink); outline-offset: -.2rem; }\n");
  page.paragraph(r.model + " (kernels: " + r.isa + ") against " + r.reference + ".");
  page.paragraph(sentence(first_line(r)));
  if (!worst_line(r).empty()) page.paragraph(sentence(worst_line(r)));
  page.heading("Largest error, real units, by powers of ten");
  page.figure(error_bars(r));
  page.heading("Signal to noise");
  page.figure(noise_bars(r));
  std::vector<int> colours;
  for (const Layer& layer : r.layers) colours.push_back(operator_colour(layer.op));
  std::sort(colours.begin(), colours.end());
  colours.erase(std::unique(colours.begin(), colours.end()), colours.end());
  page.legend(colours);
  page.heading("Operators");
  page.table(rows(r));
  return page.html();
}

}  // namespace pipit::tools
