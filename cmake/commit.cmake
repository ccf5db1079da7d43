# SPDX-License-Identifier: Apache-2.0
# Writes the header with the commit that is built; cmake -DSOURCE=... -DOUTPUT=... -P commit.cmake.
# Where there is no repository, as in an unpacked archive, it is unknown.
cmake_policy(VERSION 3.22)
execute_process(COMMAND git -C ${SOURCE} rev-parse --show-toplevel
  OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
set(commit unknown)
file(REAL_PATH ${SOURCE} source)
# A repository around an unpacked archive is another one.
if(status EQUAL 0 AND top STREQUAL source)
  execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --exclude=* --abbrev=12
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"// SPDX-License-Identifier: Apache-2.0
// The commit that was built.
#pragma once
#define PIPIT_COMMIT \"${commit}\"
")
