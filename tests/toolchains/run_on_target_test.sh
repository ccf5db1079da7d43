#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which CPU programs of a cross build run on: the one that QEMU_CPU names, and of the richest 64-bit
# one a form that an emulator can run in reasonable time.
#
# usage: run_on_target_test.sh RUN_ON_TARGET SCRATCH
set -euo pipefail
run=$1 scratch=$2
mkdir -p "$scratch"
for emulator in qemu-aarch64 qemu-arm; do
  printf '#!/bin/sh\necho "${QEMU_CPU-none} $*"\n' > "$scratch/$emulator"
  chmod +x "$scratch/$emulator"
done
unset PIPIT_BOARD QEMU_CPU

expect() { # expect WANTED EMULATOR [QEMU_CPU]
  local got
  got=$(env ${3:+"QEMU_CPU=$3"} "$run" "$scratch/$2" -L /root program argument)
  [[ $got == "$1 -L /root program argument" ]] || { echo "$2 with ${3:-nothing}: $got, not $1"; exit 1; }
}

expect max,pauth-impdef=on qemu-aarch64
expect max,pauth-impdef=on qemu-aarch64 max
expect cortex-a53 qemu-aarch64 cortex-a53
expect max qemu-arm max
expect none qemu-arm
