/* SPDX-License-Identifier: Apache-2.0 */
/* What Debian's libstdc++ and libgcc_s ask of glibc and musl has not, under the name of glibc's loader:
   with it they are loaded beside musl, as those that were built for musl would be. For tests alone. */
#define _GNU_SOURCE
#include <locale.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <time.h>

#define SHIM __attribute__((visibility("default")))

SHIM char __libc_single_threaded = 0;
SHIM struct {
  unsigned int words[4];
} __cpu_model = {{0}};

SHIM int __cpu_indicator_init(void) { return 0; }
/* "Not found": the unwinder then looks with dl_iterate_phdr(). */
SHIM int _dl_find_object(void* address, void* result) {
  (void)address;
  (void)result;
  return -1;
}
SHIM int __cxa_thread_atexit_impl(void (*destroy)(void*), void* object, void* library) {
  (void)destroy;
  (void)object;
  (void)library;
  return 0; /* nothing ends before the program does */
}
SHIM size_t __strftime_l(char* s, size_t room, const char* format, const struct tm* t, locale_t l) {
  return strftime_l(s, room, format, t, l);
}
SHIM unsigned long __getauxval(unsigned long type) { return getauxval(type); }
SHIM unsigned int arc4random(void) { abort(); }
