# SPDX-License-Identifier: Apache-2.0
# PIPIT_LOOPS: what files with loops that compilers turn into vector code are compiled with, and
# kernels; nothing where the user wants small code.
set(PIPIT_LOOPS -O3)
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" MATCHES "(^| )-O[sz]( |$)")
  set(PIPIT_LOOPS "")
elseif(CMAKE_CONFIGURATION_TYPES)
  set(PIPIT_LOOPS $<$<NOT:$<CONFIG:MinSizeRel>>:-O3>)
endif()
