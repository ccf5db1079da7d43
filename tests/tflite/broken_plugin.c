/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library that makes delegates and cannot end them: it lacks an entry point. */
#include <stddef.h>

__attribute__((visibility("default"))) void* tflite_plugin_create_delegate(
    char** keys, char** values, size_t count, void (*report)(const char*)) {
  (void)keys, (void)values, (void)count, (void)report;
  return NULL;
}
