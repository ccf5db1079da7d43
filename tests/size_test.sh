#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the library and the command take when they are loaded, code and data, keeps within a budget. Who
# adds code finds here what it costs; a budget that no longer needs to be so large is lowered.
#
# usage: size_test.sh READELF PROCESSOR SHARED_LIBRARY COMMAND
set -euo pipefail
export LC_ALL=C
readelf=$1 processor=$2 library=$3 command=$4

case $processor in
  aarch64 | arm64) library_budget=1385000 command_budget=3550000 ;;
  arm*) library_budget=930000 command_budget=2400000 ;;
  x86_64 | amd64) library_budget=1100000 command_budget=2200000 ;;
  *) echo "no budget for $processor"; exit 1 ;;
esac

failed=0
keeps_within() { # keeps_within BUDGET FILE
  local bytes=0 segment
  for segment in $("$readelf" --wide --program-headers "$2" | awk '$1 == "LOAD" { print $5 }'); do
    ((bytes += segment))
  done
  printf '%s: %d bytes, budget %d\n' "${2##*/}" "$bytes" "$1"
  ((bytes > 0 && bytes <= $1))
}
keeps_within 1000 "$library" > /dev/null && { echo "FAILED: self-check: nothing is too large"; exit 1; }
keeps_within "$library_budget" "$library" || failed=1
keeps_within "$command_budget" "$command" || failed=1
exit "$failed"
