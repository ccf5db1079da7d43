#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages depend on what they use: each shared library that a program or library asks
# for is in the packages or in one they depend on, and the C library is new enough.
#
# usage: depends_test.sh PACKAGES ROOT
#
# PACKAGES has the .deb files; ROOT is a Debian root of their architecture into which they are
# unpacked.
set -euo pipefail
export LC_ALL=C
packages=$1 root=$2
failed=0
refuse() { echo "FAILED: $*"; failed=1; }

own=$(for deb in "$packages"/*.deb; do dpkg-deb -f "$deb" Package; done)
for deb in "$packages"/*.deb; do
  depends=$(dpkg-deb -f "$deb" Depends)
  for name in $(tr ',' '\n' <<< "$depends" | awk '{ print $1 }'); do
    grep -qx "$name" <<< "$own" || compgen -G "$root/var/cache/apt/archives/${name}_*.deb" > /dev/null ||
      refuse "$(basename "$deb") depends on $name, which is neither here nor in Debian's python3"
  done
  while read -r file; do
    newest=$(readelf -V "$file" 2> /dev/null | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1 || true)
    [[ -n $newest ]] || continue # static, or no program
    asked=$(grep -oE 'libc6 \(>= [0-9.]+' <<< "$depends" | grep -oE '[0-9.]+$' || true)
    if [[ -z $asked ]] || dpkg --compare-versions "$asked" lt "${newest#GLIBC_}"; then
      refuse "$(basename "$deb"): $(basename "$file") needs $newest, it asks for libc6 '$asked'"
    fi
    known='c|m|pthread|dl'
    [[ $depends != *libstdc++6* ]] || known+='|stdc\+\+'
    [[ $depends != *libgcc-s1* ]] || known+='|gcc_s'
    needed=$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE "^(lib($known)|ld-linux.*)\.so" || true)
    [[ -z $needed ]] || refuse "$(basename "$file") needs $needed"
  done < <(dpkg-deb -c "$deb" | awk '$1 ~ /^-/ { print $6 }' | grep -E '/bin/|\.so' | sed "s|^\.|$root|")
done
exit "$failed"
