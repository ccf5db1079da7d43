# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A board for tests: an sshd on this machine with a port, keys and a configuration of its own in a
# temporary folder, and an emulator that stands before what is run there. Ended when the test ends.

board_down() { # ends what was started, and nothing else
  [[ -z ${sshd_pid:-} ]] || drop_connections
  [[ -z ${sshd_pid:-} ]] || kill "$sshd_pid" 2> /dev/null || true
  wait 2> /dev/null || true
  rm -rf "$board"
}

drop_connections() { # as when a board is unplugged
  local pid children
  children=$(pgrep -P "$sshd_pid" || true)
  for pid in $children; do
    pgrep -P "$pid" sshd | xargs -r kill -9 2> /dev/null || true  # with privileges, there are two
    kill -9 "$pid" 2> /dev/null || true
  done
}

board_up() { # board_up EMULATOR...: sets and exports what ci/board.sh reads; 77 where there is no sshd
  local sshd try
  sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || { echo "no sshd: apt install openssh-server"; exit 77; }
  board=$(mktemp -d "${TMPDIR:-/tmp}/pipit-sshd.XXXXXX")
  trap board_down EXIT
  mkdir "$board/bin"
  ((EUID != 0)) || mkdir -p /run/sshd  # which sshd wants when it is root
  ssh-keygen -q -t ed25519 -N '' -f "$board/host"
  ssh-keygen -q -t ed25519 -N '' -f "$board/user"
  cp "$board/user.pub" "$board/authorized"
  for try in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 20000))
    cat > "$board/sshd_config" << END
Port $port
ListenAddress 127.0.0.1
HostKey $board/host
AuthorizedKeysFile $board/authorized
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
ForceCommand PATH=$board/bin:/usr/local/bin:/usr/bin:/bin exec sh -c "\$SSH_ORIGINAL_COMMAND"
END
    "$sshd" -D -e -f "$board/sshd_config" > "$board/sshd.log" 2>&1 &
    sshd_pid=$!
    cat > "$board/ssh_config" << END
Host *
Port $port
IdentityFile $board/user
IdentitiesOnly yes
UserKnownHostsFile $board/known_hosts
StrictHostKeyChecking accept-new
LogLevel ERROR
END
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      if ssh -F "$board/ssh_config" -o BatchMode=yes 127.0.0.1 true 2> /dev/null; then break 2; fi
      kill -0 "$sshd_pid" 2> /dev/null || break
      sleep 0.2
    done
    ((try < 8)) || { cat "$board/sshd.log"; exit 1; }
  done
  export PIPIT_BOARD PIPIT_SSH="ssh -F $board/ssh_config" PIPIT_BOARD_DIR=$board/there
  export PIPIT_BOARD_PREFIX="$*" XDG_RUNTIME_DIR=$board
  PIPIT_BOARD=$(id -un)@127.0.0.1
}

until_there() { # until_there COMMAND...: waits until it succeeds, half a minute at most
  local try
  for ((try = 0; try < 600; ++try)); do
    if "$@" > /dev/null 2>&1; then return; fi
    sleep 0.05
  done
  echo "FAILED: it never happened: $*"
  exit 1
}
