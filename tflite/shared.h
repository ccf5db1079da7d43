// SPDX-License-Identifier: Apache-2.0
// A pointer that owns together with others. (std::shared_ptr asks for a function of glibc that
// older boards lack.)
#pragma once

#include <atomic>
#include <utility>

namespace pipit::compat {

// What is shared counts its owners.
struct Counted {
  mutable std::atomic<int> owners{0};
};

template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T* object) : object_(object) { acquire(); }
  Shared(const Shared& o) : object_(o.object_) { acquire(); }
  Shared(Shared&& o) noexcept : object_(std::exchange(o.object_, nullptr)) {}
  Shared& operator=(Shared o) noexcept {
    std::swap(object_, o.object_);
    return *this;
  }
  ~Shared() {
    if (object_ != nullptr && object_->owners.fetch_sub(1) == 1) delete object_;
  }

  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  T* get() const { return object_; }

 private:
  void acquire() {
    if (object_ != nullptr) object_->owners.fetch_add(1);
  }
  T* object_ = nullptr;
};

}  // namespace pipit::compat
