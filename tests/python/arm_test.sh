#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the Python packages with Debian's own ARM python3 and numpy under qemu-user: the
# packages are downloaded once into a root of their own. Not part of ctest, since it needs a network.
#
# usage: arm_test.sh arm64|armhf BUILD ROOT
#
# BUILD is a cross build (preset aarch64 or armhf) with its target pipit_python.
set -euo pipefail
arch=$1 build=$(realpath "$2") root=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

case $arch in
  arm64) emulator=qemu-aarch64 ;;
  armhf) emulator=qemu-arm ;;
  *) echo "arm64 or armhf, not '$arch'" >&2; exit 2 ;;
esac

fill() { # downloads python3 and numpy with all that they need; unpacking is all that qemu wants
  local try package
  for try in 1 2 3 4 5; do
    rm -rf "$root"
    debootstrap --foreign --variant=minbase --include=python3,python3-numpy --arch="$arch" \
      bookworm "$root" > "$root.log" 2>&1 && break
    sleep $((2 * try))
  done
  for package in "$root"/var/cache/apt/archives/*.deb; do dpkg -x "$package" "$root"; done
}

python() { # python ARGUMENT...: the root's own, with the build's packages
  PYTHONPATH=$build/python:$root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
    PYTHONHOME=$root/usr "$emulator" -cpu max -L "$root" \
    -E "LD_LIBRARY_PATH=$(libraries)" "$root/usr/bin/python3.11" "$@"
}

libraries() { # BLAS and LAPACK lie where Debian's alternatives would lead
  local triple
  triple=$(basename "$(dirname "$(find "$root/usr/lib" -path '*/libopenblas.so.0' -o -path '*linux-gnu*/libz.so.1' | head -n 1)")")
  echo "$root/usr/lib/$triple:$root/usr/lib/$triple/blas:$root/usr/lib/$triple/lapack"
}

[[ -e $root/usr/bin/python3.11 ]] || fill
export PIPIT_TEST_MODELS=$build/tests/python/models
python3 "$here/make_models.py" flatc "$PIPIT_TEST_MODELS"
for test in interpreter no_numpy; do
  echo "== $test, $arch"
  python "$here/${test}_test.py"
done
