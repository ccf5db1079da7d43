// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/provenance.h"

namespace pipit::tools {

const char* version() { return PIPIT_VERSION; }

std::string compiler() {
#ifdef __clang__
  return std::string("clang ") + __clang_version__;
#else
  return std::string("gcc ") + __VERSION__;
#endif
}

const char* compiler_flags() { return PIPIT_CXX_FLAGS; }

const char* target() {
#if defined(__aarch64__)
  return "aarch64";
#elif defined(__arm__)
  return "arm";
#elif defined(__x86_64__)
  return "x86-64";
#else
  return "other";
#endif
}

bool optimized() {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

}  // namespace pipit::tools
