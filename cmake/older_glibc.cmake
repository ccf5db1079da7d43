# SPDX-License-Identifier: Apache-2.0
# pipit_older_glibc(TARGET [LOADER]): the shared library TARGET asks for no function of glibc that is
# newer than 2.29, which all boards in use have, whatever the version on this machine, nor for one that musl
# lacks. LOADER: it loads libraries itself.
include(CheckCXXSymbolExists)

function(pipit_older_glibc target)
  check_cxx_symbol_exists(__GLIBC__ features.h PIPIT_GLIBC)
  # The sanitizers have functions of these names, too, without versions.
  if(NOT PIPIT_GLIBC OR PIPIT_SANITIZE OR PIPIT_SANITIZE_THREADS OR
     NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|arm.*|x86_64)$")
    return()
  endif()
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/platform/linux/older_glibc.cc)
  foreach(f __getauxval __memcpy_chk hypot hypotf pthread_attr_setstacksize pthread_create pthread_join pthread_sigmask)
    target_link_options(${target} PRIVATE -Wl,--wrap=${f})
  endforeach()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  if("LOADER" IN_LIST ARGN)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/platform/linux/older_glibc_loader.cc)
    foreach(f dlopen dlsym dlclose dlerror)
      target_link_options(${target} PRIVATE -Wl,--wrap=${f})
    endforeach()
    target_link_options(${target} PRIVATE
      -Wl,--push-state,--no-as-needed -l:libdl.so.2 -Wl,--pop-state)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    pipit_stack_guard(${target})
  endif()
  # Older ones have threads in a library of their own.
  target_link_options(${target} PRIVATE
    -Wl,--push-state,--no-as-needed -l:libpthread.so.0 -Wl,--pop-state)
endfunction()

# On 64-bit ARM, the number of the stack protector lies in glibc's loader, which musl has not. The
# linker is shown another library that has it, one which both bring: so it is looked for in all.
function(pipit_stack_guard target)
  add_library(pipit_stack_guard SHARED ${PROJECT_SOURCE_DIR}/platform/linux/stack_guard.c)
  set_target_properties(pipit_stack_guard PROPERTIES NO_SONAME ON)
  target_link_options(pipit_stack_guard PRIVATE -nostdlib -Wl,-soname,libdl.so.2)
  add_dependencies(${target} pipit_stack_guard)
  target_link_libraries(${target} PRIVATE -Wl,$<TARGET_FILE:pipit_stack_guard>)
endfunction()
