#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reads the libraries and the command: they have what Debian's hardening puts into packages, and
# landing pads and signed return addresses where the processor knows them. For ARM, they can be mapped
# where pages have 16 KiB, as on a Raspberry Pi 5.
#
# usage: hardened_test.sh READELF CXX PROCESSOR ARCHIVE SHARED_LIBRARY COMMAND COMMAND_TYPE
set -euo pipefail
export LC_ALL=C
readelf=$1 cxx=$2 processor=$3 archive=$4 library=$5 command=$6 command_type=$7

arm=()
case $processor in aarch64 | arm*) arm=('pages of 16 KiB') ;; esac
small_pages() { # small_pages SEGMENTS: says so when one begins where only smaller pages do
  local align
  for align in $(awk '$1 == "LOAD" { print $NF }' <<< "$1"); do
    ((${#arm[@]} == 0 || align >= 16384)) || { echo "${arm[0]}"; return; }
  done
}

lacks() { # lacks TYPE FILE: prints what a linked file lacks
  local header dynamic segments
  header=$("$readelf" --wide --file-header "$2")
  segments=$("$readelf" --wide --program-headers "$2")
  dynamic=$("$readelf" --wide --dynamic "$2")
  grep -qE "Type: +$1 " <<< "$header" || echo "type $1"
  grep -q GNU_RELRO <<< "$segments" || echo "relro"
  grep -qE 'GNU_STACK .* RW +0x' <<< "$segments" || echo "a stack without code"
  ! grep -q TEXTREL <<< "$dynamic" || echo "code without relocations"
  small_pages "$segments"
  # A static program at a fixed address has nothing to bind.
  [[ $1 == EXEC ]] || grep -q BIND_NOW <<< "$dynamic" || echo "bind-now"
}

# What some objects of the library call shows how all were compiled, but for those that have no
# arrays, or copy nothing whose size is known.
objects_lack() { # objects_lack ARCHIVE
  local symbols notes objects marked mark
  symbols=$("$readelf" --wide --symbols "$1")
  grep -qE 'UND __stack_chk_fail$' <<< "$symbols" || echo "stack protector"
  grep -qE 'UND __[a-z]+_chk$' <<< "$(grep -v __stack_chk <<< "$symbols")" || echo "FORTIFY"
  case $processor in
    aarch64 | arm64) mark='AArch64 feature: BTI, PAC' ;;
    x86_64) mark='x86 feature: IBT, SHSTK' ;;
    *) return 0 ;;
  esac
  notes=$("$readelf" --wide --notes "$1" 2> /dev/null)
  objects=$(grep -c '^File: ' <<< "$notes")
  marked=$(grep -c "$mark" <<< "$notes" || true)
  ((objects > 0 && marked == objects)) || echo "$mark in $((objects - marked)) of $objects objects"
}

# First, that the check sees what is missing.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
echo 'extern "C" int main(int c, char**) { char b[64]; b[c] = 1; asm volatile("" :: "r"(b)); return 0; }' > soft.cc
"$cxx" -O2 -fPIE -fno-stack-protector -U_FORTIFY_SOURCE -c soft.cc
"$cxx" soft.o -o soft -no-pie -Wl,-z,norelro,-z,lazy,-z,execstack,-z,max-page-size=4096

found=$(lacks DYN soft; objects_lack soft.o)
for property in 'type DYN' relro 'a stack without code' bind-now 'stack protector' FORTIFY "${arm[@]}"; do
  [[ $found == *"$property"* ]] || { echo "FAILED: self-check: $property is not missed"; exit 1; }
done

failed=0
report() { # report FILE MISSING
  if [[ -n $2 ]]; then
    echo "FAILED: ${1##*/} lacks ${2//$'\n'/, }"
    failed=1
  else
    echo "ok ${1##*/}"
  fi
}
report "$archive" "$(objects_lack "$archive")"
report "$library" "$(lacks DYN "$library")"
report "$command" "$(lacks "$command_type" "$command")"
exit "$failed"
