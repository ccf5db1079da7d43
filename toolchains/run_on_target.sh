#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program of a cross build: under the emulator, or on the board that PIPIT_BOARD names.
#
# usage: run_on_target.sh EMULATOR -L ROOT PROGRAM [ARGUMENT...]
[ -n "${PIPIT_BOARD:-}" ] || exec "$@"
shift 3
exec "$(dirname "$0")/../ci/on_board.sh" "$@"
