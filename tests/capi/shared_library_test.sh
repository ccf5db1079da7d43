#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what the header declares, versioned, and nothing else, and asks for no
# function of a newer glibc than 2.GLIBC.
#
# usage: shared_library_test.sh NM LIBRARY HEADER [GLIBC]
set -euo pipefail
export LC_ALL=C
nm=$1 library=$2 header=$3 glibc=${4:-}

declared=$(grep -oE '\bpipit_[a-z_]+\(' "$header" | tr -d '(' | sort -u)
exported=$("$nm" --dynamic --defined-only "$library" | awk '$2 != "A" { print $3 }' | sort -u)
[[ -n $declared && -n $exported ]] || { echo "FAILED: nothing to compare"; exit 1; }
expected=
# Types are followed by no parenthesis; functions in comments are declared, too.
for name in $declared; do
  grep -qE "PIPIT_API.*\b$name\(" "$header" && expected+="$name@@PIPIT_1"$'\n'
done
if ! diff <(printf '%s' "$expected") <(printf '%s\n' "$exported"); then
  echo "FAILED: declared in $header (<) and exported by $library (>) differ"
  exit 1
fi
asked=$("$nm" --dynamic --undefined-only "$library" | grep -oE 'GLIBC_[0-9.]+' | sort -uV)
newer=$(awk -F '[_.]' -v glibc="${glibc:-999}" '$2 > 2 || $3 > glibc' <<< "$asked")
if [[ -n $newer ]]; then
  echo "FAILED: functions of ${newer//$'\n'/, } are asked for; see cmake/older_glibc.cmake"
  exit 1
fi
echo "$(wc -l <<< "$exported") symbols"
