// SPDX-License-Identifier: Apache-2.0
// As older_glibc.cc, for libraries that load others.
#include "platform/linux/first_version.h"

FIRST_VERSION(void*, dlopen, const char*, int);
void* wrap_dlopen(const char* path, int flags) { return first_dlopen(path, flags); }

FIRST_VERSION(void*, dlsym, void*, const char*);
void* wrap_dlsym(void* library, const char* name) { return first_dlsym(library, name); }

FIRST_VERSION(int, dlclose, void*);
int wrap_dlclose(void* library) { return first_dlclose(library); }

FIRST_VERSION(char*, dlerror, void);
char* wrap_dlerror() { return first_dlerror(); }
