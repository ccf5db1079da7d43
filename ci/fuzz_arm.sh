#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz targets as ARM code with sanitizers, under qemu: changed seeds, of which the same
# numbers are the same. Seeds are small files of each kind and, where ci/fuzz.sh has run, what that
# has learned. Files are fast to read and get eight inputs where a model gets one.
#
# usage: ci/fuzz_arm.sh PRESET INPUTS FIRST_NUMBER [TARGET...]      INPUTS for each target of models
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if (($# < 3)) || [[ ! $2$3 =~ ^[0-9]+$ ]]; then
  echo "usage: ci/fuzz_arm.sh PRESET INPUTS FIRST_NUMBER [TARGET...]" >&2
  exit 2
fi
build=$PWD/build/$1 inputs=$2 first=$3
targets=("${@:4}")
((${#targets[@]})) || targets=(fuzz_model fuzz_calls fuzz_image fuzz_feed)
case $1 in
  aarch64*) run=(qemu-aarch64 -L /usr/aarch64-linux-gnu) ;;
  arm*) run=(qemu-arm -L /usr/arm-linux-gnueabihf) ;;
  *) run=() ;;
esac
export QEMU_CPU=${QEMU_CPU:-max}
# Leaks are looked for with ptrace, which emulators lack.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16:malloc_context_size=3
ASAN_OPTIONS+=:detect_stack_use_after_return=0:allocator_may_return_null=1:max_allocation_size_mb=1024

failed=0
for target in "${targets[@]}"; do
  count=$inputs log=$build/$target.log
  [[ $target == fuzz_model ]] || count=$((8 * inputs))
  seeds=("$build/seeds/$target")
  [[ ! -d build/fuzz/corpus/$target ]] || seeds+=("build/fuzz/corpus/$target")
  "${run[@]}" "$build/bin/$target" "$count" "$first" "$build/findings" "${seeds[@]}" > "$log" 2>&1 ||
    failed=1
  grep '^FINDING' "$log" || true
  printf '%s  %s %-12s %s\n' "$(date +%T)" "$1" "$target" "$(tail -n 1 "$log")"
done
exit "$failed"
