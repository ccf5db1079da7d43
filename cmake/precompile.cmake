# SPDX-License-Identifier: Apache-2.0
# Headers that take longer to compile than most of what includes them, compiled once, in builds with
# tests; without, as in a release, each file is compiled from what it includes itself.

# pipit_precompile(TARGET HEADER...): for all sources of a target.
function(pipit_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  pipit_keep_precompiled(${target})
endfunction()

# ccache keeps what was compiled with such a header if the preprocessor names it.
function(pipit_keep_precompiled target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endfunction()

# pipit_precompile_operators(SOURCE...): for those sources of the library. They are compiled with
# other options than the rest (PIPIT_SMALL), so the header is, too, as part of a target of its own.
function(pipit_precompile_operators)
  list(GET ARGN 0 any)
  add_library(pipit_operators_header OBJECT EXCLUDE_FROM_ALL ${any})
  foreach(property IN ITEMS INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS)
    set_property(TARGET pipit_operators_header PROPERTY ${property}
      $<TARGET_PROPERTY:pipit,${property}>)
  endforeach()
  target_compile_options(pipit_operators_header PRIVATE ${PIPIT_SMALL})
  target_link_libraries(pipit_operators_header PRIVATE pipit_flags pipit_schema)
  target_precompile_headers(pipit_operators_header PRIVATE
    <algorithm> <cmath> ${PROJECT_SOURCE_DIR}/core/schema.h)
  target_precompile_headers(pipit REUSE_FROM pipit_operators_header)
  pipit_keep_precompiled(pipit)
  get_target_property(others pipit SOURCES)
  list(REMOVE_ITEM others ${ARGN})
  set_source_files_properties(${others} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
