#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libtensorflowlite_c.so loads under musl, runs a model and reports a damaged one as under glibc.
# libstdc++ and libgcc_s are this system's: what they miss beside musl is in SHIM (musl_shim.c).
#
# usage: musl_test.sh CLIENT LIBRARY SHIM COMPILER MODEL LOADER [EMULATOR...]
#
# CLIENT was linked with glibc; musl's LOADER, from Debian's package `musl`, takes its place.
set -euo pipefail
client=$1 library=$2 shim=$3 compiler=$4 model=$5 loader=$6
emulator=("${@:7}")

if [[ ! -e $loader ]]; then
  echo "SKIPPED: no $loader; Debian has it in the package musl"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -L "$library" "$shim" "$folder"
for each in libstdc++.so.6 libgcc_s.so.1; do
  cp -L "$("$compiler" "-print-file-name=$each")" "$folder"
done
head -c 5000 "$model" > "$folder/damaged.tflite"

for each in "$model" "$folder/damaged.tflite"; do
  here=$(LD_LIBRARY_PATH=$(dirname "$library") "${emulator[@]}" "$client" "$each" 2>&1 || true)
  there=$("${emulator[@]}" "$loader" --library-path "$folder" "$client" "$each" 2>&1 || true)
  if [[ -z $here || $there != "$here" ]]; then
    printf 'FAILED: with glibc\n%s\nwith musl\n%s\n' "$here" "$there"
    exit 1
  fi
  echo "ok: $there"
done
[[ $there == *damaged* ]] || { echo "FAILED: the damaged model is taken"; exit 1; }
