# SPDX-License-Identifier: Apache-2.0
# What Pipit takes from the system: where it is missing, its Debian package is named.

# pipit_need_program(VARIABLE PROGRAM PACKAGE)
function(pipit_need_program variable program package)
  find_program(${variable} ${program})
  pipit_found(${variable} ${program} ${package})
endfunction()

# pipit_need_header(VARIABLE HEADER PACKAGE): the folder that holds it
function(pipit_need_header variable header package)
  find_path(${variable} ${header})
  pipit_found(${variable} ${header} ${package})
endfunction()

function(pipit_found variable name package)
  if(NOT ${variable})
    message(FATAL_ERROR "Pipit needs ${name}, which is not found. Debian has it in the package "
      "${package}: apt install ${package}")
  endif()
  mark_as_advanced(${variable})
endfunction()
