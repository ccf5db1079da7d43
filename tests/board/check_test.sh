#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `ci/check.sh board` as owners run it, on a board behind an sshd of its own; some of the tests, and a
# copy of the table. `ci/check.sh board-test`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/board/sshd.sh
. "$here/sshd.sh"
board_up qemu-aarch64 -L /usr/aarch64-linux-gnu
cp "$root/docs/boards.md" "$board/boards.md"
export PIPIT_BOARD_PRESET=aarch64 PIPIT_BOARD_TABLE=$board/boards.md QEMU_CPU=max
export PIPIT_BOARD_TESTS='^(conv_variants_test|dense_variants_test|pool_variants_test|conformance_isa\.neon)'
export PIPIT_BOARD_MODELS='models/*.tflite'  # under an emulator, large ones take minutes each
"$root/ci/check.sh" board
# With pipefail, what diff finds would fail a pipe.
row=$(diff "$root/docs/boards.md" "$board/boards.md") || true
[[ $row == *'> | '*' passed | '* ]] || { echo "FAILED: no row: $row"; exit 1; }
echo "ok ${row#*> }"
