// SPDX-License-Identifier: Apache-2.0
// Checksums against published values, at lengths around the ends of blocks.
#include "tools/digest.h"

#include <gtest/gtest.h>

#include <string>

namespace pipit::test {
namespace {

Span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string sha(const std::string& text) { return tools::sha256(bytes(text)); }

TEST(Digest, Sha256) {
  EXPECT_EQ(sha(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

// Of so many letters a, as hashlib has them.
TEST(Digest, Sha256AtTheEndsOfBlocks) {
  EXPECT_EQ(sha(std::string(55, 'a')),
            "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  EXPECT_EQ(sha(std::string(64, 'a')),
            "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
  EXPECT_EQ(sha(std::string(1000, 'a')),
            "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

TEST(Digest, Crc32) {
  EXPECT_EQ(tools::crc32(bytes("")), 0u);
  EXPECT_EQ(tools::crc32(bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(tools::crc32(bytes("6789"), tools::crc32(bytes("12345"))), 0xCBF43926u);
  EXPECT_EQ(tools::hex(0x1a), "0000001a");
}

}  // namespace
}  // namespace pipit::test
