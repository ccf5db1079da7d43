#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes all that a release has, from a clean clone: static commands, C libraries, Debian packages,
# wheels, the source distribution, notices, a bill of materials and checksums. The same commit gives
# the same bytes, wherever and whenever it is built, with the same packages of Debian.
#
# usage: ci/release.sh [--out FOLDER] [--build FOLDER] [--tag TAG] [TARGET...]
#
#   --out      where they go, dist/<version> if not said; it must not be there yet
#   --build    where to build, build/release if not said
#   --tag      refuse unless this is the version's tag (v0.2.0)
#   TARGET     aarch64, armhf, armv6; all that have a preset if not said
#
# PIPIT_HOMEPAGE (an address that begins with https:) and PIPIT_MAINTAINER (Name <address>) are what
# packages, wheels and the bill of materials say of where Pipit lives and who answers for them. A release
# under a tag needs both; without, what is made is to be tried, not given away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
die() { echo "ci/release.sh: $*" >&2; exit 1; }

version=$(sed -nE 's/^project\(pipit VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
out=dist/$version build=build/release tag='' targets=()
while (($#)); do
  case $1 in
    --out) out=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --tag) tag=$2; shift 2 ;;
    aarch64 | armhf | armv6) targets+=("$1"); shift ;;
    *) echo "usage: ci/release.sh [--out FOLDER] [--build FOLDER] [--tag TAG] [TARGET...]" >&2; exit 2 ;;
  esac
done
if ((${#targets[@]} == 0)); then
  for target in aarch64 armhf armv6; do
    if grep -q "\"name\": \"$target\"" CMakePresets.json; then targets+=("$target"); fi
  done
fi
[[ -z $tag || $tag == "v$version" ]] || die "the tag is $tag, and the version $version"
grep -qF "## [$version]" CHANGELOG.md || die "CHANGELOG.md has no section [$version]"
unnamed=()
for name in PIPIT_HOMEPAGE PIPIT_MAINTAINER; do [[ -n ${!name:-} ]] || unnamed+=("$name"); done
[[ -z $tag || ${#unnamed[@]} == 0 ]] || die "a release under a tag says where it is from: set ${unnamed[*]}"
[[ -z $(git status --porcelain) ]] || die "not a clean clone: git status lists files"
[[ ! -e $out ]] || die "$out is already there"

# What would otherwise differ from place to place and from time to time.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TZ=UTC PYTHONDONTWRITEBYTECODE=1
export PIPIT_HOMEPAGE=${PIPIT_HOMEPAGE:-} PIPIT_MAINTAINER=${PIPIT_MAINTAINER:-}
unset PIPIT_BOARD
umask 022
python=/usr/bin/python3
mkdir -p "$(dirname "$out")" "$build"
build=$(realpath "$build") whole=$(realpath "$out")
part=$(mktemp -d "$(dirname "$whole")/.release.XXXXXX")
chmod 755 "$part"
trap 'rm -rf "$part"' EXIT

add() { # add FILE [NAME]: an artefact; if there is one of this name, it has the same bytes
  local name=${2:-$(basename "$1")}
  [[ ! -e $part/$name ]] || cmp "$1" "$part/$name" || die "$name differs from target to target"
  install -m 644 "$1" "$part/$name"
}

clean() { # clean PATH: names no folder of this machine, which would differ elsewhere
  ! grep -rlaF "$PWD/" "$1" || die "the files above name the folder that they were built in"
}

triple() { [[ $1 == aarch64 ]] && echo aarch64-linux-gnu || echo arm-linux-gnueabihf; }
machine() { case $1 in armhf) echo armv7l ;; armv6) echo armv6l ;; *) echo "$1" ;; esac; }

compile() { # compile TARGET
  cmake --preset "$1" -B "$build/$1" -DPIPIT_BUILD_TESTS=OFF -DPIPIT_BUILD_BENCH=OFF \
    -DPIPIT_BUILD_TFLITE=ON "-DPIPIT_HOMEPAGE=$PIPIT_HOMEPAGE" "-DPIPIT_MAINTAINER=$PIPIT_MAINTAINER"
  cmake --build "$build/$1" --parallel "${PIPIT_JOBS:-$(nproc)}"
}

command_of() { # command_of TARGET: the static command, executable where it is copied to
  "$(triple "$1")-strip" -o "$build/$1/pipit.stripped" "$build/$1/bin/pipit"
  clean "$build/$1/pipit.stripped"
  add "$build/$1/pipit.stripped" "pipit-$version-linux-$(machine "$1")"
  chmod 755 "$part/pipit-$version-linux-$(machine "$1")"
}

libraries() { # libraries TARGET: what C and C++ programs are built with
  local name component tree
  name=libpipit-$version-linux-$(machine "$1")
  tree=$build/$1/tree
  rm -rf "$tree"
  for component in lib dev tflite tflite_dev; do
    cmake --install "$build/$1" --prefix "$tree/$name" --component $component --strip > /dev/null
  done
  cp LICENSE "$tree/$name"
  $python python/linked.py library --machine "$(machine "$1")" > "$tree/$name/NOTICES"
  clean "$tree"
  tar -C "$tree" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
    --numeric-owner --mode=u=rwX,go=rX -c "$name" | xz -T1 -9 > "$build/$1/$name.tar.xz"
  add "$build/$1/$name.tar.xz"
}

packages() { # packages TARGET: for Debian, and for pip
  local file
  rm -rf "$build/$1/packages" "$build/$1/wheels"
  cmake --build "$build/$1" --target pipit_packages > /dev/null
  for file in "$build/$1"/packages/*.deb; do add "$file"; done
  $python python/build_wheel.py --library "$build/$1/lib/libpipit.so.1" \
    --tflite "$build/$1/lib/libtensorflowlite_c.so" \
    --command "$build/$1/bin/pipit" --out "$build/$1/wheels" > /dev/null
  for file in "$build/$1"/wheels/*.whl; do add "$file"; done
}

for target in "${targets[@]}"; do compile "$target"; done
export LC_ALL=C.UTF-8  # not before: ccache knows a compilation by its locale, too
for target in "${targets[@]}"; do
  command_of "$target"
  [[ $target == armv6 ]] || libraries "$target"  # Debian has no ARMv6: neither packages nor libraries
  [[ $target == armv6 ]] || packages "$target"
done
$python -c "import sys; sys.path.insert(0, 'python'); import build_backend
build_backend.build_sdist('$part')" > /dev/null
$python python/linked.py command --machine "$(machine "${targets[0]}")" > "$part/NOTICES"
cp LICENSE SECURITY.md "$part"
$python ci/bill_of_materials.py --version "$version" --machine "$(machine "${targets[0]}")" \
  --date "$SOURCE_DATE_EPOCH" --homepage "$PIPIT_HOMEPAGE" "$part" > "$build/bill.json"
mv "$build/bill.json" "$part/pipit-$version.spdx.json"
chmod 644 "$part"/{LICENSE,SECURITY.md,NOTICES,*.spdx.json}
(cd "$part" && sha256sum -- * > ../.sums.$$ && mv ../.sums.$$ SHA256SUMS)

mv "$part" "$whole"
trap - EXIT
echo "$(find "$whole" -type f | wc -l) files of Pipit $version in $whole"
((${#unnamed[@]} == 0)) ||
  echo "ci/release.sh: warning: not to be given away: they do not say where they are from (${unnamed[*]})" >&2
