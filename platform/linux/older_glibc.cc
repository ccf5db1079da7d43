// SPDX-License-Identifier: Apache-2.0
// Lets libpipit.so run with a C library that is older than the one it is linked with, or is musl:
// the linker turns references to f into __wrap_f, which asks for the first version of f that there
// was.
#include <pthread.h>
#include <sys/auxv.h>

#include <csignal>
#include <cstring>

#include "platform/linux/first_version.h"

FIRST_VERSION(double, hypot, double, double);
double wrap_hypot(double x, double y) { return first_hypot(x, y); }

FIRST_VERSION(float, hypotf, float, float);
float wrap_hypotf(float x, float y) { return first_hypotf(x, y); }

FIRST_VERSION(int, pthread_attr_setstacksize, pthread_attr_t*, size_t);
int wrap_pthread_attr_setstacksize(pthread_attr_t* attributes, size_t bytes) {
  return first_pthread_attr_setstacksize(attributes, bytes);
}

FIRST_VERSION(int, pthread_create, pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
int wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                        void* argument) {
  return first_pthread_create(thread, attributes, start, argument);
}

FIRST_VERSION(int, pthread_join, pthread_t, void**);
int wrap_pthread_join(pthread_t thread, void** result) {
  return first_pthread_join(thread, result);
}

FIRST_VERSION(int, pthread_sigmask, int, const sigset_t*, sigset_t*);
int wrap_pthread_sigmask(int how, const sigset_t* set, sigset_t* before) {
  return first_pthread_sigmask(how, set, before);
}

// What the compiler makes of memcpy() where it knows the room; musl has no function of this name.
extern "C" void* wrap_memcpy_chk(void* to, const void* from, size_t bytes,
                                 size_t room) __asm__("__wrap___memcpy_chk");
void* wrap_memcpy_chk(void* to, const void* from, size_t bytes, size_t room) {
  if (bytes > room) __builtin_trap();
  return memcpy(to, from, bytes);
}

#if defined(__aarch64__)
// Atomic operations of GCC ask with it what the processor has; musl has it under its usual name.
extern "C" unsigned long wrap_getauxval(unsigned long type) __asm__("__wrap___getauxval");
unsigned long wrap_getauxval(unsigned long type) { return getauxval(type); }
#endif
