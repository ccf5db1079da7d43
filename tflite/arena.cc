// SPDX-License-Identifier: Apache-2.0
#include "tflite/arena.h"

#include "platform/pages.h"

namespace pipit::compat {
namespace {

constexpr uint64_t kMiB = 1 << 20;

// Address space behind the plan, of which only what is written takes memory, for tensors whose
// shapes only values tell. Where there is little of it, other interpreters want their share.
constexpr uint64_t kRooms[] = {sizeof(size_t) > 4 ? 4096 * kMiB : 256 * kMiB, 64 * kMiB, 16 * kMiB,
                               0};

// Where there is plenty, plans are made in as much without asking before how much they take:
// operators and delegates of the application are prepared once. (More would cost emulators much.)
constexpr size_t kPlenty = sizeof(size_t) > 4 ? 1024 * kMiB : 0;

bool grows(const Model& model, const Interpreter& net) {
  for (int s = 0; s < model.subgraphs(); ++s) {
    for (int i = 0; i < net.tensors(s); ++i) {
      if (net.tensor(i, s).storage == Storage::kDynamic) return true;
    }
  }
  return false;
}

}  // namespace

Plan::~Plan() { release_pages(pages_); }

Status Plan::make_in(Span<uint8_t> pages, const Model& model, const Options& options,
                     OpTable operators, Plan* plan, Message* why) {
  Plan made;
  made.pages_ = pages;
  const Result<Interpreter> net = Interpreter::create(model, pages, operators, options, why);
  if (!net.ok()) return net.status();
  made.net_ = net.value();
  *plan = std::move(made);
  return {};
}

Status Plan::make(const Model& model, const Options& options, OpTable operators, Plan* plan,
                  Message* why) {
  const Span<uint8_t> plenty = kPlenty == 0 ? Span<uint8_t>() : reserve_pages(kPlenty);
  if (!plenty.empty()) {
    const Status status = make_in(plenty, model, options, operators, plan, why);
    if (status.ok() ? !grows(model, plan->net()) : status.code() != Code::kArenaTooSmall) {
      return status;
    }
    if (why != nullptr) *why = {};
  }
  const Result<size_t> need = Interpreter::required_arena_bytes(model, operators, options, why);
  if (!need.ok()) return need.status();
  PIPIT_TRY(make_in(reserve_pages(need.value()), model, options, operators, plan, why));
  if (!grows(model, plan->net())) return {};
  for (const uint64_t room : kRooms) {
    if (room > SIZE_MAX - need.value()) continue;
    const Span<uint8_t> pages = reserve_pages(need.value() + static_cast<size_t>(room));
    if (!pages.empty()) return make_in(pages, model, options, operators, plan, why);
  }
  return {};
}

}  // namespace pipit::compat
