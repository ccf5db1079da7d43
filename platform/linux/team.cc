// SPDX-License-Identifier: Apache-2.0
// Threads that wait on one futex word and are woken by their bit of its mask.
#include "pipit/team.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <type_traits>

#include "platform/subnormals.h"

namespace pipit {
namespace {

using Word = std::atomic<uint32_t>;
static_assert(sizeof(Word) == sizeof(uint32_t) && Word::is_always_lock_free);

constexpr uint32_t kAnybody = FUTEX_BITSET_MATCH_ANY;

// About twenty microseconds: to be woken takes as long, and an inference has an order for each
// layer.
#if defined(__aarch64__)
constexpr int kLooks = 1000;
void relax() { asm volatile("isb" : : : "memory"); }
#elif defined(__arm__)
constexpr int kLooks = 3000;
void relax() { asm volatile("yield" : : : "memory"); }
#elif defined(__x86_64__)
constexpr int kLooks = 500;
void relax() { __builtin_ia32_pause(); }
#else
constexpr int kLooks = 3000;
void relax() { asm volatile("" : : : "memory"); }
#endif

// An order: its low bits are the number of threads that take part, the caller's included; none is
// the order to end. The rest is a serial number, so that every order is a new value.
constexpr uint32_t kThreadsBits = 6;
constexpr uint32_t kThreadsMask = (1u << kThreadsBits) - 1;
static_assert(Team::kMostThreads <= kThreadsMask && Team::kMostThreads <= 32);

// pthread_t is a number or a pointer.
static_assert(sizeof(pthread_t) <= sizeof(uintptr_t) && std::is_trivially_copyable_v<pthread_t>);

// Kernels keep no large arrays on the stack; the C library's own part of it is not small.
constexpr size_t kStackBytes = 512 << 10;

// Signals are for the application's own threads: new ones inherit that these are blocked.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

int Team::start(int threads) {
  stop();
  const int wanted = threads < kMostThreads ? threads : kMostThreads;
  order_.store(0, std::memory_order_relaxed);
  pthread_attr_t attributes;
  if (wanted <= 1 || pthread_attr_init(&attributes) != 0) return threads_;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const BlockSignals block;
  for (; threads_ < wanted; ++threads_) {
    Worker& worker = workers_[threads_ - 1];
    worker.team = this;
    worker.index = threads_;
    pthread_t thread;
    if (pthread_create(&thread, &attributes, work, &worker) != 0) break;
    worker.thread = (uintptr_t)thread;  // NOLINT: one of two kinds of cast, by the C library
  }
  pthread_attr_destroy(&attributes);
  return threads_;
}

void Team::stop() {
  if (threads_ == 1) return;
  order(0);
  wake(order_, kAnybody);
  for (; threads_ > 1; --threads_) {
    pthread_join((pthread_t)workers_[threads_ - 2].thread, nullptr);  // NOLINT
  }
}

void* Team::work(void* worker) {
  const FlushSubnormals flush;  // for the rest of this thread's life, which is spent in kernels
  const Worker& self = *static_cast<Worker*>(worker);
  self.team->serve(self.index);
  return nullptr;
}

// Gives a new order, which makes the task visible to those who read it.
void Team::order(int threads) {
  const uint32_t serial = (order_.load(std::memory_order_relaxed) >> kThreadsBits) + 1;
  order_.store(serial << kThreadsBits | static_cast<uint32_t>(threads));
}

void Team::do_shares(int index, int threads) const {
  for (int share = index; share < shares_; share += threads) task_(context_, share);
}

// May return for no reason. Who is about to sleep says so and looks once more, and who changes the
// word looks for sleepers behind that: one of the two sees the other.
void Team::wait_while(Word& word, uint32_t value, uint32_t bits) {
  for (int i = 0; i < kLooks; ++i, relax()) {
    if (word.load(std::memory_order_acquire) != value) return;
  }
  sleepers_.fetch_add(1);
  if (word.load() == value) {
    syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, value, nullptr, nullptr, bits);
  }
  sleepers_.fetch_sub(1);
}

void Team::wake(Word& word, uint32_t bits) {
  if (sleepers_.load() == 0) return;
  syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, nullptr, nullptr, bits);
}

// An order that asks for this thread stays until it has answered; others it may miss.
void Team::serve(int index) {
  const uint32_t own = 1u << index;
  for (uint32_t seen = 0;;) {
    const uint32_t order = order_.load(std::memory_order_acquire);
    if (order == seen) {
      wait_while(order_, seen, own);
      continue;
    }
    seen = order;
    const int threads = static_cast<int>(order & kThreadsMask);
    if (threads == 0) return;
    if (index >= threads) continue;
    do_shares(index, threads);
    if (pending_.fetch_sub(1) == 1) wake(pending_, kAnybody);
  }
}

void Team::wait_for_workers() {
  for (;;) {
    const uint32_t left = pending_.load(std::memory_order_acquire);
    if (left == 0) return;
    wait_while(pending_, left, kAnybody);
  }
}

void Team::run(Task task, void* context, int shares) {
  const int threads = shares < threads_ ? shares : threads_;
  if (threads <= 1 || busy_.exchange(true, std::memory_order_acquire)) {
    for (int share = 0; share < shares; ++share) task(context, share);
    return;
  }
  task_ = task;
  context_ = context;
  shares_ = shares;
  pending_.store(static_cast<uint32_t>(threads - 1), std::memory_order_relaxed);
  order(threads);
  wake(order_, kAnybody >> (32 - threads));
  do_shares(0, threads);
  wait_for_workers();
  busy_.store(false, std::memory_order_release);
}

}  // namespace pipit
