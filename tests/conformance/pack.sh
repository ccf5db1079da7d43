#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs a folder of conformance cases into one archive for each operator, beside this script. The
# same cases give the same bytes, whoever packs them and when.
#
# usage: pack.sh FOLDER
set -euo pipefail
export LC_ALL=C
from=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"

rm -f ./*.tar.xz
for folder in "$from"/*/; do
  operator=$(basename "$folder")
  tar --create --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --directory="$from" -- "$operator" |
    xz --format=xz --check=crc32 -9e --threads=1 > "$operator.tar.xz"
done
archives=(./*.tar.xz)
echo "${#archives[@]} archives"
