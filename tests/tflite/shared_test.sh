#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what the headers declare, under the version VERS_1.0, functions of pipit.h
# for its handle, under PIPIT_1, and nothing else;
# asks for no function of glibc or libstdc++ that older boards lack; and a C program that knows the
# public headers alone runs with it.
#
# usage: shared_test.sh NM LIBRARY HEADERS GLIBC CLIENT MODEL EXPECTED [EMULATOR...]
set -euo pipefail
export LC_ALL=C
nm=$1 library=$2 headers=$3 glibc=$4 client=$5 model=$6 expected=$7
emulator=("${@:8}")

# Every function in the headers is followed by its parenthesis, after TFL_CAPI_EXPORT.
declared=$(find "$headers" -path '*/c/*.h' -o -path '*/delegates/*.h' | sort | xargs cat | tr '\n' ' ' |
  grep -oP 'TFL_CAPI_EXPORT[^;(]*?\b\KTfLite\w+(?=\s*\()' | sort -u)
exported=$("$nm" --dynamic --defined-only "$library" | awk '$2 != "A" { print $3 }' | sort -u)
[[ -n $declared && -n $exported ]] || { echo "FAILED: nothing to compare"; exit 1; }
handle=$(grep -oP '\bpipit_(interpreter_\w+|version)(?=\()' "$headers/../../../../core/include/pipit/pipit.h" | sort -u)
own=$(grep '@@PIPIT_1$' <<< "$exported")
if ! grep -q pipit_interpreter_invoke <<< "$own" || comm -13 <(sed 's/$/@@PIPIT_1/' <<< "$handle") - <<< "$own" | grep .; then
  echo "FAILED: under PIPIT_1 there is not what pipit.h declares for handles"
  exit 1
fi
if ! diff <(sed 's/$/@@VERS_1.0/' <<< "$declared") <(grep -v '@@PIPIT_1$' <<< "$exported"); then
  echo "FAILED: declared in $headers (<) and exported by $library (>) differ"
  exit 1
fi

newest() { # newest PREFIX: of the versions asked for
  "$nm" --dynamic --undefined-only "$library" | grep -oP "$1_\K[0-9.]+" | sort -V | tail -n 1
}
check() { # check PREFIX MOST
  local have
  have=$(newest "$1")
  [[ $(printf '%s\n' "$2" "${have:-0}" | sort -V | tail -n 1) == "$2" ]] && return
  echo "FAILED: functions of $1_$have are asked for, $2 is the newest that all boards have"
  "$nm" --dynamic --undefined-only "$library" | grep "$1_$have"
  exit 1
}
if [[ $glibc != any ]]; then
  check GLIBC "$glibc"
  check GLIBCXX 3.4.26
  check CXXABI 1.3.11
fi

said=$(LD_LIBRARY_PATH=$(dirname "$library") "${emulator[@]}" "$client" "$model")
if ! diff <(printf '%s\n' "$said") "$expected"; then
  echo "FAILED: the client says (<) something else than $expected (>)"
  exit 1
fi
echo "$(wc -l <<< "$exported") symbols"
