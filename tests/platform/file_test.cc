// SPDX-License-Identifier: Apache-2.0
// Mapped files: their bytes, and why some cannot be had.
#include "pipit/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pipit {
namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::string write(const char* name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("file_test." + std::to_string(getpid()));
};

TEST_F(Files, AreMapped) {
  const std::string text(10'000, 'x');
  MappedFile file;
  ASSERT_EQ(file.open(write("one", text + "1").c_str()), nullptr);
  EXPECT_EQ(std::string(file.bytes().begin(), file.bytes().end()), text + "1");
  ASSERT_EQ(file.open(write("two", "2").c_str()), nullptr);  // instead of the first
  EXPECT_EQ(std::string(file.bytes().begin(), file.bytes().end()), "2");
  file.close();
  EXPECT_TRUE(file.bytes().empty());
}

TEST_F(Files, SayWhyTheyCannotBeRead) {
  MappedFile file;
  ASSERT_EQ(file.open(write("good", "good").c_str()), nullptr);
  EXPECT_STREQ(file.open(path("none").c_str()), "No such file or directory");
  EXPECT_STREQ(file.open(folder_.c_str()), "is a directory");
  EXPECT_STREQ(file.open(write("empty", "").c_str()), "is empty");
  EXPECT_STREQ(file.open("/dev/null"), "is not a regular file");
  EXPECT_TRUE(file.bytes().empty());  // nor is the good one there any more
}

}  // namespace
}  // namespace pipit
