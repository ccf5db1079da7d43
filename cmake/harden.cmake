# SPDX-License-Identifier: Apache-2.0
# pipit_harden(TARGET): builds what ships as Debian builds its packages, and where the processor can,
# with landing pads for jumps and signed return addresses. tests/hardened_test.sh reads what it does.
include(CheckPIESupported)
check_pie_supported()

function(pipit_harden target)
  if(NOT PIPIT_HARDEN)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    -Wformat -Werror=format-security)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)")
    target_compile_options(${target} PRIVATE -mbranch-protection=standard)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)")
    target_compile_options(${target} PRIVATE -fcf-protection)
  endif()
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL STATIC_LIBRARY)
    target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now,-z,noexecstack)
  endif()
  if(type STREQUAL EXECUTABLE)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
endfunction()
