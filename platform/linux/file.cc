// SPDX-License-Identifier: Apache-2.0
// The times that it does not look at may be narrow: the call below knows no wide ones on 32 bits.
#undef _TIME_BITS
#include "pipit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pipit {
namespace {

#if defined(SYS_fstat64)
constexpr long kStat = SYS_fstat64;
#else
constexpr long kStat = SYS_fstat;
#endif
#if defined(__GLIBC__)
using Information = struct stat64;
#else
using Information = struct stat;
#endif

// By the oldest of the system's calls: older C libraries have no function of this name, and older
// containers keep newer calls from what runs in them.
int ask(int fd, Information* info) { return static_cast<int>(syscall(kStat, fd, info)); }

// Maps the file, or says why it cannot.
const char* map(int fd, const uint8_t** data, size_t* size) {
  Information info;
  if (ask(fd, &info) != 0) return strerror(errno);
  if (S_ISDIR(info.st_mode)) return "is a directory";
  if (!S_ISREG(info.st_mode)) return "is not a regular file";
  if (info.st_size == 0) return "is empty";
  if (static_cast<uint64_t>(info.st_size) > SIZE_MAX / 2) return "is too large";
  *size = static_cast<size_t>(info.st_size);
  void* mapped = mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) return strerror(errno);
  *data = static_cast<const uint8_t*>(mapped);
  return nullptr;
}

}  // namespace

const char* MappedFile::open(const char* path) {
  close();
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would wait for a writer
  if (fd < 0) return strerror(errno);
  const char* error = map(fd, &data_, &size_);
  if (error != nullptr) size_ = 0;
  ::close(fd);
  return error;
}

void MappedFile::close() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace pipit
