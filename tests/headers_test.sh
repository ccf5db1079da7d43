#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves that every public header stands alone: as the only include of a C++17 file, and the
# C interface also of a C99 file.
#
# usage: headers_test.sh CXX
set -euo pipefail
cxx=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
public=("-I$root/core/include" "-I$root/platform/include")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

alone() { # alone LANGUAGE STANDARD HEADER -IFOLDER...: twice, so that the include guard is tried too
  printf '#include "%s"\n#include "%s"\n' "$3" "$3" |
    "$cxx" -x "$1" -std="$2" -Wall -Wextra -Wpedantic -Werror -fsyntax-only "${@:4}" -
}

failed=0
check() { # check LANGUAGE STANDARD HEADER
  if alone "$1" "$2" "$3" "${public[@]}"; then
    echo "ok $2 $3"
  else
    echo "FAILED $2 $3"
    failed=1
  fi
}

# First, that a header which leans on its includer is caught, in both languages.
mkdir "$scratch/pipit"
echo 'inline uint8_t leans_on_its_includer(void) { return 1; }' > "$scratch/pipit/leaning.h"
for language in 'c++ c++17' 'c c99'; do
  # shellcheck disable=SC2086  # two words
  if alone $language pipit/leaning.h "-I$scratch" 2> /dev/null; then
    echo "FAILED: self-check: a header without its includes was accepted as $language"
    failed=1
  fi
done
printf '#pragma once\n#include <stdint.h>\nuint8_t stands_alone(void);\n' > "$scratch/pipit/good.h"
alone c++ c++17 pipit/good.h "-I$scratch"
alone c c99 pipit/good.h "-I$scratch"

for folder in "${public[@]#-I}"; do
  for path in "$folder"/pipit/*.h; do
    [[ -e $path ]] || { echo "FAILED: no public header in $folder"; exit 1; }
    check c++ c++17 "pipit/${path##*/}"
  done
done
[[ ! -e $root/core/include/pipit/pipit.h ]] || check c c99 pipit/pipit.h
exit "$failed"
