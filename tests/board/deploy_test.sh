#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ci/deploy.sh against a board behind an sshd: the command arrives whole and says a seven is one; a
# program that does not run, and a connection that breaks, leave what was there. Debian's and pip's
# installers are stood in for: they unpack what they are given.
#
# usage: deploy_test.sh BUILD MACHINE EMULATOR...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$1 emulator=("${@:3}")
case $2 in
  aarch64) preset=aarch64 ;;
  *) preset=armhf ;;
esac
# shellcheck source=tests/board/sshd.sh
. "$here/sshd.sh"
fail() { echo "FAILED: $*"; exit 1; }
board_up "${emulator[@]:1}"
cd "$board"
deploy() { # deploy ARGUMENT...: leaves $status, and what it says in the files said.*
  status=0
  "$root/ci/deploy.sh" --preset "$preset" "$@" "$PIPIT_BOARD" > said.out 2> said.err || status=$?
}
left() { find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'pipit-deploy.*' -newer "$board/sshd_config" | grep .; }

deploy --build "$build" --to "$board/to/pipit"
[[ $status == 0 && $(cat said.out) == "$PIPIT_BOARD: pipit "*" runs there, as $board/to/pipit ("* ]] ||
  fail "$status: $(cat said.out said.err)"
cmp "$build/bin/pipit" to/pipit && [[ -x to/pipit && $(ls -A to) == pipit ]] || fail "it is not there"
echo "ok it runs there"

# One that does not run there, one that is wrong, and one that breaks off.
mkdir -p broken/bin large/bin
echo "no program" > broken/bin/pipit
deploy --build "$board/broken" --to "$board/to/pipit"
[[ $status == 1 && $(cat said.err) == "$PIPIT_BOARD: it does not run there: "* ]] || fail "$(cat said.err)"
truncate -s 300M large/bin/pipit
deploy --build "$board/large" --to "$board/to/pipit" &
deploy_pid=$!
until_there eval '[[ -n $(find to -name "*.part" -size +1M) ]]'
drop_connections
wait "$deploy_pid"
grep -q "^$PIPIT_BOARD: no connection" said.err || fail "$(cat said.err)"
until_there eval '[[ $(ls -A to) == pipit ]]'
cmp "$build/bin/pipit" to/pipit || fail "what was there has gone"
echo "ok what does not run or arrive leaves what was there"

# By the packages, ...
export PIPIT_BOARD_PREFIX=''
cat > bin/apt-get << END
#!/bin/sh
set -e
for deb; do case \$deb in *.deb) dpkg -x "\$deb" $board/root ;; esac; done
printf '#!/bin/sh\nexec ${emulator[*]:1} $board/root/usr/bin/pipit "\$@"\n' > $board/bin/pipit
chmod +x $board/bin/pipit
END
cat > bin/sudo << 'END'
#!/bin/sh
[ "$1" = -n ] && shift && exec "$@"
END
# ... or by a wheel: `python3 -m venv` makes a folder whose pip unpacks.
cat > bin/python3 << END
#!/bin/sh
[ "\$1" = -m ] || exit 0
mkdir -p "\$4/bin" "\$4/site"
cp $board/bin/pip "\$4/bin/pip"
printf '#!/bin/sh\n' > "\$4/bin/python3"
printf '#!/bin/sh\nexec ${emulator[*]:1} %s/site/pipit/bin/pipit "\$@"\n' "\$4" > "\$4/bin/pipit"
chmod +x "\$4/bin/"*
END
cat > bin/pip << 'END'
#!/bin/sh
cd "$(dirname "$0")/../site" && /usr/bin/python3 -m zipfile -e "$4" . && chmod +x pipit/bin/pipit
END
chmod +x bin/*
if compgen -G "$build/packages/*.deb" > /dev/null; then
  deploy --deb --build "$build"
  [[ $status == 0 && $(cat said.out) == *" runs there, as /usr/bin/pipit ("* ]] || fail "$(cat said.err)"
  [[ -e root/usr/lib/python3/dist-packages/pipit/__init__.py ]] || fail "no Python"
  echo "ok its packages run there"
fi
mkdir -p copy/bin copy/lib
cp "$build/bin/pipit" copy/bin && cp "$build/lib/libpipit.so.1" copy/lib
deploy --wheel --build "$board/copy" --to "$board/env"
[[ $status == 0 && $(cat said.out) == *" runs there, as $board/env ("* ]] || fail "$(cat said.err)"
echo "ok its wheel runs there"

# Where no build fits, it says so.
cat > bin/uname << 'END'
#!/bin/sh
echo armv6l
END
chmod +x bin/uname
status=0
"$root/ci/deploy.sh" "$PIPIT_BOARD" 2> said.err || status=$?
[[ $status == 1 && $(cat said.err) == "$PIPIT_BOARD has a kernel for armv6l, for which there is no build" ]] ||
  fail "status $status: $(cat said.err)"
echo "ok a board that no build is for"

! left || fail "that is left on the board"
drop_connections
kill "$sshd_pid"
deploy --build "$build"
[[ $status == 255 && $(cat said.err) == "$PIPIT_BOARD: "* ]] || fail "a board that is off: $(cat said.err)"
for wrong in '' --nonsense; do
  status=0
  # shellcheck disable=SC2086  # nothing at all is a case
  "$root/ci/deploy.sh" $wrong 2> said.err || status=$?
  [[ $status == 2 && $(cat said.err) == "usage: "* ]] || fail "wrong usage gives $status"
done
echo "ok a board that is off is told"
