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
"$root/ci/check.sh" board
diff "$root/docs/boards.md" "$board/boards.md" | grep '^> | ' || { echo "FAILED: no row"; exit 1; }
