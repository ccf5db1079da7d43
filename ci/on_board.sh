#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a program of a cross build on a board, and brings back what it prints, the files that it wrote
# and its exit status. What it needs is copied there once: the program, files and folders among its
# arguments, and those of the source and build trees that it names. `toolchains/run_on_target.sh`
# calls this for tests when PIPIT_BOARD is set.
#
# usage: PIPIT_BOARD=user@board ci/on_board.sh PROGRAM [ARGUMENT...]
#
# Exit status 255: the board could not be reached, or dropped the connection.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=ci/board.sh
. "$here/board.sh"
: "${PIPIT_BOARD:?user@board}"
source=$(dirname "$here")
program=$(realpath "$1")
shift
gone() { # gone WHAT: the last word on a test whose board is gone
  echo "$(basename "$program") $1: no connection to $PIPIT_BOARD" >&2
  exit 255
}
lost() { : > "$board_state/lost"; gone "$1"; }

board_control
# Of many tests, not each waits for a board that is gone.
if [[ -n $(find "$board_state/lost" -mmin -0.5 2> /dev/null) ]]; then gone "did not start"; fi
exec {lock}> "$board_state/lock"
flock "$lock"
board_connect || lost "did not start"
rm -f "$board_state/lost"
ask() { # ask SCRIPT ARGUMENT...: for what only fails when the board is gone, or full
  local status=0
  board_sh "$@" || status=$?
  ((status != 255)) || lost "did not start"
  ((status == 0)) || { echo "$PIPIT_BOARD: no place for $(basename "$program")" >&2; exit 254; }
}

# Places: each has the same path there, below a folder of ours.
root=$(ask 'mkdir -p "$1" && cd "$1" && pwd -P' "${PIPIT_BOARD_DIR:-.cache/pipit-board}")
declare -A needed=([$program]=1)

place() { # place WORD: sets $placed, the word for there; notes what it needs
  local path=$1 before=''
  placed=$1
  if [[ $path == -*=* ]]; then before=${path%%=*}= path=${path#*=}; fi
  [[ -n $path && $path != -* ]] || return 0
  if [[ $path != /* ]]; then
    [[ ! -e $path ]] || needed[$(realpath -ms "$path")]=1
    return 0
  fi
  case $path in / | /dev | /dev/* | /proc/* | /sys/*) return 0 ;; esac
  path=$(realpath -ms "$path")
  if [[ -e $path ]]; then needed[$path]=1; elif [[ ! -d $(dirname "$path") ]]; then return 0; fi
  placed=$before$root$path
}

words=() outputs=()
for word in "$@"; do
  place "$word"
  words+=("$placed")
  if [[ $placed == *"$root"/* ]]; then outputs+=("${placed#*"$root"}"); fi
done
libraries=()
if [[ -n ${LD_LIBRARY_PATH:-} ]]; then
  place "${LD_LIBRARY_PATH%%:*}"
  libraries=("LD_LIBRARY_PATH=$placed")
fi
while read -r path; do
  path=$(realpath -ms "$path")
  [[ ! -e $path || $path == "$source" ]] || needed[$path]=1
done < <(strings -a -n 8 "$program" | grep -oE "^$source/[[:alnum:]/._-]+" || true)

stamp() { # stamp PATH: a name that changes with what lies there
  {
    echo "$1"
    if [[ -d $1 ]]; then find -L "$1" -printf '%P %s %T@ %m\n' | LC_ALL=C sort; else stat -Lc '%s %Y %a' "$1"; fi
  } | sha256sum | cut -d ' ' -f 1
}

# What breaks off half-way stays in a folder that nobody looks into.
receive='
  in=$1/.incoming.$$; trap "rm -rf \"$in\"" EXIT; trap "exit 1" HUP INT TERM PIPE
  find "$1" -maxdepth 1 -name ".incoming.*" -mmin +60 -exec rm -rf {} +
  mkdir -p "$in" "$1/.stamps" "$1$(dirname "$2")" || exit 1
  tar -xf - -C "$in" && [ -e "$in/.complete" ] || exit 1
  rm -rf "$1$2"; mv "$in$2" "$1$2" && : > "$1/.stamps/$3"'

: > "$board_state/.complete"
paths=("${!needed[@]}") pairs=()
for path in "${paths[@]}"; do pairs+=("$(stamp "$path")" "$path"); done
there=$(ask 'cd "$1" && shift || exit 1
  while [ $# -gt 0 ]; do
    if [ -e ".stamps/$1" ] && [ -e ".$2" ]; then echo "$1"; fi
    shift 2
  done' "$root" "${pairs[@]}")
for ((i = 0; i < ${#pairs[@]}; i += 2)); do
  if grep -qx "${pairs[i]}" <<< "$there"; then continue; fi
  tar -C / -chf - "${pairs[i + 1]#/}" -C "$board_state" .complete |
    ask "$receive" "$root" "${pairs[i + 1]}" "${pairs[i]}"
done
exec {lock}>&-

# Variables that tests and sanitizers read, and where the source tree lies for them.
variables=("PIPIT_TEST_ROOT=$root" "${libraries[@]}")
while IFS= read -r variable; do variables+=("$variable"); done < <(env |
  grep -E '^(PIPIT_TEST_[A-Z_]+|GTEST_[A-Z_]+|[ATU]B?SAN_OPTIONS|UBSAN_OPTIONS)=' || true)
read -ra prefix <<< "${PIPIT_BOARD_PREFIX:-}"
run='
  folder=$1$2; started=$1/$3; shift 3
  mkdir -p "$folder" && : > "$started" && cd "$folder" || exit 254
  env "$@"; status=$?
  [ $status = 255 ] && exit 254; exit $status'
marker=.started.$$.$RANDOM
rename() { exec sed -u "s|$root/|/|g"; } # messages name places as they are called here
status=0
(board_sh "$run" "$root" "$PWD" "$marker" "${variables[@]}" "${prefix[@]}" "$root$program" \
  "${words[@]}" 2>&3 | rename; exit "${PIPESTATUS[0]}") 3> >(rename >&2) || status=$?
((status != 255)) || lost "did not finish"

# What it wrote where its arguments point; of what lies in a folder for temporary files, nothing stays.
passing=()
for path in "${outputs[@]}"; do
  if [[ $path == "${TMPDIR:-/tmp}"/* && $path != "$source"/* ]]; then passing+=("$path"); fi
done
fetch='
  cd "$1" || exit 1; newer=$2; count=$3; shift 3
  for path; do [ ! -e ".$path" ] || find ".$path" -type f -newer "$newer"; done > "$newer.list"
  tar -cf - -T "$newer.list" 2> /dev/null
  shift $(($# - count))
  for path; do rm -rf ".$path"; done
  rm -f "$newer" "$newer.list"'
board_sh "$fetch" "$root" "$marker" "${#passing[@]}" "${outputs[@]}" "${passing[@]}" |
  tar -xf - -C / --no-same-owner || lost "did not bring back its files"
exit "$status"
