// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/counters.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pipit::tools {
namespace {

struct Kind {
  const char* name;
  uint64_t config;
};

constexpr Kind kKinds[] = {{"cycles", PERF_COUNT_HW_CPU_CYCLES},
                           {"instructions", PERF_COUNT_HW_INSTRUCTIONS},
                           {"cache_misses", PERF_COUNT_HW_CACHE_MISSES}};

// Returns a file descriptor, or -1 with errno.
int open_event(uint64_t config) {
  perf_event_attr attributes;
  std::memset(&attributes, 0, sizeof(attributes));
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof(attributes);
  attributes.config = config;
  attributes.disabled = 1;
  attributes.inherit = 1;
  attributes.exclude_kernel = 1;  // so that it is allowed to most
  attributes.exclude_hv = 1;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

std::string why_not(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "the kernel does not allow it (see /proc/sys/kernel/perf_event_paranoid)";
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
      return "this CPU, or virtual machine, has none";
    case ENOSYS:
      return "the kernel has no perf_event_open";
    default:
      return std::strerror(error);
  }
}

}  // namespace

Counters::Counters() {
  for (const Kind& kind : kKinds) {
    const int fd = open_event(kind.config);
    if (fd >= 0) {
      open_.push_back({kind.name, fd});
    } else if (refusal_.empty()) {
      refusal_ = why_not(errno);
    }
  }
  if (available()) refusal_.clear();
}

Counters::~Counters() {
  for (const Event& event : open_) ::close(event.fd);
}

void Counters::start() const {
  for (const Event& event : open_) {
    ::ioctl(event.fd, PERF_EVENT_IOC_RESET, 0);
    ::ioctl(event.fd, PERF_EVENT_IOC_ENABLE, 0);
  }
}

void Counters::stop() const {
  for (const Event& event : open_) ::ioctl(event.fd, PERF_EVENT_IOC_DISABLE, 0);
}

std::vector<Count> Counters::read() const {
  std::vector<Count> counts;
  for (const Event& event : open_) {
    uint64_t values[3] = {};  // the count, nanoseconds enabled, and nanoseconds counted
    if (::read(event.fd, values, sizeof(values)) != sizeof(values) || values[2] == 0) continue;
    const double scale = static_cast<double>(values[1]) / static_cast<double>(values[2]);
    counts.push_back({event.name, static_cast<double>(values[0]) * scale});
  }
  return counts;
}

}  // namespace pipit::tools
