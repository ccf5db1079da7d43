// SPDX-License-Identifier: Apache-2.0
// Files that cannot be mapped are refused with the reason, and leave nothing behind.
#include "pipit/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "pipit/model.h"
#include "tests/support/files.h"
#include "tests/support/place.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test.
class File : public testing::Test {
 protected:
  File() {
    char name[] = "/tmp/pipit_file_test.XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~File() override { fs::remove_all(folder_); }

  std::string path(const char* name) const { return folder_ / name; }
  std::string write(const char* name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  fs::path folder_;
};

// What `open` says about a file, which it must not have mapped.
std::string refusal(const std::string& path) {
  MappedFile file;
  const char* why = file.open(path.c_str());
  EXPECT_EQ(file.bytes().size(), 0u);
  return why == nullptr ? "opened" : why;
}

TEST_F(File, HasTheBytes) {
  const std::string good = write("good", "abc");
  MappedFile file;
  ASSERT_EQ(file.open(good.c_str()), nullptr);
  EXPECT_EQ(std::string(file.bytes().begin(), file.bytes().end()), "abc");
  // Its name may go, or be given to another file.
  fs::remove(good);
  write("good", "x");
  EXPECT_EQ(std::string(file.bytes().begin(), file.bytes().end()), "abc");
  file.close();
  EXPECT_EQ(file.bytes().size(), 0u);
}

TEST_F(File, RefusesWhatIsNoFile) {
  EXPECT_EQ(refusal(path("vanished")), "No such file or directory");
  EXPECT_EQ(refusal(path("")), "is a directory");
  EXPECT_EQ(refusal(write("empty", "")), "is empty");
  EXPECT_EQ(refusal("/dev/null"), "is not a regular file");
  EXPECT_EQ(refusal(write("file", "x") + "/below"), "Not a directory");
  EXPECT_EQ(refusal(path(std::string(300, 'n').c_str())), "File name too long");
}

TEST_F(File, RefusesAPipeWithoutWaitingForIt) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal(path("pipe")), "is not a regular file");
}

TEST_F(File, RefusesWhatItMayNotRead) {
  const std::string secret = write("secret", "abc");
  fs::permissions(secret, fs::perms::none);
  constexpr uid_t kNobody = 65534;
  const bool root = geteuid() == 0;  // who may read everything
  if (root) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  EXPECT_EQ(refusal(secret), "Permission denied");
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
}

TEST_F(File, ForgetsTheLastOneWhenTheNextFails) {
  MappedFile file;
  ASSERT_EQ(file.open(write("good", "abc").c_str()), nullptr);
  EXPECT_STREQ(file.open(path("vanished").c_str()), "No such file or directory");
  EXPECT_EQ(file.bytes().size(), 0u);
}

// A download that broke off is refused when it is loaded, wherever it ends.
TEST_F(File, ModelsThatAreCutShortAreRefused) {
  const auto whole = read_file(place(PIPIT_MODELS "/digits_int8.tflite"));
  const std::string text(whole.begin(), whole.end());
  for (const size_t size :
       {size_t{1}, size_t{8}, size_t{4096}, whole.size() / 2, whole.size() - 1}) {
    MappedFile file;
    ASSERT_EQ(file.open(write("cut", text.substr(0, size)).c_str()), nullptr);
    Message why;
    EXPECT_FALSE(Model::parse(file.bytes(), &why).ok()) << size;
    EXPECT_NE(std::strstr(why.text(), ".tflite model"), nullptr) << why.text();
  }
}

}  // namespace
}  // namespace pipit::test
