# SPDX-License-Identifier: Apache-2.0
# Cross-building for 64-bit ARM Linux (Debian arm64).

set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(PIPIT_CROSS_TRIPLE aarch64-linux-gnu)
set(PIPIT_CROSS_EMULATOR qemu-aarch64)

include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
