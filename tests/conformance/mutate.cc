// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/mutate.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "tests/support/files.h"
#include "tests/support/random.h"
#include "tests/support/survive.h"

namespace pipit::test {
namespace {

constexpr size_t kArenaBytes = size_t{1} << 18;

uint64_t hash(const std::string& text) {
  uint64_t h = 14695981039346656037u;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return h;
}

struct Change {
  size_t at;
  uint8_t before, after;
};

uint8_t spoilt(uint8_t byte, Random& random) {
  switch (random.between(0, 3)) {
    case 0:
      return 0;
    case 1:
      return 0xff;
    case 2:
      return static_cast<uint8_t>(random.bits());
    default:
      return static_cast<uint8_t>(byte ^ (1 << random.between(0, 7)));
  }
}

std::vector<Change> spoil(std::vector<uint8_t>* file, Random& random) {
  std::vector<Change> changes;
  if (file->empty()) return changes;
  for (int i = random.between(1, 3); i > 0; --i) {
    const auto at = static_cast<size_t>(random.bits() % file->size());
    uint8_t& byte = (*file)[at];
    changes.push_back({at, byte, spoilt(byte, random)});
    byte = changes.back().after;
  }
  return changes;
}

std::string to_text(const std::vector<Change>& changes) {
  std::ostringstream out;
  for (const Change& c : changes) {
    out << " byte " << c.at << ": " << +c.before << " -> " << +c.after << ";";
  }
  return out.str();
}

// Inputs keep the arena's filling where the case's bytes no longer fit.
void fill_inputs(Interpreter& net, std::vector<std::vector<uint8_t>>& inputs) {
  for (int i = 0; i < net.inputs(); ++i) {
    const Tensor& t = *net.input(i);
    if (static_cast<size_t>(i) >= inputs.size()) return;
    std::vector<uint8_t>& bytes = inputs[static_cast<size_t>(i)];
    if (t.type == Type::kString) {
      (void)net.bind_input(i, bytes.data(), bytes.size());
    } else if (t.storage == Storage::kActivation) {
      std::copy_n(bytes.data(), std::min(t.bytes, bytes.size()), t.as<uint8_t>());
    }
  }
}

// Returns what is wrong with the way in which it failed, or "".
std::string try_file(const std::vector<uint8_t>& file, std::vector<std::vector<uint8_t>>& inputs,
                     const Setup& setup) {
  const GuardedBuffer<uint8_t> bytes(file.size(), setup.side, 16);
  std::copy(file.begin(), file.end(), bytes.data());
  bytes.make_read_only();
  const GuardedBuffer<uint8_t> arena(kArenaBytes, setup.side, 16);
  Options options;
  options.cpu = setup.cpu;
  options.team = setup.team;
  options.least_share = 1;
  Message why;
  const Result<Model> model = Model::parse(bytes.span(), &why);
  if (!model.ok()) return why.empty() ? "refused without a message" : "";
  Result<Interpreter> net =
      Interpreter::create(model.value(), arena.span(), all_operators(), options, &why);
  if (!net.ok()) return why.empty() ? "refused without a message" : "";
  fill_inputs(net.value(), inputs);
  const Status status = net.value().invoke(&why);
  return !status.ok() && why.empty() ? "failed without a message" : "";
}

}  // namespace

Outcome run_mutations(const Case& c, const Setup& setup, int count) {
  Random random(hash(c.folder.filename().string()));
  const std::vector<uint8_t> good = read_file(c.folder / "model.tflite");
  std::vector<std::vector<uint8_t>> inputs;
  for (const TensorFile& t : c.inputs) inputs.push_back(read_file(step_file(c, t, 0)));
  Outcome outcome;
  for (int i = 0; i < count; ++i) {
    std::vector<uint8_t> file = good;
    const std::vector<Change> changes = spoil(&file, random);
    std::string text;
    const std::string crash = survive(setup.seconds, [&] { text = try_file(file, inputs, setup); });
    if (!crash.empty()) text = crash;
    if (text.empty()) continue;
    outcome.text = text + " with" + to_text(changes);
    return outcome;
  }
  outcome.verdict = Verdict::kPassed;
  return outcome;
}

}  // namespace pipit::test
