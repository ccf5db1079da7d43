// SPDX-License-Identifier: Apache-2.0
#include "tools/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tools/failure.h"

namespace pipit::tools {
namespace {

namespace fs = std::filesystem;

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};

[[noreturn]] void fail(Exit status, const std::string& what, const fs::path& path, int error) {
  throw Failure(status, "cannot " + what + " " + path.string() + ": " + std::strerror(error));
}

// Returns 0 or an errno.
int write_all(int fd, Span<const uint8_t> bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    done += static_cast<size_t>(n);
  }
  return 0;
}

}  // namespace

std::vector<uint8_t> read_file(const std::string& path, size_t limit,
                               bool (*wanted)(Span<const uint8_t> beginning)) {
  constexpr size_t kChunk = 1 << 20;
  const std::unique_ptr<FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) fail(kBadInput, "read", path, errno);
  std::vector<uint8_t> bytes;
  while (bytes.size() <= limit) {
    const size_t had = bytes.size();
    bytes.resize(had + std::min(kChunk, limit + 1 - had));
    const size_t n = std::fread(bytes.data() + had, 1, bytes.size() - had, file.get());
    bytes.resize(had + n);
    if (std::ferror(file.get()) != 0) fail(kBadInput, "read", path, errno);
    if (n == 0 || (had == 0 && wanted != nullptr && !wanted({bytes.data(), n}))) break;
  }
  return bytes;
}

void write_file(const fs::path& path, Span<const uint8_t> bytes) {
  fs::path temporary = path;
  temporary.replace_filename("." + path.filename().string() + "." + std::to_string(::getpid()));
  // Left behind by an earlier process of the same number that was killed.
  ::unlink(temporary.c_str());
  struct stat old;
  const bool replaces = ::lstat(path.c_str(), &old) == 0 && S_ISREG(old.st_mode);
  const mode_t mode = replaces ? old.st_mode & 0777 : 0666;
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) fail(kFailed, "write", path, errno);
  int error = write_all(fd, bytes);
  // Should the power fail, either the old file is whole or the new one.
  if (error == 0 && replaces && ::fsync(fd) != 0 && errno != EINVAL) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(temporary.c_str());
  fail(kFailed, "write", path, error);
}

void write_file(const fs::path& path, const std::string& text) {
  write_file(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

void KeptFiles::keep(const std::string& path) {
  struct stat file;
  if (::stat(path.c_str(), &file) == 0) files_.insert({{file.st_dev, file.st_ino}, path});
  if (::lstat(path.c_str(), &file) == 0) files_.insert({{file.st_dev, file.st_ino}, path});
}

void KeptFiles::check(const fs::path& output) const {
  struct stat file;
  if (files_.empty() || ::lstat(output.c_str(), &file) != 0) return;
  const auto kept = files_.find({file.st_dev, file.st_ino});
  if (kept == files_.end()) return;
  throw Failure(kUsage, "the output " + output.string() + " would replace " +
                            (kept->second == output ? "a file that is read" : kept->second));
}

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path, error))
    error = std::make_error_code(std::errc::not_a_directory);
  if (error) {
    throw Failure(kFailed, "cannot create directory " + path.string() + ": " + error.message());
  }
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw Failure(kFailed, std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace pipit::tools
