#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What CTest says of programs of GoogleTest cases of which some pass, are skipped or fail.
#
# usage: verdicts_test.sh CTEST FOLDER PROGRAM...
set -euo pipefail
ctest=$1 folder=$2
mkdir -p "$folder"
cd "$folder"
rm -f CTestTestfile.cmake

command=$(printf ' "%s"' "${@:3}")
expected=()
verdict() { # verdict PASSED|SKIPPED|FAILED CASE...: a test of these cases, and what CTest must say
  local cases name
  cases=$(IFS=: && echo "${*:2}")
  name=${cases//:/_and_}
  printf 'add_test(%s%s "--gtest_filter=Verdicts.%s")\nset_tests_properties(%s PROPERTIES SKIP_RETURN_CODE 77)\n' \
    "$name" "$command" "${cases//:/:Verdicts.}" "$name" >> CTestTestfile.cmake
  expected+=("$name $1")
}
verdict PASSED Passes
verdict SKIPPED Skips
verdict SKIPPED Passes Skips
verdict FAILED Fails
verdict FAILED Passes Fails
verdict FAILED Skips Fails
verdict FAILED Passes Skips Fails
verdict FAILED Nothing

"$ctest" > report.txt 2>&1 || true
found=$(sed -nE 's:^ *[0-9]+/[0-9]+ Test +#[0-9]+\: (\w+) \.+[ *]*([A-Za-z]+) .*:\1 \2:p' report.txt | tr '[:lower:]' '[:upper:]')
diff <(printf '%s\n' "${expected[@]}" | tr '[:lower:]' '[:upper:]') <(echo "$found") || {
  cat report.txt
  echo "FAILED: expected (<) and said by CTest (>)"
  exit 1
}
