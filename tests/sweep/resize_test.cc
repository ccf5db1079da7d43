// SPDX-License-Identifier: Apache-2.0
// Resizes each input of each model to shapes that nobody meant. What is refused leaves everything
// as it was, what is measured can be planned, and nothing else is written.
//
// usage: resize_test N FILE_OR_FOLDER...      of a folder, each N-th model in it
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/strings.h"
#include "pipit/text.h"
#include "tests/support/files.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/survive.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kMostSeconds = 400;  // of one model, in an emulator
constexpr int64_t kMostCalls = 64;
// Models whose file or plan is larger are not run with each of the shapes.
constexpr size_t kSmall = size_t{1} << 18;
constexpr size_t kMostArena = size_t{1} << 24;

struct Counts {
  int models = 0, refused = 0, resizes = 0, resized = 0, failures = 0;
};

struct Wrong {
  std::string what;
};

void check(bool right, const std::string& what) {
  if (!right) throw Wrong{what};
}

using Buffer = GuardedBuffer<uint8_t>;
using Bytes = std::vector<uint8_t>;

// All that an invocation came to.
struct Answer {
  Code code = Code::kOk;
  std::vector<Bytes> outputs;
  std::vector<Shape> shapes;
};

class Resizes {
 public:
  Resizes(const Bytes& bytes, Counts* counts)
      : file_(bytes.size(), Against::kUpperGuard, 16), counts_(counts) {
    std::copy(bytes.begin(), bytes.end(), file_.data());
    file_.make_read_only();
    options_.max_calls = kMostCalls;
    options_.least_share = 1;
    options_.preserve_inputs = true;
  }

  void run() {
    Message why;
    const Result<Model> model = Model::parse(file_.span(), &why);
    if (!model.ok()) return;
    model_ = model.value();
    ++counts_->models;
    const Result<MemoryPlan> need =
        Interpreter::required_memory(model_, all_operators(), options_, &why);
    if (!need.ok()) return refused(need.status().code(), why.text());
    memory_ = need.value();
    make(memory_.arena_bytes);
    check(net_.memory().arena_bytes == memory_.arena_bytes, "is measured otherwise than planned");
    small_ = file_.size() < kSmall && memory_.arena_bytes < kSmall;
    answers_ = answers();
    for (int g = 0; g < model_.subgraphs(); ++g) {
      for (int i = 0; i < (net_.runs(g).ok() ? net_.inputs(g) : 0); ++i) resize_input(g, i);
    }
    check_answers("after all resizes");
  }

 private:
  // What is not measured is not planned either.
  void refused(Code code, const std::string& why) {
    ++counts_->refused;
    const Buffer arena(kMostArena, Against::kUpperGuard, 16);
    Message text;
    const Result<Interpreter> net =
        Interpreter::create(model_, arena.span(), all_operators(), options_, &text);
    check(net.status().code() == code,
          "is refused for one reason when measured, and for another "
          "when planned: " +
              why + " / " + text.text());
    check(why == text.text() || code == Code::kArenaTooSmall, why + " / " + text.text());
  }

  void make(size_t bytes) {
    arena_ = std::make_unique<Buffer>(bytes, Against::kUpperGuard, 16);
    Message why;
    const Result<Interpreter> net =
        Interpreter::create(model_, arena_->span(), all_operators(), options_, &why);
    check(net.ok(), std::string("was measured, but cannot be planned: ") + why.text());
    net_ = net.value();
    feed();
  }

  void feed() {
    strings_.clear();
    for (int g = 0; g < model_.subgraphs(); ++g) {
      for (int i = 0; i < (net_.runs(g).ok() ? net_.inputs(g) : 0); ++i) feed(g, i);
    }
  }

  void feed(int g, int i) {
    const Tensor& t = *net_.input(i, g);
    if (t.storage != Storage::kActivation || t.elements() > (1 << 20)) return;
    if (t.type == Type::kString) {
      strings_.emplace_back(strings_bytes(t.elements(), static_cast<size_t>(t.elements())));
      StringWriter writer(strings_.back().data(), t.elements());
      for (int32_t n = 0; n < t.elements(); ++n) writer.add({"abc" + n % 3, 1});
      (void)net_.bind_input(i, strings_.back().data(), strings_.back().size(), nullptr, g);
      return;
    }
    if (t.data == nullptr) return;
    for (size_t at = 0; at < t.bytes; ++at) t.as<uint8_t>()[at] = static_cast<uint8_t>(at % 3 == 0);
  }

  // Of each entry: one invocation from the beginning, on the inputs as they are.
  std::vector<Answer> answers() {
    std::vector<Answer> all;
    for (int g = 0; g < model_.subgraphs(); ++g) {
      if (!net_.runs(g).ok()) continue;
      net_.reset_variables();
      all.push_back(answer(g));
    }
    return all;
  }

  Status invoke(int g) {
    if (g == 0) return net_.invoke();
    for (int s = 0; s < model_.signatures(); ++s) {
      if (model_.signature_subgraph(s) == g) return net_.invoke_signature(s);
    }
    return Code::kBadArgument;
  }

  Answer answer(int g) {
    Answer a;
    a.code = invoke(g).code();
    for (int i = 0; a.code == Code::kOk && i < net_.outputs(g); ++i) {
      const Tensor& t = *net_.output(i, g);
      a.shapes.push_back(t.shape);
      const auto* from = t.as<uint8_t>();
      a.outputs.push_back(from == nullptr ? Bytes() : Bytes(from, from + t.bytes));
    }
    return a;
  }

  void check_answers(const std::string& when) {
    const std::vector<Answer> now = answers();
    check(now.size() == answers_.size(), "has other entries " + when);
    for (size_t i = 0; i < now.size(); ++i) {
      check(now[i].code == answers_[i].code && now[i].shapes == answers_[i].shapes &&
                now[i].outputs == answers_[i].outputs,
            "answers otherwise " + when);
    }
  }

  void resize_input(int g, int i) {
    const Shape old = net_.input(i, g)->shape;
    for (const Shape& shape : hostile(old)) {
      const InputShape wanted = {i, shape, g};
      Message text;
      text_of(wanted, &text);
      try {
        in_exact_arena(wanted, {i, old, g});
        if (shape != old) in_its_own_arena(wanted);
      } catch (const Wrong& wrong) {
        throw Wrong{wrong.what + " (" + text.text() + ")"};
      }
    }
  }

  static void text_of(const InputShape& s, Message* text) {
    pipit::text(text, "input ", s.input, " of subgraph ", s.subgraph, " as ", s.shape);
  }

  static std::vector<Shape> hostile(const Shape& old) {
    std::vector<Shape> shapes = {old, {}, Shape::of(0), Shape::of(1), Shape::of(INT32_MAX)};
    for (int d = 0; d < old.rank; ++d) {
      for (const int32_t n : {-1, 0, 1, old[d] + 1, 4099, 1 << 16, INT32_MAX}) {
        shapes.push_back(old);
        shapes.back()[d] = n;
      }
    }
    Shape more = old;
    if (more.rank < Shape::kMaxRank) more[more.rank++] = 2;
    shapes.push_back(more);
    more.rank = Shape::kMaxRank + 1;
    shapes.push_back(more);
    return shapes;
  }

  // Most shapes do not fit the arena, and those that do have to be undone.
  void in_exact_arena(const InputShape& wanted, const InputShape& old) {
    ++counts_->resizes;
    Message why;
    const Status status = net_.resize({&wanted, 1}, &why);
    check(status.ok() || !why.empty(), "is refused without a message");
    if (!status.ok()) {
      check(wanted.shape != old.shape, std::string("cannot keep its shape: ") + why.text());
      if (small_) check_answers("after it was refused");
      return;
    }
    ++counts_->resized;
    check(net_.memory().arena_bytes <= arena_->size(), "takes more than the arena");
    if (small_) (void)invoke(wanted.subgraph);
    const Status back = net_.resize({&old, 1}, &why);
    check(back.ok(), std::string("cannot return to its shape: ") + why.text());
    feed();
    if (small_) check_answers("after it was resized to and fro");
  }

  // The plan that was measured for a shape can be made where another one is.
  void in_its_own_arena(const InputShape& wanted) {
    Options other = options_;
    other.shapes = {&wanted, 1};
    Message why;
    const Result<MemoryPlan> need =
        Interpreter::required_memory(model_, all_operators(), other, &why);
    const size_t bytes = need.ok() ? need.value().arena_bytes : 0;
    if (bytes > kMostArena || bytes <= memory_.arena_bytes) return;
    const Buffer arena(bytes, Against::kUpperGuard, 16);
    Result<Interpreter> net =
        Interpreter::create(model_, arena.span(), all_operators(), options_, &why);
    check(net.ok(), std::string("does not fit a larger arena: ") + why.text());
    check(net.value().resize(other.shapes, &why).ok(),
          std::string("was measured, but cannot be resized: ") + why.text());
    check(net.value().memory().arena_bytes == bytes, "is measured otherwise than resized");
    ++counts_->resized;
    if (small_ && bytes < kSmall && wanted.subgraph == 0) (void)net.value().invoke();
  }

  Buffer file_;
  Counts* counts_;
  Model model_;
  Options options_;
  MemoryPlan memory_;
  bool small_ = false;
  std::unique_ptr<Buffer> arena_;
  Interpreter net_;
  std::vector<Bytes> strings_;
  std::vector<Answer> answers_;
};

void resize_model(const fs::path& path, Counts* counts) {
  const std::string name = path.string();
  set_current_name(name.c_str());
  std::string wrong;
  const std::string crash = survive(kMostSeconds, [&] {
    try {
      Resizes(read_file(path), counts).run();
    } catch (const Wrong& w) {
      wrong = w.what;
    }
  });
  if (!crash.empty()) wrong = crash;
  if (wrong.empty()) return;
  ++counts->failures;
  std::printf("FAILED: %s: %s\n", name.c_str(), wrong.c_str());
}

void resize_all(const fs::path& path, size_t every, Counts* counts) {
  if (!fs::is_directory(path)) return resize_model(path, counts);
  for (const fs::path& model : models_below(path, every)) resize_model(model, counts);
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  const long every = argc < 3 ? 0 : std::atol(argv[1]);
  if (every < 1) {
    std::fprintf(stderr, "usage: resize_test N FILE_OR_FOLDER...\n");
    return 2;
  }
  pipit::test::Counts counts;
  for (int i = 2; i < argc; ++i) {
    pipit::test::resize_all(argv[i], static_cast<size_t>(every), &counts);
  }
  std::printf("%d models, %d of them refused; %d resizes, %d done; %d failures\n", counts.models,
              counts.refused, counts.resizes, counts.resized, counts.failures);
  return counts.failures == 0 && counts.resized != 0 ? 0 : 1;
}
