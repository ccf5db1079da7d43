# SPDX-License-Identifier: Apache-2.0
# Writes schema_generated.h; cmake -DFLATC=... -DSCHEMA=... -DOUTPUT=FOLDER -P schema.cmake.
file(READ ${SCHEMA} text)
string(REPLACE "namespace pipit.fb;" "namespace tflite;" text "${text}")
file(WRITE ${OUTPUT}/schema.fbs "${text}")
execute_process(COMMAND ${FLATC} --cpp --gen-mutable --gen-object-api -o ${OUTPUT} ${OUTPUT}/schema.fbs
  COMMAND_ERROR_IS_FATAL ANY)
# Nothing in it is younger than the headers of flatbuffers 2.0, and newer ones have all of it; a program
# may have other ones than those of this flatc.
set(header ${OUTPUT}/schema_generated.h)
file(READ ${header} text)
string(REGEX REPLACE "\n// Ensure the included[^=]*\nstatic_assert\\([^)]*\\);\n" "" text "${text}")
file(WRITE ${header} "${text}")
