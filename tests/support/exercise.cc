// SPDX-License-Identifier: Apache-2.0
#include "tests/support/exercise.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "pipit/strings.h"
#include "tests/support/random.h"
#include "tests/support/record.h"
#include "tests/support/watch.h"

namespace pipit::test {
namespace {

constexpr int64_t kMostCalls = 64;
constexpr int32_t kMostStrings = 4096;
// Behind a plan, for shapes that are known only while running, and for larger inputs.
constexpr size_t kSpareBytes = size_t{1} << 15;

// Small numbers mostly, as indices are, and now and then the ends of the type.
template <class T>
T integer(Random& random) {
  switch (random.between(0, 15)) {
    case 0:
      return std::numeric_limits<T>::min();
    case 1:
      return std::numeric_limits<T>::max();
    case 2:
      return static_cast<T>(random.bits());
    case 3:
      return static_cast<T>(-1);
    default:
      return static_cast<T>(random.between(0, 5));
  }
}

template <class T>
T tame(Random& random) {
  return static_cast<T>(random.unit() * 8 - 4);
}

template <class T>
T real(Random& random) {
  switch (random.between(0, 31)) {
    case 0:
      return std::numeric_limits<T>::quiet_NaN();
    case 1:
      return -std::numeric_limits<T>::infinity();
    case 2:
      return std::numeric_limits<T>::max();
    case 3:
      return std::numeric_limits<T>::denorm_min();
    case 4:
      return 0;
    default:
      return tame<T>(random);
  }
}

template <class T>
void fill(void* bytes, size_t size, Random& random, T (*make)(Random&)) {
  auto* to = static_cast<uint8_t*>(bytes);
  for (size_t i = 0; i + sizeof(T) <= size; i += sizeof(T)) {
    const T value = make(random);
    std::memcpy(to + i, &value, sizeof(value));
  }
}

void fill(Type type, void* bytes, size_t size, Random& random, bool only_tame) {
  switch (type) {
    case Type::kFloat32:
    case Type::kComplex64:
      return fill(bytes, size, random, only_tame ? tame<float> : real<float>);
    case Type::kFloat64:
    case Type::kComplex128:
      return fill(bytes, size, random, only_tame ? tame<double> : real<double>);
    case Type::kInt32:
    case Type::kUInt32:
    case Type::kResource:
      return fill(bytes, size, random, integer<int32_t>);
    case Type::kInt64:
    case Type::kUInt64:
      return fill(bytes, size, random, integer<int64_t>);
    case Type::kBool:
      return fill<uint8_t>(bytes, size, random,
                           [](Random& r) { return static_cast<uint8_t>(r.bits() & 1); });
    default:
      return fill<uint8_t>(bytes, size, random,
                           [](Random& r) { return static_cast<uint8_t>(r.bits()); });
  }
}

// A piece of the heap for itself, so that a sanitizer sees one byte too far.
using Bytes = std::unique_ptr<uint8_t[]>;

// The same, aligned to 16 bytes; nullptr where there are none left.
using AlignedBytes = std::unique_ptr<uint8_t, decltype(&std::free)>;

AlignedBytes aligned_bytes(size_t size) {
  void* bytes = nullptr;
  if (posix_memalign(&bytes, 16, size) != 0) bytes = nullptr;
  return {static_cast<uint8_t*>(bytes), &std::free};
}

Bytes random_strings(int32_t count, size_t* size, Random& random) {
  constexpr size_t kLongest = 7;
  std::vector<size_t> lengths;
  size_t characters = 0;
  for (int32_t i = 0; i < count; ++i) {
    lengths.push_back(random.bits() % (kLongest + 1));
    characters += lengths.back();
  }
  *size = strings_bytes(count, characters);
  Bytes bytes(new uint8_t[*size]);
  StringWriter writer(bytes.get(), count);
  for (const size_t length : lengths) writer.add({"ab cd \xff", length});
  return bytes;
}

class Run {
 public:
  Run(const Model& model, const Exercise& how, uint8_t leftover = kLeftovers[0],
      Record* record = nullptr)
      : model_(model), how_(how), leftover_(leftover), record_(record), random_(how.seed) {
    options_.cpu = how.cpu;
    options_.team = how.team;
    options_.operators = how.operators;
    options_.least_share = 1;
    options_.max_calls = kMostCalls;
    options_.preserve_inputs = !random_.one_in(4);
    options_.preserve_all = random_.one_in(8);
    if (random_.one_in(4)) options_.bands = Bands::kEverywhere;
  }

  std::string run() {
    Message why;
    if (how_.arena.size() > how_.most_to_run) {
      const Result<MemoryPlan> plan =
          Interpreter::required_memory(model_, all_operators(), options_, &why);
      if (!plan.ok()) return why.empty() ? "not measured without a message" : "";
      // Variables are set to zero.
      if (plan.value().persistent_bytes > how_.most_to_run) return "";
      measured_ = true;
    }
    Result<Interpreter> net =
        Interpreter::create(model_, how_.arena, all_operators(), options_, &why);
    if (how_.outcome != nullptr) how_.outcome->planned = net.status().code();
    note("planning", net.status(), why);
    if (!net.ok()) return refused(net.status().code(), why);
    net_ = net.value();
    if (random_.one_in(8)) {
      std::string wrong = check_required();
      if (!wrong.empty()) return wrong;
    }
    std::string wrong = find_overlap(state());
    if (wrong.empty()) wrong = random_.one_in(8) ? watched_invoke() : invoke(how_.outcome);
    if (wrong.empty() && random_.one_in(4)) wrong = invoke();
    if (wrong.empty() && random_.one_in(4)) wrong = resize();
    return wrong;
  }

  // Bytes that suffice for all of it, or for most.
  size_t need() const {
    const Result<Interpreter> net =
        Interpreter::create(model_, how_.arena, all_operators(), options_);
    const size_t planned = net.ok() ? net.value().memory().arena_bytes : 0;
    return std::min(how_.arena.size(), planned + kSpareBytes);
  }

 private:
  void note(const char* what, Status status, const Message& why) const {
    if (record_ != nullptr) record_->status(what, status.code(), why.text());
  }

  std::string refused(Code code, const Message& why) const {
    if (why.empty()) return "refused without a message";
    return measured_ && code != Code::kArenaTooSmall ? "measured, but not planned" : "";
  }

  // The size that the plan reports is enough: in a piece of the heap, so that a sanitizer sees one
  // byte more.
  std::string check_required() {
    const size_t need = net_.memory().arena_bytes;
    if (need > how_.arena.size()) return "needs more than the arena that it was planned into";
    if (need > how_.most_to_run) return "";
    exact_ = aligned_bytes(need);
    if (exact_ == nullptr) return "";
    std::memset(exact_.get(), leftover_, need);
    Message why;
    const Result<Interpreter> net =
        Interpreter::create(model_, {exact_.get(), need}, all_operators(), options_, &why);
    if (!net.ok()) return std::string("does not fit the size that it asked for: ") + why.text();
    net_ = net.value();
    return "";
  }

  // Where the plan is.
  State& state() const {
    return state_in(exact_ != nullptr ? Span<uint8_t>(exact_.get(), 0) : how_.arena);
  }

  std::string watched_invoke() {
    const Watch watch(state());
    const std::string wrong = invoke(how_.outcome);
    net_.set_profiler({});
    return wrong.empty() ? watch.wrong() : wrong;
  }

  std::string invoke(Outcome* outcome = nullptr) {
    if (net_.memory().arena_bytes > how_.most_to_run) return "";
    // A signature's subgraph has inputs of its own.
    const int signature =
        model_.signatures() == 0 || random_.one_in(2)
            ? -1
            : static_cast<int>(random_.bits() % static_cast<uint64_t>(model_.signatures()));
    const int subgraph = signature < 0 ? 0 : model_.signature_subgraph(signature);
    const bool own = random_.one_in(2);
    if (record_ != nullptr) fill_activations(state(), leftover_);
    for (int i = 0; i < net_.inputs(subgraph); ++i) feed(i, subgraph, own);
    for (int i = 0; own && i < net_.outputs(subgraph); ++i) bind_output(i, subgraph);
    Message why;
    const Status status =
        signature < 0 ? net_.invoke(&why) : net_.invoke_signature(signature, &why);
    if (outcome != nullptr) record(status.code(), subgraph, outcome);
    note("running", status, why);
    if (record_ != nullptr && status.ok()) {
      record_->tensors(net_, subgraph, options_.preserve_all);
    }
    if (!status.ok()) return why.empty() ? "failed without a message" : "";
    return check_strings(subgraph);
  }

  // An output without bytes is an input's that nobody has bound.
  std::string check_strings(int subgraph) const {
    for (int i = 0; i < net_.outputs(subgraph); ++i) {
      const Tensor& t = *net_.output(i, subgraph);
      if (t.type != Type::kString || t.bytes == 0) continue;
      if (!valid_strings({t.as<uint8_t>(), t.bytes}, t.elements())) return "damaged strings";
    }
    return "";
  }

  void feed(int i, int subgraph, bool own) {
    const Tensor& t = *net_.input(i, subgraph);
    if (t.storage != Storage::kActivation || t.data == nullptr) return;
    if (t.type == Type::kString) {
      if (t.elements() > kMostStrings || random_.one_in(8)) return;
      size_t size = 0;
      kept_.push_back(random_strings(t.elements(), &size, random_));
      (void)net_.bind_input(i, kept_.back().get(), size, nullptr, subgraph);
    } else if (own) {
      kept_.emplace_back(new uint8_t[t.bytes]);
      fill(t.type, kept_.back().get(), t.bytes, random_, how_.tame);
      (void)net_.bind_input(i, kept_.back().get(), t.bytes, nullptr, subgraph);
    } else {
      fill(t.type, t.data, t.bytes, random_, how_.tame);
    }
  }

  void bind_output(int i, int subgraph) {
    const Tensor& t = *net_.output(i, subgraph);
    if (t.storage != Storage::kActivation || t.type == Type::kString) return;
    for (int k = 0; k < net_.inputs(subgraph); ++k) {
      if (net_.input(k, subgraph) == &t) return;  // an input handed through
    }
    kept_.emplace_back(new uint8_t[t.bytes]);
    std::memset(kept_.back().get(), leftover_, t.bytes);
    (void)net_.bind_output(i, kept_.back().get(), t.bytes, nullptr, subgraph);
  }

  void record(Code ran, int subgraph, Outcome* outcome) const {
    outcome->ran = ran;
    for (int i = 0; ran == Code::kOk && i < net_.outputs(subgraph); ++i) {
      const Tensor& t = *net_.output(i, subgraph);
      const auto* first = t.as<uint8_t>();
      outcome->outputs.push_back({t, {first, first + (first == nullptr ? 0 : t.bytes)}});
    }
  }

  int32_t dimension() {
    if (!random_.one_in(3)) return random_.between(0, 9);
    return near_power_of_two(random_, 30);
  }

  std::string resize() {
    std::vector<InputShape> shapes;
    for (int i = 0; i < net_.inputs(); ++i) {
      InputShape s{i, net_.input(i)->shape, 0};
      if (s.shape.rank == 0 || random_.one_in(2)) continue;
      s.shape[random_.between(0, s.shape.rank - 1)] = dimension();
      shapes.push_back(s);
    }
    Message why;
    const Status status = net_.resize({shapes.data(), shapes.size()}, &why);
    note("resizing", status, why);
    if (!status.ok() && why.empty()) return "resize failed without a message";
    const std::string wrong = find_overlap(state());
    return wrong.empty() ? invoke() : wrong;
  }

  const Model& model_;
  const Exercise& how_;
  const uint8_t leftover_;  // in what an application owns
  Record* record_;
  Random random_;
  Options options_;
  bool measured_ = false;
  AlignedBytes exact_{nullptr, &std::free};
  Interpreter net_;
  std::vector<Bytes> kept_;
};

std::string run_twice(const Model& model, Exercise how) {
  how.arena = how.arena.subspan(0, Run(model, how).need());
  Record records[2];
  for (int i = 0; i < 2; ++i) {
    std::memset(how.arena.data(), kLeftovers[i], how.arena.size());
    std::string wrong = Run(model, how, kLeftovers[i], &records[i]).run();
    if (!wrong.empty()) return wrong;
  }
  return Record::difference(records[0], records[1]);
}

}  // namespace

std::string exercise(Span<const uint8_t> file, const Exercise& how) {
  Message why;
  const Result<Model> model = Model::parse(file, &why);
  if (!model.ok()) return why.empty() ? "refused without a message" : "";
  return how.twice ? run_twice(model.value(), how) : Run(model.value(), how).run();
}

std::string exercise_copy(Span<const uint8_t> bytes, const Exercise& how) {
  const AlignedBytes file = aligned_bytes(bytes.size());
  if (file == nullptr) return "no memory for a copy";
  std::copy(bytes.begin(), bytes.end(), file.get());
  return exercise({file.get(), bytes.size()}, how);
}

}  // namespace pipit::test
