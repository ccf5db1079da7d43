// SPDX-License-Identifier: Apache-2.0
// Lets libtensorflowlite_c.so run with a C++ library that is older than the one it is linked with:
// containers of newer headers call this function, which GCC 10's library lacks.
#include <new>

namespace std {

__attribute__((noreturn, visibility("hidden"))) void __throw_bad_array_new_length() {
  throw bad_array_new_length();
}

}  // namespace std
