#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs a folder of conformance cases into one archive for each operator, beside this script. The
# same cases give the same bytes, whoever packs them and when. With operators, only theirs.
#
# usage: pack.sh FOLDER [OPERATOR]...
set -euo pipefail
export LC_ALL=C
from=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")"

operators=("$@")
if [[ $# == 0 ]]; then
  find . -maxdepth 1 -name '*.tar.xz' ! -name beyond.tar.xz -delete # those are not recorded
  mapfile -t operators < <(cd "$from" && printf '%s\n' */ | tr -d /)
fi
for operator in "${operators[@]}"; do
  tar --create --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --directory="$from" -- "$operator" |
    xz --format=xz --check=crc32 -9e --threads=1 > "$operator.tar.xz"
done
archives=(./*.tar.xz)
echo "${#archives[@]} archives"
