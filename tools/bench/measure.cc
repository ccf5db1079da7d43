// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "tools/digest.h"
#include "tools/failure.h"
#include "tools/feed.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

double seconds_since(Clock::time_point begin) { return microseconds_since(begin) * 1e-6; }

Cost times(const Cost& cost, double runs) {
  const auto scaled = [&](int64_t n) {
    const double product = static_cast<double>(n) * runs;
    return product < 9.2e18 ? std::llround(product) : INT64_MAX;
  };
  Cost all;
  all.multiply_adds = scaled(cost.multiply_adds);
  all.read_bytes = scaled(cost.read_bytes);
  all.written_bytes = scaled(cost.written_bytes);
  all.weight_bytes = scaled(cost.weight_bytes);
  return all;
}

// What a step's nodes write, as benchmark_model names it: [a, b]:3
std::string name_of(const Model& model, const StepInfo& step) {
  std::string names;
  for (const int32_t i : model.node(step.node, step.subgraph).outputs) {
    if (i < 0) continue;
    names += (names.empty() ? "" : ", ") + printable(model.tensor(i, step.subgraph).name);
  }
  return "[" + names + "]:" + std::to_string(step.node);
}

// The operators of a step, in running order.
std::vector<StepInfo> operators_of(const Interpreter& net, const StepInfo& step) {
  if (step.chain < 0) return {step};
  std::vector<StepInfo> links;
  for (int k = 0; k < net.chain(step.chain).operators; ++k) {
    links.push_back(net.chain_step(step.chain, k));
  }
  return links;
}

double seconds(double s) { return std::isfinite(s) ? std::max(0.0, s) : 0; }

}  // namespace

struct Measurer::Phase {
  const char* name;
  int runs;
  double least_seconds;
  bool measured;
};

Measurer::Measurer(const BenchOptions& options, int threads, Board* board, Progress* progress)
    : options_(options), board_(board), progress_(progress), layers_(input_layers(options)) {
  m_.threads = threads;
}

Measurer::~Measurer() = default;

void Measurer::plan() {
  m_.start_bytes = resident_bytes();
  Options options;
  options.cpu = cpu_for(options_.isa);
  const Clock::time_point begin = Clock::now();
  session_ = std::make_unique<Session>(options_.model);
  m_.load_us = microseconds_since(begin);
  if (!options_.signature.empty()) session_->choose_signature(options_.signature);
  if (!layers_.empty() && static_cast<int>(layers_.size()) != session_->file_inputs()) {
    throw Failure(kUsage, "--input_layer names " + std::to_string(layers_.size()) +
                              " inputs, but " + options_.model + " takes " +
                              std::to_string(session_->file_inputs()));
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    shapes_.push_back({static_cast<int>(i), layers_[i].shape, session_->subgraph()});
  }
  counters_ = std::make_unique<Counters>();  // before threads start: it counts them as well
  if (team_.start(m_.threads) < m_.threads) {
    throw Failure(kUsage, "--threads " + std::to_string(m_.threads) + ": only " +
                              std::to_string(team_.threads()) + " can be had");
  }
  options.team = &team_;
  options.shapes = shapes_;
  const Waiting waiting("planning");
  const Clock::time_point planning = Clock::now();
  session_->plan(options);
  m_.plan_us = microseconds_since(planning);
  m_.planned_bytes = resident_bytes();
  m_.file_bytes = session_->model().file().size();
}

std::vector<uint8_t> Measurer::input_bytes(int i) const {
  const Tensor& t = session_->input(i);
  const InputLayer layer = layers_.empty() ? InputLayer() : layers_[static_cast<size_t>(i)];
  const uint64_t seed = (options_.seed << 20) + static_cast<uint64_t>(i);
  if (!layer.file.empty()) return file_bytes(layer.file, t);
  if (layer.range) return random_between(t, layer.range->first, layer.range->second, seed);
  return random_bytes(t, seed);
}

void Measurer::feed() {
  for (int i = 0; i < session_->inputs(); ++i) {
    if (!session_->input(i).constant()) session_->feed(i, input_bytes(i));
  }
}

// Microseconds of one inference. The first one may find that the arena has to be larger.
double Measurer::invoke() {
  double us = 0;
  const auto once = [&] {
    const Clock::time_point begin = Clock::now();
    session_->invoke();
    us = microseconds_since(begin);
  };
  if (fed_) {
    session_->reset();
    once();
    return us;
  }
  session_->run([&] {
    feed();
    once();
  });
  fed_ = true;
  return us;
}

// Until the next run is to begin; `run` of them are done.
void Measurer::pause(double begun_seconds, int64_t run) const {
  constexpr double kMost = 24 * 3600;
  double wait = options_.run_delay;
  if (options_.run_frequency > 0) {
    wait = static_cast<double>(run) / options_.run_frequency - begun_seconds;
  }
  if (!(wait > 0)) return;
  std::this_thread::sleep_for(std::chrono::duration<double>(std::min(wait, kMost)));
}

void Measurer::look(double now) {
  constexpr double kInterval = 0.1;
  if (now < next_look_) return;
  m_.moments.push_back({now, resident_bytes(), board_->look()});
  next_look_ = now + std::max(kInterval, now / 200);  // so that there are never very many
}

void Measurer::repeat(const Phase& phase, Times* times) {
  const Clock::time_point begin = Clock::now();
  double now = 0;
  for (int run = 0; (run < phase.runs || now < phase.least_seconds) && now <= options_.max_secs;) {
    times->add(invoke());
    pause(seconds_since(begin), ++run);
    now = seconds_since(begin);
    if (phase.measured) look(now);
    if (progress_->due()) {
      progress_->show(std::string(phase.name) + " on " + std::to_string(m_.threads) +
                      (m_.threads == 1 ? " thread: " : " threads: ") + std::to_string(run) +
                      " runs, " + number(now, 3) + " s");
    }
  }
}

void Measurer::measure() {
  const Usage before = usage();
  counters_->start();
  const Clock::time_point begin = Clock::now();
  repeat({"measuring", options_.num_runs, seconds(options_.min_secs), true}, &m_.times);
  m_.seconds = seconds_since(begin);
  counters_->stop();
  m_.usage = usage() - before;
  m_.no_counts = counters_->refusal();
  if (m_.times.empty()) return;
  m_.counts = counters_->read();
  for (Count& count : m_.counts) count.value /= static_cast<double>(m_.times.count());
}

// Apart from the others: it takes time of its own to note times.
void Measurer::profile() {
  constexpr int kMostRuns = 50;
  constexpr double kSeconds = 0.5;
  session_->set_profiler(profile_.profiler());
  const Clock::time_point begin = Clock::now();
  for (int run = 0; run == 0 || (run < kMostRuns && seconds_since(begin) < kSeconds); ++run) {
    session_->reset();
    profile_.begin();
    const Clock::time_point inference = Clock::now();
    session_->invoke();
    m_.profiled.add(microseconds_since(inference));
    if (progress_->due()) progress_->show("timing operators");
  }
  session_->set_profiler({});
  m_.profiled_runs = profile_.inferences();
  for (const ProfileRow& row : profile_.rows()) add_step(row);
}

void Measurer::add_step(const ProfileRow& row) {
  const std::vector<StepInfo> operators = operators_of(session_->net(), row.step);
  const StepInfo& last = operators.back();
  MeasuredStep step;
  step.op = row.step.op;
  step.variant = row.step.variant;
  step.name = name_of(session_->model(), last);
  step.subgraph = last.subgraph;
  step.node = last.node;
  step.runs = row.runs;
  step.us = row.us;
  step.first_us = row.first_us;
  step.start_us = row.start_us;
  step.times = row.times;
  const std::optional<CyclePeak> peak = cycle_peak(board_->cores());
  bool known = peak.has_value();
  for (const StepInfo& op : operators) {
    const Cost cost =
        times(cost_of(session_->model(), &session_->net(), op.node, op.subgraph), row.runs);
    step.cost += cost;
    if (operators.size() > 1) step.links.push_back({op.op, op.node, cost});
    if (cost.multiply_adds == 0 || !known) continue;
    const double of = peak->of(products_of(session_->model(), op.node, op.subgraph));
    known = of > 0;
    if (known) step.least_cycles += static_cast<double>(cost.multiply_adds) / of;
  }
  if (!known) step.least_cycles = 0;
  m_.steps.push_back(std::move(step));
}

void Measurer::add_outputs() {
  for (int i = 0; i < session_->outputs(); ++i) {
    const Tensor& t = session_->output(i);
    const auto* data = t.as<const uint8_t>();
    const Span<const uint8_t> bytes =
        data == nullptr ? Span<const uint8_t>() : Span<const uint8_t>(data, t.bytes);
    m_.outputs.push_back(
        {printable(t.name), type_name(t.type), shape_text(t.shape), bytes.size(), crc32(bytes)});
  }
}

void Measurer::summarize() {
  bool known = true;
  for (const MeasuredStep& step : m_.steps) {
    m_.cost += step.cost;
    known = known && (step.cost.multiply_adds == 0 || step.least_cycles > 0);
    m_.least_cycles += step.least_cycles;
  }
  if (!known) m_.least_cycles = 0;
  double sum = 0;
  int looks = 0;
  for (const Moment& moment : m_.moments) {
    if (!moment.board.clock_hz) continue;
    sum += static_cast<double>(*moment.board.clock_hz);
    ++looks;
  }
  if (looks > 0) m_.clock_hz = std::llround(sum / looks);
}

Measurement Measurer::run() {
  m_.before = board_->look();
  if (!options_.dry_run) {
    repeat({"warming up", options_.warmup_runs, seconds(options_.warmup_min_secs), false},
           &m_.warmup);
    measure();
  }
  m_.end_bytes = resident_bytes();
  m_.after = board_->look();
  m_.plan = session_->net().memory();
  m_.arena_bytes = session_->arena_given();
  if (fed_) {
    add_outputs();
    profile();
  }
  m_.peak_bytes = peak_resident_bytes();
  summarize();
  return std::move(m_);
}

}  // namespace pipit::tools
