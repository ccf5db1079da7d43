# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# How scripts speak with a board over ssh; read by ci/on_board.sh and ci/deploy.sh.
#
#   PIPIT_BOARD         user@board
#   PIPIT_SSH           how to reach it, `ssh` if not said: `ssh -p 2222 -i key`
#   PIPIT_BOARD_DIR     the folder on it for what tests need, .cache/pipit-board if not said
#   PIPIT_BOARD_PRESET  aarch64 or armhf, if not as its kernel says
#   PIPIT_BOARD_PREFIX  what stands before each program there: `taskset -c 3`
#   PIPIT_BOARD_MODELS  what `ci/check.sh board` measures, all that are here if not said

read -ra board_ssh <<< "${PIPIT_SSH:-ssh}"
board_ssh+=(-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3)

# One connection serves many commands. Where it lies is nobody else's.
board_control() {
  local folder=${XDG_RUNTIME_DIR:-/tmp}/pipit-board-$UID
  (umask 077 && mkdir -p "$folder")
  [[ -O $folder && ! -L $folder ]] || { echo "$folder is not yours" >&2; return 1; }
  board_state=$folder
  board_ssh+=(-o "ControlPath=$folder/%C")
}

board_connect() { # board_connect: opens the connection unless it is open
  "${board_ssh[@]}" -O check "$PIPIT_BOARD" > /dev/null 2>&1 && return
  # Its output goes to a file: a pipe of ours would stay open as long as the connection.
  "${board_ssh[@]}" -o ControlMaster=yes -o ControlPersist=60 -fN "$PIPIT_BOARD" \
    < /dev/null > "$board_state/said" 2>&1 && return
  sed "s/^/$PIPIT_BOARD: /" "$board_state/said" >&2
  return 255
}

board_disconnect() { "${board_ssh[@]}" -O exit "$PIPIT_BOARD" > /dev/null 2>&1 || true; }

quoted() { # quoted WORD...: as any shell reads them back
  local word
  for word in "$@"; do printf " '%s'" "${word//\'/\'\\\'\'}"; done
}

board_sh() { # board_sh SCRIPT [ARGUMENT...]: runs it there with sh, with our streams; 255: no connection
  "${board_ssh[@]}" "$PIPIT_BOARD" "exec sh -c$(quoted "$1" sh "${@:2}")"
}

board_preset() { # board_preset: the preset whose static programs run there, or a refusal
  local kernel
  if [[ -n ${PIPIT_BOARD_PRESET:-} ]]; then echo "$PIPIT_BOARD_PRESET"; return; fi
  kernel=$(board_sh 'uname -m') || return
  case $kernel in
    aarch64) echo aarch64 ;;  # whatever its programs are: a static one wants nothing of the system
    armv7l | armv8l) echo armhf ;;
    *) echo "$PIPIT_BOARD has a kernel for $kernel, for which there is no build" >&2; return 1 ;;
  esac
}
