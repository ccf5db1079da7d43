#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ci/release.sh has made: checksums, the bill of materials, packages that lintian and twine pass,
# packages of two machines that can be installed beside each other, and commands that run.
#
# usage: artefacts_test.sh FOLDER
set -euo pipefail
shopt -s nullglob
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
dist=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
cd "$dist"

sha256sum --quiet -c SHA256SUMS
for file in *; do
  [[ $file == SHA256SUMS ]] || grep -qF "  $file" SHA256SUMS || fail "$file has no checksum"
done
for part in CLI11 nlohmann-json stb flatbuffers glibc libstdc++; do
  grep -q "^$part " NOTICES || fail "no notice of $part"
done
/usr/bin/python3 -B "$here/bill_test.py" ./*.spdx.json .
echo "ok checksums, notices, bill of materials"

debs=(*.deb)
((${#debs[@]})) || fail "no packages"
for deb in "${debs[@]}"; do
  lintian --allow-root --fail-on error "$deb" || fail "lintian on $deb"
  dpkg-deb -x "$deb" "$scratch/$(dpkg-deb -f "$deb" Architecture)"
  case $(dpkg-deb -f "$deb" Package):$(dpkg-deb -f "$deb" Architecture):$(dpkg-deb -f "$deb" Multi-Arch) in
    pipit:arm*:foreign | lib*:arm*:same | python3-*:all:no) ;;
    *) fail "$deb is for other machines" ;;
  esac
  # An override without a reason above it is none.
  for overrides in $(dpkg-deb --fsys-tarfile "$deb" | tar -t --wildcards './usr/share/lintian/overrides/?*' 2> /dev/null || true); do
    dpkg-deb --fsys-tarfile "$deb" | tar -xO "$overrides" | head -n 1 | grep -q '^# ' || fail "$deb: no reason"
  done
done
[[ $(for deb in "${debs[@]}"; do dpkg-deb -f "$deb" Description | head -n 1; done | sort -u | wc -l) == \
  $(for deb in "${debs[@]}"; do dpkg-deb -f "$deb" Package; done | sort -u | wc -l) ]] ||
  fail "two packages have the same description"
if [[ -d $scratch/arm64 && -d $scratch/armhf ]]; then
  while read -r file; do
    case $file in ./usr/bin/* | ./usr/share/doc/pipit/*) continue ;; esac  # not Multi-Arch: same
    [[ ! -e $scratch/armhf/$file ]] || cmp "$scratch/arm64/$file" "$scratch/armhf/$file" ||
      fail "arm64 and armhf cannot have $file at once"
  done < <(cd "$scratch/arm64" && find . -type f)
fi
[[ -n $(find "$scratch" -path '*/usr/lib/a*-linux-gnu*/libpipit.so.1') ]] || fail "no multiarch path"
echo "ok $(printf '%s\n' "${debs[@]}" | wc -l) packages for Debian"

twine check --strict ./*.whl ./*.tar.gz > "$scratch/twine" || { cat "$scratch/twine"; fail "twine"; }
for wheel in pipit_runtime-*.whl; do
  /usr/bin/python3 -m zipfile -e "$wheel" "$scratch/wheel-$wheel"
  [[ -s $scratch/wheel-$wheel/pipit/bin/pipit ]] || fail "$wheel has no command"
done
echo "ok wheels and source distribution"

for command in pipit-*-linux-*; do
  case $command in
    *-aarch64) emulator=qemu-aarch64 ;;
    *) emulator=qemu-arm ;;
  esac
  install -m 755 "$command" "$scratch/command"  # a download has no modes
  said=$(timeout 300 "$emulator" "$scratch/command" classify "$root/models/digits_int8.tflite" \
    "$root/models/samples/digit_7_0.png" --labels "$root/models/digits_labels.txt")
  [[ $said == *"1. seven"* ]] || fail "$command says $said"
done
echo "ok commands"
