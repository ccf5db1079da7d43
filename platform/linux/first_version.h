// SPDX-License-Identifier: Apache-2.0
// Asks for a function of the C library in the first version that there was: see older_glibc.cc.
#pragma once

#if defined(__aarch64__)
#define FIRST "@GLIBC_2.17"
#elif defined(__arm__)
#define FIRST "@GLIBC_2.4"
#elif defined(__x86_64__)
#define FIRST "@GLIBC_2.2.5"
#else
#error "the first version of glibc for this machine is not known here"
#endif

// The function `f`, in its first version, under the name first_##f.
#define FIRST_VERSION(result, f, ...)         \
  __asm__(".symver first_" #f ", " #f FIRST); \
  extern "C" result first_##f(__VA_ARGS__);   \
  extern "C" result wrap_##f(__VA_ARGS__) __asm__("__wrap_" #f)
