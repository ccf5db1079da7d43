// SPDX-License-Identifier: Apache-2.0
// Files that are no models are named for what they are.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "pipit/model.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

using namespace std::string_literals;

std::string refusal(const std::string& file) {
  const ModelBytes bytes = in_memory({file.begin(), file.end()});
  Message why;
  EXPECT_EQ(Model::parse({bytes->data(), bytes->size()}, &why).status().code(), Code::kBadModel);
  return why.text();
}

void expect_named(const std::string& file, const std::string& name) {
  EXPECT_EQ(refusal(file).rfind("not a .tflite model: it is " + name, 0), 0u) << refusal(file);
}

TEST(Foreign, FormatsAreNamed) {
  expect_named("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
               "a Git LFS pointer: `git lfs pull` ");
  for (const char* page :
       {"<!DOCTYPE html><html>", "\xef\xbb\xbf \r\n<!doctype HTML>", "<HTML lang=''>"}) {
    expect_named(page, "an HTML page");
  }
  expect_named("\x89HDF\r\n\x1a\n\0\0"s, "an HDF5 file");
  expect_named("PK\x03\x04\x14\0\0\0"s, "a zip file");
  expect_named("\x08\x07\x12\x07pytorch\x1a\x03", "an ONNX model");
  expect_named("\x08\x0a\x3a\x80\x01...", "an ONNX model");
}

TEST(Foreign, OthersLackTheIdentifier) {
  for (const std::string& file :
       {"hello, world"s, "<!DOCTYPE svg>...."s, "\x08\x01\x12\x07....."s, "\x08\x07\x99....."s,
        std::string(64, ' '), std::string(9, '\0'), "version https://"s}) {
    EXPECT_EQ(refusal(file), "not a .tflite model: the identifier TFL3 is missing");
  }
  EXPECT_EQ(refusal("PK\x03\x04"), "not a .tflite model: 4 bytes");
}

}  // namespace
}  // namespace pipit::test
