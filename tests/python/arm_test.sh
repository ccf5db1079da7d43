#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the wheels with pip, and looks whether apt would install the Debian packages; tests what is in
# them on Debian's own ARM python3 and numpy under qemu-user. These are downloaded once into a root of
# their own. Not part of ctest, since it needs a network.
#
# usage: arm_test.sh arm64|armhf BUILD ROOT
#
# BUILD is a cross build (preset aarch64 or armhf) with its targets pipit_packages, sample_delegate,
# tflite_plugins, musl_client, tflite_client and (on 64-bit machines) tflite_musl_shim.
set -euo pipefail
arch=$1 build=$(realpath "$2") root=$(realpath -m "$3")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)

case $arch in
  # Addresses are signed in a way that is quick to emulate, see toolchains/run_on_target.sh.
  arm64) emulator=qemu-aarch64 cpu=max,pauth-impdef=on triple=aarch64-linux-gnu machine=aarch64 ;;
  armhf) emulator=qemu-arm cpu=max triple=arm-linux-gnueabihf machine=armv7l ;;
  *) echo "arm64 or armhf, not '$arch'" >&2; exit 2 ;;
esac

wanted=python3,python3-numpy,python3-pil,python3-pip-whl,musl
fill() { # downloads python3 and numpy with all that they need; unpacking is all that qemu wants
  local try package
  for try in 1 2 3 4 5; do
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    if debootstrap --foreign --variant=minbase --include=$wanted \
      --arch="$arch" bookworm "$root" > "$root.log" 2>&1; then
      for package in "$root"/var/cache/apt/archives/*.deb; do dpkg -x "$package" "$root"; done
      # As Debian's alternatives would have it.
      for package in blas lapack; do
        ln -sf "$package/lib$package.so.3" "$root/usr/lib/$triple/lib$package.so.3"
      done
      echo "$wanted" > "$root/filled"
      return
    fi
    sleep $((2 * try))
  done
  tail "$root.log"
  echo "FAILED: Debian's $arch packages could not be had"
  exit 1
}

guest=("$emulator" -cpu "$cpu" -L "$root" -E PYTHONDONTWRITEBYTECODE=1 -E PIPIT_TEST_EMULATED=1)

install_wheels() { # install_wheels SITE WHEEL...: the machine's own pip chooses those that fit it
  local pip
  pip=$(echo "$root"/usr/share/python-wheels/pip-*.whl)
  "${guest[@]}" -E "PYTHONPATH=$pip" "$root/usr/bin/python3.11" -m pip --isolated install --no-index \
    --no-cache-dir --root-user-action ignore --find-links "$build/wheels" --target "$1" "${@:2}"
}

wheels() { # the tests, on what pip installs
  local site=$build/wheels/site test
  rm -rf "$build/wheels"
  python3 "$source/python/build_wheel.py" --library "$build/lib/libpipit.so.1" \
    --tflite "$build/lib/libtensorflowlite_c.so" --command "$build/bin/pipit" --out "$build/wheels"
  # The C library of Raspberry Pi OS 11 is 2.31.
  if [[ ! $(echo "$build"/wheels/pipit_runtime-*.whl) =~ manylinux_2_([0-9]+)_$machine ]] ||
    ((BASH_REMATCH[1] > 31)); then
    echo "FAILED: no wheel for $machine and the C library of Raspberry Pi OS 11"
    exit 1
  fi
  install_wheels "$site" pipit-runtime pipit-tflite-runtime pipit-ai-edge-litert
  [[ -x $site/pipit/bin/pipit ]] || { echo "FAILED: pip has not made the command executable"; exit 1; }
  "$emulator" "$site/pipit/bin/pipit" --version
  export PIPIT_TEST_MODELS=$build/tests/python/models
  export PIPIT_TEST_DELEGATE=$build/tests/capi/libsample_delegate.so PIPIT_TEST_PLUGINS=$build/tests/tflite
  python3 "$here/make_models.py" flatc "$PIPIT_TEST_MODELS"
  guest+=(-E "PYTHONPATH=$site:$root/usr/lib/python3/dist-packages")
  export PIPIT_TEST_PYTHON="${guest[*]} $root/usr/bin/python3.11"  # as a program of its own
  for test in interpreter contract names parts arguments values threads sharing compiled_model no_numpy export seeds plugins; do
    echo "== $test, $arch"
    "${guest[@]}" "$root/usr/bin/python3.11" "$here/${test}_test.py"
  done
  echo "== examples, $arch"
  /usr/bin/python3 "$here/examples_test.py"
}

apt_takes() { # apt_takes PACKAGE...: on a system with what is in the root, and nothing to download
  local deb status=$build/apt/status debs=() said
  rm -rf "$build/apt"
  mkdir -p "$build"/apt/{lists,archives}/partial
  for deb in "$root"/var/cache/apt/archives/*.deb; do
    dpkg-deb -f "$deb"
    printf 'Status: install ok installed\n\n'
  done > "$status"
  for deb in "$@"; do debs+=("$(echo "$build/packages/${deb}"_*.deb)"); done
  said=$(apt-get -s -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o Dir::State="$build/apt" \
    -o Dir::State::status="$status" -o Dir::Cache="$build/apt" -o Dir::Etc::sourcelist=/dev/null \
    -o Dir::Etc::sourceparts=/dev/null --no-install-recommends install "${debs[@]}")
  for deb in "$@"; do
    grep "^Inst $deb (.*\[\($arch\|all\)\])" <<< "$said" || { echo "FAILED: no $deb: $said"; exit 1; }
  done
}

packages() { # the Debian packages, in their places in the root
  local deb said pipit=$root/usr/lib/python3/dist-packages/pipit
  for deb in "$build"/packages/*.deb; do
    echo "== $(basename "$deb"): $(dpkg-deb -f "$deb" Depends)"
    [[ $(dpkg-deb -f "$deb" Architecture) =~ ^($arch|all)$ ]] || { echo "FAILED: not for $arch"; exit 1; }
    dpkg -x "$deb" "$root"
  done
  "$here/depends_test.sh" "$build/packages" "$root"
  apt_takes libpipit1 pipit python3-pipit python3-pipit-tflite-runtime python3-pipit-ai-edge-litert \
    libpipit-tensorflowlite-c
  said=$("$emulator" -L "$root" "$root/usr/bin/pipit" classify "$source/models/digits_int8.tflite" \
    "$source/models/samples/digit_7_0.png" --labels "$source/models/digits_labels.txt")
  [[ $said == *seven* ]] || { echo "FAILED: pipit said $said"; exit 1; }
  said=$("${guest[@]}" -E "PYTHONPATH=$root/usr/lib/python3/dist-packages" "$root/usr/bin/python3.11" -c \
    'import pipit, tflite_runtime.interpreter as t; print(pipit.__file__, t.Interpreter.__module__)')
  [[ $said == "$pipit/__init__.py pipit.interpreter" ]] || { echo "FAILED: python3 said $said"; exit 1; }
  [[ ! -e $pipit/libpipit.so ]] || { echo "FAILED: the library is there twice"; exit 1; }
  echo "ok: pipit and python3-pipit run"
}

musl() { # the libraries, with another C library
  "$here/../capi/musl_test.sh" "$build/bin/musl_client" "$build/lib/libpipit.so.1" \
    "$source/models/digits_int8.tflite" "$root/lib/ld-musl-aarch64.so.1" "$emulator" -L "$root"
  "$here/../tflite/musl_test.sh" "$build/bin/tflite_client" "$build/lib/libtensorflowlite_c.so" \
    "$build/tests/tflite/musl/ld-linux-aarch64.so.1" "$triple-g++" "$source/models/digits_int8.tflite" \
    "$root/lib/ld-musl-aarch64.so.1" "$emulator" -L "$root"
}

[[ $(cat "$root/filled" 2> /dev/null) == "$wanted" ]] || fill
(wheels)
packages
[[ $arch != arm64 ]] || musl
