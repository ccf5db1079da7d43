# SPDX-License-Identifier: Apache-2.0
# What the cross toolchains have in common: Debian's gcc, and qemu-user to run what it builds.
# The including file sets PIPIT_CROSS_TRIPLE and PIPIT_CROSS_EMULATOR.

find_program(PIPIT_CROSS_COMPILER ${PIPIT_CROSS_TRIPLE}-g++)
mark_as_advanced(PIPIT_CROSS_COMPILER)
if(NOT PIPIT_CROSS_COMPILER)
  message(FATAL_ERROR "There is no ${PIPIT_CROSS_TRIPLE}-g++. Debian has it in the package "
    "g++-${PIPIT_CROSS_TRIPLE}: apt install g++-${PIPIT_CROSS_TRIPLE}")
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${PIPIT_CROSS_TRIPLE}-gcc)
set(CMAKE_CXX_COMPILER ${PIPIT_CROSS_TRIPLE}-g++)

# No -cpu here, since ctest would freeze it: qemu reads QEMU_CPU when it runs, so that
# `QEMU_CPU=cortex-a53 ctest --preset aarch64` tries the same binaries on a smaller core. With
# PIPIT_BOARD=user@board, they run there instead.
if(NOT CMAKE_CROSSCOMPILING_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/run_on_target.sh
    ${PIPIT_CROSS_EMULATOR} -L /usr/${PIPIT_CROSS_TRIPLE})
endif()

# Libraries come from the target alone; headers and packages also from /usr, because
# header-only packages are the same for every machine. Programs run on the build machine.
set(CMAKE_FIND_ROOT_PATH /usr/${PIPIT_CROSS_TRIPLE})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
