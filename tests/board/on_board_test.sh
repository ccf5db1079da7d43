#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests run on a board over ssh as they run under the emulator: what they print, write and return
# comes back, and what they need is copied once. When the board drops the connection, nothing half
# copied has its final name, and the test is named that did not finish.
#
# usage: on_board_test.sh COMMAND CTEST BUILD EMULATOR...
#
# COMMAND is the ARM `pipit`; EMULATOR is what the build's toolchain file sets.
set -euo pipefail
unset QEMU_CPU  # a board does not know what this machine's emulator is asked for
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
command=$1 ctest=$2 build=$3 emulator=("${@:4}")
# shellcheck source=tests/board/sshd.sh
. "$here/sshd.sh"
fail() { echo "FAILED: $*"; exit 1; }
board_up "${emulator[@]:1}"
cd "$board"

both() { # both ARGUMENT...: the same on the board and under the emulator
  local wanted=0
  status=0
  PIPIT_BOARD='' "${emulator[@]}" "$command" "$@" > wanted.out 2> wanted.err || wanted=$?
  "${emulator[@]}" "$command" "$@" > said.out 2> said.err || status=$?
  [[ $status == "$wanted" ]] || fail "status $status, not $wanted: $(cat said.err)"
  diff wanted.out said.out && diff wanted.err said.err || fail "it prints something else"
}

model=$root/models/digits_int8.tflite
both inspect "$model"
[[ -x there$command && -s there$model ]] || fail "it did not run there"
echo "ok it runs there"

copied=$(stat -c %i "there$command" "there$model")
cp "$model" own.tflite
both inspect "$model" --json
both inspect own.tflite
[[ $(stat -c %i "there$command" "there$model") == "$copied" ]] || fail "copied again"
echo "not a model" > own.tflite
both inspect own.tflite
((status == 3)) || fail "a damaged model gives $status"
both inspect "$board/not there.tflite"
echo "ok what changed is copied, and nothing else; exit status and messages come back"

mkdir here-local here-board
PIPIT_BOARD='' "${emulator[@]}" "$command" run "$model" --output-dir "$board/here-local" > wanted.out
"${emulator[@]}" "$command" run "$model" --output-dir "$board/here-board" > said.out
diff -r here-local here-board || fail "other files come back"
[[ -n $(ls here-board) ]] || fail "no file comes back"
echo "ok files come back"

said=$(PIPIT_TEST_SAYS="it's here" PIPIT_BOARD_PREFIX="" "$root/ci/on_board.sh" /usr/bin/env)
grep -qx "PIPIT_TEST_SAYS=it's here" <<< "$said" || fail "variables do not arrive"

# By ctest: a test whose files lie in the source tree.
mkdir tests
printf 'add_test(file_test' > tests/CTestTestfile.cmake
printf ' "%s"' "${emulator[@]}" "$build/bin/file_test" >> tests/CTestTestfile.cmake
echo ')' >> tests/CTestTestfile.cmake
"$ctest" --test-dir tests --no-tests=error --output-on-failure > said.out || fail "$(cat said.out)"
[[ -x there$build/bin/file_test && -s there$root/models/digits_int8.tflite ]] || fail "it did not run there"
echo "ok ctest runs there"

# The connection breaks while a test runs: ...
cat > slow << END
#!/bin/sh
touch $board/started
sleep 60
END
chmod +x slow
PIPIT_BOARD_PREFIX=$board/slow "${emulator[@]}" "$command" inspect "$model" 2> said.err &
test_pid=$!
until_there test -e started
drop_connections
status=0
wait "$test_pid" || status=$?
((status == 255)) || fail "status $status"
grep -qx "pipit did not finish: no connection to $PIPIT_BOARD" said.err || fail "$(cat said.err)"
# ... others do not wait for it for now, and later find it again ...
"${emulator[@]}" "$command" --help > /dev/null 2> said.err && fail "a board that is gone is asked"
grep -q "pipit did not start: no connection" said.err || fail "$(cat said.err)"
rm "pipit-board-$UID/lost"
both inspect "$model"
echo "ok a dropped connection is told, and made again"

# ... and while something is copied.
truncate -s 300M large.tflite
"${emulator[@]}" "$command" inspect "$board/large.tflite" > said.out 2> said.err &
test_pid=$!
until_there eval '[[ -n $(find there/.incoming.* -name large.tflite -size +1M) ]]'
drop_connections
status=0
wait "$test_pid" || status=$?
((status == 255)) || fail "status $status"
grep -q "pipit did not start: no connection to $PIPIT_BOARD" said.err || fail "$(cat said.err)"
[[ ! -e there$board/large.tflite ]] || fail "a part of a file has its final name"
until_there eval '! compgen -G "there/.incoming.*"'
echo "ok a copy that breaks off leaves nothing"
