#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copies a build to a board and answers whether it runs there: shown a picture of a seven, it has to
# say so. What was there stays until then.
#
# usage: ci/deploy.sh [--deb | --wheel] [--preset NAME] [--build FOLDER] [--to PATH] USER@BOARD
#
#   (neither)   the static command, to ~/.local/bin/pipit
#   --deb       the Debian packages of library, command and Python, installed by apt with sudo
#   --wheel     the wheel, into a virtual environment, ~/pipit if not said
#   --preset    aarch64 or armhf, if not as the board says
#   --build     a folder that is built already, used as it is
#   --to        where else it goes, on the board
#
# ci/board.sh lists the variables for the connection. Exit status: 0 it runs there, 1 it does not,
# 2 wrong usage, 255 no connection.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=ci/board.sh
. "$root/ci/board.sh"
usage() { sed -n '/^# usage:/s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
die() { echo "$PIPIT_BOARD: $*" >&2; exit 1; }

kind=file preset='' build='' to='' PIPIT_BOARD=''
while (($#)); do
  case $1 in
    --deb) kind=deb; shift ;;
    --wheel) kind=wheel; shift ;;
    --preset | --build | --to) (($# > 1)) || usage; declare "${1#--}=$2"; shift 2 ;;
    -*) usage ;;
    *) [[ -z $PIPIT_BOARD ]] || usage; PIPIT_BOARD=$1; shift ;;
  esac
done
[[ -n $PIPIT_BOARD ]] || usage

ask() { # ask SCRIPT [ARGUMENT...]: fails as a whole when the board is gone
  local status=0
  board_sh "$@" || status=$?
  ((status != 255)) || { echo "$PIPIT_BOARD: no connection" >&2; exit 255; }
  return "$status"
}

exec < /dev/null
board_control
board_connect || exit 255
# What it is: its kernel's machine, whether its programs are 32-bit ones, and its name.
facts=$(ask 'uname -m; case $(head -c 5 /bin/sh | od -An -tu1 | tr -d " \n") in *1) echo 32 ;; *) echo 64 ;; esac
  cat /proc/device-tree/model 2> /dev/null | tr -d "\0" | grep . || echo "a machine without a device tree"')
{ read -r kernel; read -r bits; read -r model; } <<< "$facts"
if [[ -z $preset ]]; then
  preset=$(board_preset) || exit
  # With a 64-bit kernel, packages are for what its programs are.
  if [[ $kind != file && $bits == 32 ]]; then preset=armhf; fi
fi
case $preset in
  aarch64) machine=aarch64 ;;
  armhf) machine=armv7l ;;
  *) usage ;;
esac

if [[ -z $build ]]; then
  build=$root/build/$preset
  targets=(pipit_command)
  [[ $kind != wheel ]] || targets+=(pipit_shared)
  [[ $kind != deb ]] || targets=(pipit_packages)
  (cd "$root" && cmake --preset "$preset" && cmake --build --preset "$preset" --target "${targets[@]}") >&2
fi

# A folder of its own on the board, which goes when this ends.
there=$(ask 'mktemp -d "${TMPDIR:-/tmp}/pipit-deploy.XXXXXX"')
trap 'board_sh "rm -rf \"\$1\"" "$there" 2> /dev/null || true' EXIT

send() { # send FILE PLACE: whole, or not under this name
  ask 'mkdir -p "$(dirname "$1")" && trap "rm -f \"$1.part\"" EXIT && trap "exit 1" HUP INT TERM PIPE &&
    cat > "$1.part" && [ "$(cksum < "$1.part")" = "$2" ] && mv "$1.part" "$1"' "$2" "$(cksum < "$1")" < "$1" ||
    die "cannot copy $(basename "$1")"
}

for file in models/digits_int8.tflite models/digits_labels.txt models/samples/digit_7_0.png; do
  send "$root/$file" "$there/$(basename "$file")"
done
read -ra prefix <<< "${PIPIT_BOARD_PREFIX:-}"

runs() { # runs COMMAND...: whether this `pipit` runs there, or why not
  local said status=0
  said=$(ask 'cd "$1" && shift && "$@" classify digits_int8.tflite digit_7_0.png --labels digits_labels.txt 2>&1' \
    "$there" "${prefix[@]}" "$@") || status=$?
  ((status != 255)) || exit 255
  ((status == 0)) || die "it does not run there: ${said##*$'\n'} (exit status $status)"
  [[ $said == *"1. seven"* ]] || die "it runs there, and takes a seven for: ${said##*$'\n'}"
  version=$(ask '"$@" --version | head -n 1' "${prefix[@]}" "$@")
}

as_root='if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi'

case $kind in
  file)
    to=${to:-.local/bin/pipit}
    new=$(ask 'mkdir -p "$(dirname "$1")" && cd "$(dirname "$1")" && echo "$(pwd -P)/.$(basename "$1").new"' "$to")
    send "$build/bin/pipit" "$new"
    ask 'chmod 755 "$1"' "$new"
    # Should it not run, or the connection end, the new one goes; the old one is still there.
    trap 'board_sh "rm -rf \"\$1\" \"\$2\"" "$there" "$new" 2> /dev/null || true' EXIT
    runs "$new"
    ask 'mv "$1" "$2"' "$new" "$to"
    ;;
  deb)
    names=()
    for package in libpipit1 pipit python3-pipit; do
      file=$(find "$build/packages" -maxdepth 1 -name "${package}_*.deb")
      [[ -f $file ]] || die "no package $package in $build/packages"
      send "$file" "$there/$(basename "$file")"
      names+=("$there/$(basename "$file")")
    done
    ask "$as_root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --reinstall --allow-downgrades \
      "${names[@]}" >&2 < /dev/null || die "apt does not install them; sudo without a password is needed"
    to=/usr/bin/pipit
    runs pipit
    ask 'python3 -c "import pipit"' || die "python3 cannot import it"
    ;;
  wheel)
    to=${to:-pipit}
    rm -rf "$build/wheels"
    /usr/bin/python3 "$root/python/build_wheel.py" --library "$build/lib/libpipit.so.1" \
      --command "$build/bin/pipit" --out "$build/wheels" > /dev/null
    wheel=$(find "$build/wheels" -name "pipit_runtime-*_$machine*.whl")
    send "$wheel" "$there/$(basename "$wheel")"
    to=$(ask 'mkdir -p "$1" && cd "$1" && pwd -P' "$to")
    ask 'python3 -m venv --system-site-packages "$1" && "$1/bin/pip" install --no-index --force-reinstall "$2"' \
      "$to" "$there/$(basename "$wheel")" >&2 || die "pip does not install it"
    runs "$to/bin/pipit"
    ask '"$1/bin/python3" -c "import pipit"' "$to" || die "its python3 cannot import it"
    ;;
esac
echo "$PIPIT_BOARD: $version runs there, as $to ($model, $kernel, $bits-bit programs)"
