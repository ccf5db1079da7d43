# SPDX-License-Identifier: Apache-2.0
# What goes where: the libraries, their headers, and how CMake and pkg-config find them.
include(CMakePackageConfigHelpers)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/pipit)
install(TARGETS pipit pipit_convenience EXPORT pipit_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
set_target_properties(pipit PROPERTIES EXPORT_NAME pipit)
set_target_properties(pipit_convenience PROPERTIES EXPORT_NAME convenience)
if(TARGET pipit_shared)
  set_target_properties(pipit_shared PROPERTIES EXPORT_NAME shared)
  install(TARGETS pipit_shared EXPORT pipit_targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT lib NAMELINK_COMPONENT dev)
endif()
foreach(room core platform)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room}/include/pipit
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
endforeach()

install(EXPORT pipit_targets FILE pipit-targets.cmake NAMESPACE pipit::
  DESTINATION ${config_folder} COMPONENT dev)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/pipit-config.cmake.in
  ${PROJECT_BINARY_DIR}/pipit-config.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pipit-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pipit-config.cmake
  ${PROJECT_BINARY_DIR}/pipit-config-version.cmake DESTINATION ${config_folder} COMPONENT dev)

file(RELATIVE_PATH PIPIT_PC_PREFIX /usr/${CMAKE_INSTALL_LIBDIR}/pkgconfig /usr)
foreach(package pipit pipit-static)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()

# TensorFlow Lite's interface: its library and headers, under the names that programs know.
if(TARGET tensorflowlite_c)
  install(TARGETS tensorflowlite_c LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT tflite)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/tflite/include/tensorflow
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT tflite_dev)
  foreach(package tensorflowlite_c tensorflow-lite)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc
      @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${package}.pc
      DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT tflite_dev)
  endforeach()
endif()

# Python goes where Debian's python3 looks, which the script finds out when it installs.
set(PIPIT_PYTHON_DIR "" CACHE STRING "Where the Python packages go, if not where python3 looks")
option(PIPIT_REPLACE_TFLITE "Install tflite_runtime and ai_edge_litert over those of others" OFF)
foreach(package pipit tflite_runtime ai_edge_litert)
  if(package STREQUAL pipit)
    set(component python)
  else()
    set(component python_${package})
  endif()
  install(CODE "
    set(source \"${PROJECT_SOURCE_DIR}\")
    set(package ${package})
    set(folder \"${PIPIT_PYTHON_DIR}\")
    set(replace ${PIPIT_REPLACE_TFLITE})
    include(\"${CMAKE_CURRENT_LIST_DIR}/install_python.cmake\")" COMPONENT ${component})
endforeach()
