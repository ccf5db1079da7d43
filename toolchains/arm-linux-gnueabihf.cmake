# SPDX-License-Identifier: Apache-2.0
# Cross-building for 32-bit ARM Linux (Debian armhf).

set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(PIPIT_CROSS_TRIPLE arm-linux-gnueabihf)
set(PIPIT_CROSS_EMULATOR qemu-arm)

# The baseline of the armhf port has no NEON: a file that uses it asks for it itself.
set(CMAKE_C_FLAGS_INIT "-march=armv7-a+fp -mfloat-abi=hard -mthumb")
# Files over 2 GiB and years after 2037 need the wide types, which glibc leaves off on armhf.
string(APPEND CMAKE_C_FLAGS_INIT " -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64")
# gcc notes that it changed how some arguments travel in version 7; nothing here is older.
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT} -Wno-psabi")

include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
