// SPDX-License-Identifier: Apache-2.0
// What the linker takes for a part of the C library: see pipit_stack_guard() in
// cmake/older_glibc.cmake. No program loads it.
unsigned long __stack_chk_guard;
