// SPDX-License-Identifier: Apache-2.0
// Fingerprints of every kind of length, as FarmHash gives them, and what LSH_PROJECTION makes of
// them.
#include "kernels/math/fingerprint.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/net.h"

namespace pipit::test {
namespace {

TEST(Fingerprint, IsFarmHashs) {
  std::vector<uint8_t> bytes(2000);
  uint32_t state = 1;
  for (uint8_t& b : bytes) b = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  struct Known {
    size_t length;
    uint64_t print;
  };
  const Known known[] = {
      {0, 0x9ae16a3b2f90404f},    {1, 0xe7e639019980f12b},   {3, 0xe03b3f5862191816},
      {4, 0xad9ce7c26735ec1e},    {7, 0x1d84739639398987},   {8, 0x39b68191bd1358f2},
      {16, 0x95aa7f6a93e16514},   {17, 0x2fd265ce3bb30502},  {32, 0x47a2810c42a0dede},
      {33, 0x476f71838190fb68},   {64, 0xf4d9c088bae10cb6},  {65, 0x7b1cb673d33f637f},
      {128, 0x61e30440abf6af19},  {129, 0x4580f840a6e33f51}, {200, 0x7d1e34bed03230a9},
      {2000, 0x59efcae5a65431ef},
  };
  for (const Known& k : known)
    EXPECT_EQ(fingerprint64(bytes.data(), k.length), k.print) << k.length;
}

uint64_t of(const std::string& text) {
  return fingerprint64(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}
std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// The answers that other libraries with the same function publish in their manuals and tests.
TEST(Fingerprint, HasThePublishedAnswers) {
  EXPECT_EQ(of("test"), 8581389452482819506u);
  EXPECT_EQ(of(repeated("test", 8)), static_cast<uint64_t>(-4196240717365766262));
  EXPECT_EQ(of(repeated("test", 64)), 3500507768004279527u);
  EXPECT_EQ(of("3true"), static_cast<uint64_t>(-4880158226897771312));
  EXPECT_EQ(of("1footrue"), static_cast<uint64_t>(-1541654101129638711));
  EXPECT_EQ(of("2applefalse"), 2794438866806483259u);
}

// FarmHash's own check: letters grow to 3,200, each chosen by fingerprints of those before it, of
// all sorts of lengths. One number tells that all were right.
class Chain {
 public:
  void grow(size_t i) {
    add(i);
    add(i * i % size_);
    add(i * i * i % size_);
    add(size_);
    const size_t a = letters_[size_ - 1], b = letters_[size_ - 2], c = letters_[size_ - 3];
    const uint8_t middle = letters_[size_ / 2];
    letters_[(a << 16 | b << 8 | c) % size_] ^= middle;
    letters_[(b << 16 | c << 8 | middle) % size_] ^= static_cast<uint8_t>(i);
  }
  uint64_t print() const { return print_; }

 private:
  void add(size_t length) {
    print_ ^= fingerprint64(letters_.data(), length);
    print_ = (print_ ^ print_ >> 41) * 949921979;
    letters_[size_++] = static_cast<uint8_t>('a' + (print_ & 0xfffff) % 26);
  }

  std::vector<uint8_t> letters_ = std::vector<uint8_t>(3200);
  size_t size_ = 0;
  uint64_t print_ = 0;
};

TEST(Fingerprint, OfManyLengthsGiveThePublishedChain) {
  Chain chain;
  for (size_t i = 0; i < 800; ++i) chain.grow(i);
  EXPECT_EQ(chain.print(), 0x7a1d67c50ec7e167u);
}

constexpr int32_t kSeeds = 32;

// The signs of one item's fingerprints, a seed before it each time.
std::vector<int32_t> projected(const std::vector<float>& seeds, const std::vector<uint8_t>& item) {
  ModelBuilder b;
  const int from =
      b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, kSeeds), .bytes = bytes_of(seeds)});
  const int in = b.tensor({.type = Type::kUInt8, .shape = Shape::of(1, item.size())});
  const int out = b.tensor({.type = Type::kInt32, .shape = Shape::of(kSeeds)});
  b.builtin_node(fb::BuiltinOperator::LSH_PROJECTION, {from, in}, {out},
                 {fb::BuiltinOptions::LSHProjectionOptions, [](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateLSHProjectionOptions(f, fb::LSHProjectionType::DENSE).Union();
                  }});
  b.inputs({in});
  b.outputs({out});
  Net net(b);
  net.set(0, item);
  return net.run<int32_t>();
}

TEST(LshProjection, TakesTheSignsOfFingerprintsOfEveryLength) {
  std::vector<float> seeds;
  for (int32_t i = 0; i < kSeeds; ++i) seeds.push_back(static_cast<float>(i) / 7 - 2);
  for (const size_t bytes : {1, 3, 4, 12, 13, 28, 29, 60, 61, 124, 125, 1996}) {
    std::vector<uint8_t> item(bytes);
    for (size_t i = 0; i < bytes; ++i) item[i] = static_cast<uint8_t>(i * 37 + bytes);
    std::vector<int32_t> signs;
    for (const float seed : seeds) {
      std::vector<uint8_t> key = bytes_of<float>({seed});
      key.insert(key.end(), item.begin(), item.end());
      signs.push_back(static_cast<int64_t>(fingerprint64(key.data(), key.size())) > 0 ? 1 : 0);
    }
    EXPECT_EQ(projected(seeds, item), signs) << bytes;
  }
}

}  // namespace
}  // namespace pipit::test
