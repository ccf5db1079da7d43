#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets and runs each for some time. What they learn stays in build/fuzz/corpus, so
# the next run goes on from there; what breaks them goes to build/fuzz/findings.
#
# usage: ci/fuzz.sh SECONDS [TARGET...]      SECONDS for each target; without names, all of them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if (($# == 0)) || [[ ! $1 =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: ci/fuzz.sh SECONDS [TARGET...]" >&2
  exit 2
fi
seconds=$1
build=$PWD/build/fuzz
[[ -n ${PIPIT_FUZZ_BUILT:-} ]] || { cmake --preset fuzz && cmake --build --preset fuzz; }
targets=("${@:2}")
((${#targets[@]})) || for path in "$build"/bin/fuzz_*; do targets+=("${path##*/}"); done
mkdir -p "$build/findings"
asan=(quarantine_size_mb=16 malloc_context_size=3 detect_stack_use_after_return=0
  allocator_may_return_null=1)
export ASAN_OPTIONS=${asan[*]}
export UBSAN_OPTIONS=print_stacktrace=1

failed=0
for target in "${targets[@]}"; do
  [[ $target != fuzz_seeds ]] || continue
  corpus=$build/corpus/$target log=$build/$target.log
  folders=("$corpus")
  [[ -d $build/seeds/$target ]] && folders+=("$build/seeds/$target")
  mkdir -p "$corpus"
  "$build/bin/$target" -max_total_time="$seconds" -print_final_stats=1 -timeout=10 \
    -entropic=0 -max_len=8192 -rss_limit_mb=3072 -artifact_prefix="$build/findings/$target-" \
    "${folders[@]}" > "$log" 2>&1 && verdict='no finding' || { verdict='FINDING' failed=1; }
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  printf '%s  %-16s %10s executions, %6s a second, %s (%s)\n' "$(date +%T)" "$target" \
    "${executions:-?}" "${speed:-?}" "$verdict" "${log#"$PWD"/}"
done
exit "$failed"
