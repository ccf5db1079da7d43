// SPDX-License-Identifier: Apache-2.0
#include "tools/session.h"

#include <algorithm>

#include "tools/describe.h"
#include "tools/failure.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

// Room for tensors whose shape is known only while running: at first, and at most.
constexpr size_t kRoom = size_t{16} << 20;
constexpr size_t kMostArena = size_t{1} << 30;

struct ArenaTooSmall : Failure {
  using Failure::Failure;
};

Failure refusal(const std::string& path, Status status, const Message& why) {
  return {exit_status(status.code()), path + ": " + why.text()};
}

// One line, which a person can still read.
std::string joined(const std::vector<std::string>& names) {
  constexpr size_t kMost = 8192;
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (text.size() + names[i].size() > kMost) {
      return text + " and " + std::to_string(names.size() - i) + " more";
    }
    text += (text.empty() ? "" : ", ") + names[i];
  }
  return text;
}

// The library's message has room for some of the operators that are missing; here all are named.
Failure refusal(const std::string& path, const Model& model, Status status, const Message& why,
                const std::string& what_runs) {
  const std::string intro = "operators that this build does not run: ";
  if (std::string(why.text()).compare(0, intro.size(), intro) != 0) {
    return {exit_status(status.code()), path + ": " + why.text() + what_runs};
  }
  return {kModelRefused, path + ": " + intro + joined(missing_operators(model)) + what_runs};
}

}  // namespace

Session::Session(const std::string& path) : path_(path) {
  const char* error = file_.open(path.c_str());
  if (error != nullptr) throw Failure(kModelRefused, path + ": " + error);
  Message why;
  const Result<Model> model = Model::parse(file_.bytes(), &why);
  if (!model.ok()) throw refusal(path, model.status(), why);
  model_ = model.value();
}

void Session::choose_signature(const std::string& key) {
  signature_ = model_.find_signature(key.c_str());
  if (signature_ < 0) {
    std::vector<std::string> keys;
    for (int i = 0; i < model_.signatures(); ++i) keys.push_back(model_.signature_key(i));
    throw Failure(kUsage, path_ + ": has no signature '" + key + "'; " +
                              (keys.empty() ? "it has none at all" : "it has " + joined(keys)));
  }
  subgraph_ = model_.signature_subgraph(signature_);
}

int Session::file_inputs() const { return static_cast<int>(model_.inputs(subgraph_).size()); }

void Session::create(size_t arena_bytes) {
  // One at a time: an arena can be most of what a small board has.
  arena_.reset();
  arena_.reset(static_cast<uint8_t*>(::operator new (arena_bytes, std::align_val_t{kAlign})));
  arena_size_ = arena_bytes;
  Message why;
  const Result<Interpreter> net =
      Interpreter::create(model_, {arena_.get(), arena_size_}, all_operators(), options_, &why);
  if (!net.ok()) throw refusal(path_, net.status(), why);
  net_ = net.value();
  const Status runs = signature_ < 0 ? Status() : net_.runs(subgraph_, &why);
  if (!runs.ok()) throw refusal(path_, model_, runs, why, what_runs());
  bound_.assign(static_cast<size_t>(inputs()), {});
}

std::string Session::what_runs() const {
  if (model_.signatures() == 0 || !options_.shapes.empty()) return "";
  Options options = options_;
  options.main_may_fail = true;
  const auto need = Interpreter::required_arena_bytes(model_, all_operators(), options);
  if (!need.ok()) return "";
  const std::unique_ptr<uint8_t[], Free> arena(
      static_cast<uint8_t*>(::operator new (need.value(), std::align_val_t{kAlign}, std::nothrow)));
  const auto net =
      Interpreter::create(model_, {arena.get(), need.value()}, all_operators(), options);
  std::vector<std::string> keys;
  for (int i = 0; net.ok() && i < model_.signatures(); ++i) {
    const bool runs = net.value().runs(model_.signature_subgraph(i)).ok();
    if (runs) keys.push_back(model_.signature_key(i));
  }
  return keys.empty() ? "" : " (signatures that run: " + joined(keys) + ")";
}

bool Session::shapes_known() const {
  for (int g = 0; g < model_.subgraphs(); ++g) {
    for (int i = 0; i < net_.tensors(g); ++i) {
      if (net_.tensor(i, g).storage == Storage::kDynamic) return false;
    }
  }
  return true;
}

void Session::plan(const Options& options) {
  options_ = options;
  // Whoever asks for a signature does not care for the rest.
  options_.main_may_fail |= signature_ >= 0;
  Message why;
  const Result<size_t> need =
      Interpreter::required_arena_bytes(model_, all_operators(), options_, &why);
  if (need.status().code() == Code::kArenaTooSmall) {
    throw Failure(kOutOfMemory, path_ + ": " + why.text());
  }
  if (!need.ok()) {
    const bool refused = exit_status(need.status().code()) == kModelRefused;
    throw refusal(path_, model_, need.status(), why, refused ? what_runs() : "");
  }
  create(need.value());
  if (!shapes_known()) create(need.value() + kRoom);
}

void Session::feed(int i, std::vector<uint8_t> bytes) {
  // A value that the plan has no use for has no place either.
  if (bytes.empty() || (input(i).type != Type::kString && input(i).data == nullptr)) return;
  // Bound, not copied: it is still there for the next inference, and the buffer has to stay.
  std::vector<uint8_t>& kept = bound_[static_cast<size_t>(i)];
  kept = std::move(bytes);
  Message why;
  const Status status = net_.bind_input(i, kept.data(), kept.size(), &why, subgraph_);
  if (!status.ok()) throw refusal(path_, status, why);
}

void Session::invoke() {
  const Status status =
      signature_ < 0 ? net_.invoke(&why_) : net_.invoke_signature(signature_, &why_);
  if (status.ok()) return;
  const Failure failure = refusal(path_, status, why_);
  why_.clear();
  if (status.code() == Code::kArenaTooSmall) throw ArenaTooSmall(failure.status(), failure.what());
  throw failure;
}

void Session::run(const std::function<void()>& job) {
  for (;;) {
    try {
      return job();
    } catch (const ArenaTooSmall&) {
      if (arena_size_ >= kMostArena) throw;
    }
    create(arena_size_ <= kMostArena / 4 ? std::max(arena_size_ * 4, kRoom) : kMostArena);
  }
}

void start_team(Team* team, int threads) {
  if (team->start(threads) >= threads) return;
  throw Failure(kUsage, "--threads " + std::to_string(threads) + ": only " +
                            std::to_string(team->threads()) + " can be had");
}

CpuFeatures cpu_for(const std::string& isa) {
  const CpuFeatures here = detect_cpu();
  if (isa.empty()) return here;
  CpuFeatures wanted = kCpuPortable;
  if (!parse_isa(isa.c_str(), &wanted)) {
    throw Failure(kUsage, "--isa " + isa + ": not one of portable, neon, dotprod, i8mm");
  }
  if ((wanted & ~here) != 0) {
    throw Failure(kUsage,
                  "--isa " + isa + ": this CPU does not have it; its best is " + isa_name(here));
  }
  return wanted;
}

}  // namespace pipit::tools
