// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/trust.h"

#include <algorithm>

#include "tools/bench/provenance.h"
#include "tools/bench/times_report.h"

namespace pipit::tools {
namespace {

std::string percent(double part) { return number(100 * part, 3) + " %"; }

void warn_of_clock(const Meanwhile& all, const Board& board, std::vector<std::string>* lines) {
  constexpr double kNear = 0.95;
  if (!all.clock.any || !board.highest_clock_hz()) return;
  const auto highest = static_cast<double>(*board.highest_clock_hz());
  if (all.clock.low >= kNear * highest) return;
  std::string line = "the clock was at " + megahertz(all.clock.low);
  if (all.clock.high > all.clock.low) line += " to " + megahertz(all.clock.high);
  line += " of " + megahertz(highest);
  if (!board.governor().empty() && board.governor() != "performance") {
    line += ": governor '" + board.governor() + "' lowers it; 'performance' does not";
  }
  lines->push_back(line);
}

// How much of the time of one thread went to other programs.
void warn_of_others(const Measurement& m, std::vector<std::string>* lines) {
  constexpr double kEnough = 0.1, kMost = 0.05;
  const double busy = m.times.mean() * static_cast<double>(m.times.count()) * 1e-6;
  if (m.threads != 1 || busy < kEnough || m.usage.cpu_seconds >= (1 - kMost) * busy) return;
  lines->push_back("other programs took " + percent(1 - m.usage.cpu_seconds / busy) +
                   " of the time");
}

void warn_of_spread(const Measurement& m, std::vector<std::string>* lines) {
  constexpr double kWide = 0.1, kTail = 2;
  const Sorted sorted(m.times.kept());
  const auto interval = sorted.median_interval();
  if (!interval) {
    lines->push_back("only " + std::to_string(m.times.count()) +
                     " runs: too few to say how sure the median is");
  } else if (interval->high - interval->low > kWide * sorted.median() ||
             sorted.quantile(0.9) > kTail * sorted.median()) {
    lines->push_back("times vary much from run to run: from " + duration(m.times.min()) + " to " +
                     duration(m.times.max()));
  }
}

}  // namespace

std::string megahertz(double hertz) { return number(hertz / 1e6, 4) + " MHz"; }

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : ", ") + item;
  return text;
}

Meanwhile meanwhile(const Measurement& m) {
  Meanwhile all;
  std::vector<const BoardState*> states = {&m.before, &m.after};
  for (const Moment& moment : m.moments) states.push_back(&moment.board);
  for (const BoardState* state : states) {
    if (state->celsius) all.celsius.add(*state->celsius);
    if (!state->throttled) continue;
    all.throttling_known = true;
    for (const std::string& reason : *state->throttled) {
      if (std::find(all.throttled.begin(), all.throttled.end(), reason) == all.throttled.end()) {
        all.throttled.push_back(reason);
      }
    }
  }
  for (const Moment& moment : m.moments) {
    if (moment.board.clock_hz) all.clock.add(static_cast<double>(*moment.board.clock_hz));
  }
  return all;
}

std::string meanwhile_text(const Meanwhile& all) {
  std::vector<std::string> facts;
  const auto range = [](double low, double high, const char* unit) {
    return number(low, 4) + (high > low ? " to " + number(high, 4) : "") + unit;
  };
  if (all.clock.any) facts.push_back(range(all.clock.low / 1e6, all.clock.high / 1e6, " MHz"));
  if (all.celsius.any) facts.push_back(range(all.celsius.low, all.celsius.high, " C"));
  if (all.throttling_known) {
    facts.push_back(all.throttled.empty() ? "not throttled"
                                          : "held down: " + joined(all.throttled));
  }
  return facts.empty() ? "unknown" : joined(facts);
}

std::vector<std::string> warnings(const Measurement& m, const Board& board) {
  std::vector<std::string> lines;
  const Meanwhile all = meanwhile(m);
  constexpr double kHot = 80;
  if (!all.throttled.empty()) {
    lines.push_back("the board was held down meanwhile: " + joined(all.throttled));
  }
  warn_of_clock(all, board, &lines);
  if (all.celsius.any && all.celsius.high >= kHot) {
    lines.push_back("it was as warm as " + number(all.celsius.high, 3) +
                    " C: boards lower their clock then");
  }
  if (!m.times.empty()) {
    warn_of_others(m, &lines);
    warn_of_spread(m, &lines);
  }
  if (m.threads > board.cpus()) {
    lines.push_back(std::to_string(m.threads) + " threads share " + std::to_string(board.cpus()) +
                    (board.cpus() == 1 ? " CPU" : " CPUs"));
  }
  if (!optimized()) lines.push_back("this build of pipit is for finding errors, not for speed");
  return lines;
}

}  // namespace pipit::tools
