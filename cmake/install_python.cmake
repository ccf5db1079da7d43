# SPDX-License-Identifier: Apache-2.0
# Installs one Python package. Given: its name `package`, the `source` tree, the `folder` to use if
# any, and whether to `replace` a package of somebody else. Run by cmake --install and by cpack.

# Debian's python3 looks for packages below /usr, /usr/local and a user's .local in folders of
# different names; the host's python has nothing to say about a package for Debian.
find_program(interpreter python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(folder STREQUAL "" AND CMAKE_INSTALL_PREFIX MATCHES "/usr$")
  set(folder lib/python3/dist-packages)
elseif(folder STREQUAL "" AND interpreter)
  execute_process(COMMAND ${interpreter} -c "import os, site, sys
prefix = os.path.realpath(sys.argv[1])
places = [p for p in sys.path + [site.getusersitepackages()] if p.endswith('-packages')]
inside = [p for p in places if os.path.realpath(p).startswith(prefix + '/lib/')]
name = 'lib/python%d.%d/site-packages' % sys.version_info[:2]
print(os.path.relpath(os.path.realpath(inside[0]), prefix) if inside else name)" ${CMAKE_INSTALL_PREFIX}
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
elseif(folder STREQUAL "")
  set(folder lib/python3/dist-packages)
endif()
cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})

# Where another's package of this name lies: in that folder, or where Python finds it and would no more.
set(there $ENV{DESTDIR}${folder}/${package})
if(NOT IS_DIRECTORY ${there} AND "$ENV{DESTDIR}" STREQUAL "" AND interpreter AND
   NOT CMAKE_INSTALL_PREFIX MATCHES "_CPack_Packages")
  execute_process(COMMAND ${interpreter} -c "import importlib.util, sys
found = importlib.util.find_spec(sys.argv[1])
print(list(found.submodule_search_locations or [''])[0] if found else '')" ${package}
    OUTPUT_VARIABLE there OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
set(foreign "")
if(NOT package STREQUAL pipit AND IS_DIRECTORY "${there}")
  set(foreign ${there})
  if(EXISTS ${there}/__init__.py)
    file(STRINGS ${there}/__init__.py ours REGEX "Pipit")
    if(ours)
      set(foreign "")
    endif()
  endif()
endif()
if(foreign AND NOT replace)
  message(STATUS "Left out: ${foreign} is another's; -DPIPIT_REPLACE_TFLITE=ON replaces it")
  return()
endif()

file(INSTALL DESTINATION ${folder} TYPE DIRECTORY FILES ${source}/python/${package}
  PATTERN __pycache__ EXCLUDE)
if(package STREQUAL pipit)
  file(INSTALL DESTINATION ${folder}/pipit TYPE DIRECTORY FILES ${source}/convert
    FILES_MATCHING PATTERN *.py PATTERN *.bfbs PATTERN __pycache__ EXCLUDE)
endif()
