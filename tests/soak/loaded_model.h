// SPDX-License-Identifier: Apache-2.0
// A model file in memory with an arena that is large enough, as tests that run many times use it.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "tests/support/files.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {

class LoadedModel {
 public:
  // `room`: bytes for tensors whose shape is known only while running.
  LoadedModel(const std::string& path, Team* team, size_t room)
      : name_(path), file_(read_file(path)), bytes_(file_.size(), Against::kUpperGuard, 16) {
    std::copy(file_.begin(), file_.end(), bytes_.data());
    bytes_.make_read_only();
    options_.team = team;
    options_.least_share = 1;
    Message why;
    const auto model = Model::parse(bytes_.span(), &why);
    if (!model.ok()) fail(why);
    model_ = model.value();
    const auto need = Interpreter::required_arena_bytes(model_, all_operators(), options_, &why);
    if (!need.ok()) fail(why);
    arena_ =
        std::make_unique<GuardedBuffer<uint8_t>>(need.value() + room, Against::kUpperGuard, 16);
  }

  const std::string& name() const { return name_; }
  Interpreter& net() { return net_; }

  // What an application's allocate_tensors and invoke do; no memory is asked of anybody.
  bool create(Message* why) {
    const auto net = Interpreter::create(model_, arena_->span(), all_operators(), options_, why);
    if (net.ok()) net_ = net.value();
    return net.ok();
  }
  // What the inputs hold is the same for the same seed. Strings have to be bound, and are not here.
  bool invoke(uint64_t seed, Message* why) {
    Random random(seed);
    for (int i = 0; i < net_.inputs(); ++i) {
      const Tensor& t = *net_.input(i);
      if (t.storage != Storage::kActivation || t.data == nullptr) continue;
      for (size_t k = 0; k < t.bytes; ++k) t.as<uint8_t>()[k] = byte(t.type, k, random);
    }
    return net_.invoke(why).ok();
  }

 private:
  // Small numbers: they may be indices, and no float becomes infinite.
  static uint8_t byte(Type type, size_t at, Random& random) {
    const bool low = type_bits(type) <= 8 || at % static_cast<size_t>(type_bits(type) / 8) == 0;
    return low ? static_cast<uint8_t>(random.bits() & 1) : 0;
  }

  [[noreturn]] void fail(const Message& why) const {
    throw std::runtime_error(name_ + ": " + why.text());
  }

  std::string name_;
  std::vector<uint8_t> file_;
  GuardedBuffer<uint8_t> bytes_;
  Options options_;
  Model model_;
  std::unique_ptr<GuardedBuffer<uint8_t>> arena_;
  Interpreter net_;
};

}  // namespace pipit::test
