#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shared library loads under musl, starts threads, and computes the same as under glibc.
#
# usage: musl_test.sh CLIENT LIBRARY MODEL LOADER [EMULATOR...]
#
# CLIENT was linked with glibc; musl's LOADER, from Debian's package `musl`, takes its place.
set -euo pipefail
client=$1 library=$2 model=$3 loader=$4
emulator=("${@:5}")

if [[ ! -e $loader ]]; then
  echo "SKIPPED: no $loader; Debian has it in the package musl"
  exit 77
fi
here=$("${emulator[@]}" "$client" "$model")
there=$("${emulator[@]}" "$loader" --library-path "$(dirname "$library")" "$client" "$model")
if [[ $here != "2 threads"* || $there != "$here" ]]; then
  printf 'FAILED: with glibc\n%s\nwith musl\n%s\n' "$here" "$there"
  exit 1
fi
echo "ok: $there"
