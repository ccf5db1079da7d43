#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what the header declares, versioned, and nothing else.
#
# usage: shared_library_test.sh NM LIBRARY HEADER
set -euo pipefail
export LC_ALL=C
nm=$1 library=$2 header=$3

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
echo "$(wc -l <<< "$exported") symbols"
