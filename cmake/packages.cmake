# SPDX-License-Identifier: Apache-2.0
# Debian packages, one for each component: `cpack` in the build folder.
# Who makes the packages says who that is, and where Pipit lives; nothing else in the project knows.
# Without, they have no address that anyone reads, and are for nobody else.
set(PIPIT_MAINTAINER "$ENV{PIPIT_MAINTAINER}" CACHE STRING "Who makes the packages: Name <address>")
set(PIPIT_HOMEPAGE "$ENV{PIPIT_HOMEPAGE}" CACHE STRING "Where the packages say that Pipit lives")
if(NOT PIPIT_MAINTAINER)
  set(maintainer "Unnamed packager <packager@pipit.example>")
elseif(PIPIT_MAINTAINER MATCHES "^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$")
  set(maintainer ${PIPIT_MAINTAINER})
else()
  message(FATAL_ERROR "PIPIT_MAINTAINER is '${PIPIT_MAINTAINER}', not 'Name <address>'")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${maintainer})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
if(PIPIT_HOMEPAGE)
  set(CPACK_DEBIAN_PACKAGE_HOMEPAGE ${PIPIT_HOMEPAGE})
endif()
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(architecture arm64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
  set(architecture armhf)
else()
  set(architecture amd64)
endif()

# What every package has: its licence with the notices of what is linked in, and what changed.
set(debian ${PROJECT_BINARY_DIR}/debian)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/debian/changelog ${PROJECT_SOURCE_DIR}/python/linked.py)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog ${debian}/changelog @ONLY)
file(STRINGS ${debian}/changelog first LIMIT_COUNT 1)
if(NOT first MATCHES "^pipit \\(${PROJECT_VERSION}\\) ")
  message(FATAL_ERROR "cmake/debian/changelog does not begin with version ${PROJECT_VERSION}")
endif()
execute_process(COMMAND gzip -9nc ${debian}/changelog
  OUTPUT_FILE ${debian}/changelog.gz)
find_program(PIPIT_PACKAGER_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
mark_as_advanced(PIPIT_PACKAGER_PYTHON)
set(terms "Copyright 2026 The Pipit authors

Licensed under the Apache License, Version 2.0; on Debian systems, its text is in
/usr/share/common-licenses/Apache-2.0.
")
file(WRITE ${debian}/copyright-none "${terms}")
foreach(what command library)
  set(notices "")
  if(PIPIT_PACKAGER_PYTHON)
    execute_process(COMMAND ${PIPIT_PACKAGER_PYTHON} -B ${PROJECT_SOURCE_DIR}/python/linked.py ${what}
      --machine ${CMAKE_SYSTEM_PROCESSOR} OUTPUT_VARIABLE notices COMMAND_ERROR_IS_FATAL ANY)
  endif()
  file(WRITE ${debian}/copyright-${what} "${terms}\n${notices}")
endforeach()

# pipit_package(COMPONENT NAME SECTION MULTIARCH LINKED SUMMARY DESCRIPTION DEPENDS): LINKED is
# command, library or none; a package whose MULTIARCH is none is for every machine.
set(CPACK_COMPONENTS_ALL "")
function(pipit_package component name section multiarch linked summary description depends)
  string(TOUPPER ${component} upper)
  # CMake before 3.30 has no variable for the last field.
  set(field ${section}\nMulti-Arch:\ ${multiarch})
  set(machine ${architecture})
  if(multiarch STREQUAL none)
    set(field ${section})
    set(machine all)
  endif()
  set(components ${CPACK_COMPONENTS_ALL} ${component})
  set(CPACK_COMPONENTS_ALL ${components} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION "${field}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE ${machine} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}\n${description}" PARENT_SCOPE)
  set(doc share/doc/${name})
  install(FILES ${debian}/copyright-${linked} RENAME copyright DESTINATION ${doc}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${debian}/changelog.gz DESTINATION ${doc} COMPONENT ${component} EXCLUDE_FROM_ALL)
  set(overrides ${PROJECT_SOURCE_DIR}/cmake/debian/${name}.overrides)
  if(EXISTS ${overrides})
    install(FILES ${overrides} RENAME ${name} DESTINATION share/lintian/overrides
      COMPONENT ${component} EXCLUDE_FROM_ALL)
  endif()
endfunction()

# pipit_library(COMPONENT SONAME_BASE SONAME_VERSION): what others depend on that link with it.
function(pipit_library component library version)
  string(TOUPPER ${component} upper)
  set(name ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  file(WRITE ${debian}/${component}/shlibs "${library} ${version} ${name} (>= ${PROJECT_VERSION})\n")
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/cmake/debian/triggers ${debian}/${component}/shlibs PARENT_SCOPE)
endfunction()

# pipit_python_package(COMPONENT NAME SUMMARY DESCRIPTION DEPENDS): compiled when it is installed.
function(pipit_python_package component package summary description depends)
  string(TOUPPER ${component} upper)
  pipit_package(${component} ${package} python none none "${summary}" "${description}" "${depends}")
  foreach(variable CPACK_COMPONENTS_ALL CPACK_DEBIAN_${upper}_DESCRIPTION)
    set(${variable} "${${variable}}" PARENT_SCOPE)
  endforeach()
  foreach(field NAME SECTION ARCHITECTURE DEPENDS)
    set(CPACK_DEBIAN_${upper}_PACKAGE_${field} "${CPACK_DEBIAN_${upper}_PACKAGE_${field}}" PARENT_SCOPE)
  endforeach()
  foreach(script postinst prerm)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/debian/${script}.in ${debian}/${component}/${script}
      @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
      WORLD_READ WORLD_EXECUTE)
  endforeach()
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA
    ${debian}/${component}/postinst ${debian}/${component}/prerm PARENT_SCOPE)
endfunction()

set(what "Pipit checks a model once, plans its memory once, and then runs it any number\n\
of times without allocating; integer models give the bits of TensorFlow\nLite's reference kernels.")
set(library "libpipit1 (= ${PROJECT_VERSION})")
pipit_package(command pipit utils foreign command "run .tflite models on ARM Linux boards"
  "${what}\nThis package has the command: it shows what is in a model, runs it on files or\n\
random data, measures it, and says what it sees in pictures." "")
if(NOT PIPIT_STATIC)
  # It has the C++ library of where it was built.
  set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "libc6 (>= 2.36), libstdc++6 (>= 12), libgcc-s1")
endif()
# The newest version of a C library symbol that libpipit.so asks for: see older_glibc.cmake.
pipit_package(lib libpipit1 libs same library "library that runs .tflite models, C interface"
  "${what}\nThis package has the shared library." "libc6 (>= 2.29)")
pipit_library(lib libpipit 1)
pipit_package(dev libpipit-dev libdevel same library "library that runs .tflite models, development files"
  "${what}\nThis package has what C and C++ programs are built with: headers, the static\n\
libraries, and how CMake and pkg-config find them." "${library}")
pipit_python_package(python python3-pipit "run .tflite models from Python"
  "${what}\nThis package has the interpreter for Python and the converter of models." "${library}, python3 (>= 3.9)")
set(CPACK_DEBIAN_PYTHON_PACKAGE_RECOMMENDS python3-numpy)
set(suggested "python3-h5py, python3-protobuf")
if(PIPIT_BUILD_TFLITE)  # for delegates that were written for TensorFlow Lite
  string(APPEND suggested ", libpipit-tensorflowlite-c (= ${PROJECT_VERSION})")
endif()
set(CPACK_DEBIAN_PYTHON_PACKAGE_SUGGESTS "${suggested}")
foreach(package tflite_runtime ai_edge_litert)
  string(REPLACE _ - dashed ${package})
  pipit_python_package(python_${package} python3-pipit-${dashed}
    "Pipit under the name of the Python package ${package}"
    "Programs that import ${package} run unchanged with Pipit in its place.\n\
It stands where the package of that name would." "python3-pipit (= ${PROJECT_VERSION}), python3 (>= 3.9)")
endforeach()
# It has the same files.
foreach(relation CONFLICTS PROVIDES REPLACES)
  set(CPACK_DEBIAN_PYTHON_TFLITE_RUNTIME_PACKAGE_${relation} python3-tflite-runtime)
endforeach()
if(PIPIT_BUILD_TFLITE)
  # These have the files of others: TensorFlow Lite's own library and headers.
  pipit_package(tflite libpipit-tensorflowlite-c libs same library
    "TensorFlow Lite's C interface, served by Pipit"
    "Programs that call TensorFlow Lite's C library run with this one in its place."
    "libc6 (>= 2.29), libstdc++6 (>= 9), libgcc-s1")
  set(CPACK_DEBIAN_TFLITE_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
  pipit_package(tflite_dev libpipit-tensorflowlite-c-dev libdevel same none
    "TensorFlow Lite's C and C++ interface, served by Pipit, development files"
    "The headers that programs are built with which call TensorFlow Lite, and how\n\
pkg-config finds them." "libpipit-tensorflowlite-c (= ${PROJECT_VERSION})")
  foreach(relation CONFLICTS PROVIDES REPLACES)
    set(CPACK_DEBIAN_TFLITE_PACKAGE_${relation} libtensorflowlite-c)
    set(CPACK_DEBIAN_TFLITE_DEV_PACKAGE_${relation} "libtensorflowlite-c-dev, libtensorflow-lite-dev")
  endforeach()
endif()
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # cpack packs what is built: no tests are needed for it
include(CPack)
if(TARGET pipit_shared)
  # All of them, in <build>/packages.
  add_custom_target(pipit_packages COMMAND ${CMAKE_CPACK_COMMAND} -B ${PROJECT_BINARY_DIR}/packages
    DEPENDS pipit_convenience $<TARGET_NAME_IF_EXISTS:pipit_python>
      $<TARGET_NAME_IF_EXISTS:pipit_command> $<TARGET_NAME_IF_EXISTS:pipit_manual>
      $<TARGET_NAME_IF_EXISTS:tensorflowlite_c>)
endif()
