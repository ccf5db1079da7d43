// SPDX-License-Identifier: Apache-2.0
// Fingerprints of every kind of length, as FarmHash gives them.
#include "kernels/fingerprint.h"

#include <gtest/gtest.h>

#include <vector>

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

}  // namespace
}  // namespace pipit::test
