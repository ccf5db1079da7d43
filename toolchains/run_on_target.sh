#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program of a cross build: under the emulator, or on the board that PIPIT_BOARD names.
#
# usage: run_on_target.sh EMULATOR -L ROOT PROGRAM [ARGUMENT...]
if [ -n "${PIPIT_BOARD:-}" ]; then
  shift 3
  exec "$(dirname "$0")/../ci/on_board.sh" "$@"
fi
# qemu's richest 64-bit CPU signs return addresses as ARM specifies, which takes it longer than what
# most functions do. With its own algorithm the same instructions run, and fail on the same addresses.
case ${1##*/}:${QEMU_CPU:-max} in
  qemu-aarch64*:max) export QEMU_CPU=max,pauth-impdef=on ;;
esac
exec "$@"
