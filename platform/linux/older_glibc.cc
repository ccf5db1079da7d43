// SPDX-License-Identifier: Apache-2.0
// Lets libpipit.so run with a C library that is older than the one it is linked with: the linker
// turns references to f into __wrap_f, which asks for the first version of f that there was.
#include <pthread.h>

#include <csignal>

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
