# SPDX-License-Identifier: Apache-2.0
# pipit_older_glibc(TARGET [LOADER]): the shared library TARGET asks for no function of glibc that is
# newer than 2.29, which all boards in use have, whatever the version on this machine. LOADER: it
# loads libraries itself.
include(CheckCXXSymbolExists)

function(pipit_older_glibc target)
  check_cxx_symbol_exists(__GLIBC__ features.h PIPIT_GLIBC)
  # The sanitizers have functions of these names, too, without versions.
  if(NOT PIPIT_GLIBC OR PIPIT_SANITIZE OR PIPIT_SANITIZE_THREADS OR
     NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|arm.*|x86_64)$")
    return()
  endif()
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/platform/linux/older_glibc.cc)
  foreach(f hypot hypotf pthread_attr_setstacksize pthread_create pthread_join pthread_sigmask)
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
  endif()
  # Older ones have threads in a library of their own.
  target_link_options(${target} PRIVATE
    -Wl,--push-state,--no-as-needed -l:libpthread.so.0 -Wl,--pop-state)
endfunction()
