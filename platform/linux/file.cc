// SPDX-License-Identifier: Apache-2.0
#include "pipit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pipit {

const char* MappedFile::open(const char* path) {
  close();
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would wait for a writer
  if (fd < 0) return strerror(errno);
  // Unlike fstat(), the C library has had it under this name for long.
  struct statx info;
  const char* error = nullptr;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &info) != 0) {
    error = strerror(errno);
  } else if (S_ISDIR(info.stx_mode)) {
    error = "is a directory";
  } else if (!S_ISREG(info.stx_mode)) {
    error = "is not a regular file";
  } else if (info.stx_size == 0) {
    error = "is empty";
  } else if (info.stx_size > SIZE_MAX / 2) {
    error = "is too large";
  } else {
    const auto size = static_cast<size_t>(info.stx_size);
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      error = strerror(errno);
    } else {
      data_ = static_cast<const uint8_t*>(data);
      size_ = size;
    }
  }
  ::close(fd);
  return error;
}

void MappedFile::close() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace pipit
