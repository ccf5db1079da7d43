# SPDX-License-Identifier: Apache-2.0
# How much a file's speed counts. PIPIT_LOOPS: what files with loops that compilers turn into vector code
# are compiled with, and kernels; nothing where the user wants small code. PIPIT_SMALL: what all that runs
# a few times is compiled with, at a loss of nothing that can be measured, unless it is to be debugged.
set(PIPIT_LOOPS -O3)
set(PIPIT_SMALL $<$<CONFIG:Release,MinSizeRel,RelWithDebInfo>:-Os>)
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" MATCHES "(^| )-O[sz]( |$)")
  set(PIPIT_LOOPS "")
elseif(CMAKE_CONFIGURATION_TYPES)
  set(PIPIT_LOOPS $<$<NOT:$<CONFIG:MinSizeRel>>:-O3>)
endif()
