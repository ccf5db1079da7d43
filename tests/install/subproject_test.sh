#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pipit in the project of somebody else: nothing but the library is built, installed or tested, and
# what that project decided stays. And what is missing is named as Debian names it.
#
# usage: subproject_test.sh CMAKE SOURCE SCRATCH [build]
#
# With `build`, which takes minutes, the library is built there too, and a model run.
set -euo pipefail
cmake=$1 source=$2 scratch=$(realpath -m "$3") how=${4:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
failed=0
check() { # check WHAT COMMAND...
  if "${@:2}"; then echo "ok $1"; else echo "FAILED: $1"; failed=1; fi
}
none() { ! grep -E "$@"; } # none PATTERN FILE: prints what it finds

rm -rf "$scratch"
mkdir -p "$scratch"
for fetch in OFF ON; do
  user=$scratch/user-$fetch
  "$cmake" -S "$here/subproject" -B "$user" -G Ninja "-DPIPIT=$source" -DFETCH=$fetch \
    -DCMAKE_CXX_FLAGS=-Os > "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  ninja -C "$user" -n all > "$scratch/all"
  check "all builds the library, FETCH=$fetch" grep -q 'libpipit\.a' "$scratch/all"
  check "... and nothing else" none \
    'bin/pipit|libpipit\.so|convenience|tflite_c|pipit/tests|gtest|python|packages' "$scratch/all"
  DESTDIR=$scratch/installed "$cmake" --install "$user" > /dev/null
  check "nothing is installed" test ! -e "$scratch/installed"
  (cd "$user" && ctest -N) > "$scratch/tests"
  check "nothing is tested" grep -q 'Total Tests: 0' "$scratch/tests"
  check "-Os is kept" none ' -O[0-3]' "$user/compile_commands.json"
  check "no build type is chosen" none 'CMAKE_BUILD_TYPE:[A-Z]*=.' "$user/CMakeCache.txt"
done
if [[ $how == build ]]; then
  "$cmake" --build "$user" --parallel 2 > "$scratch/log" || { tail -n 30 "$scratch/log"; exit 1; }
  check "a model runs" grep -qx '1 outputs' <("$user/user_cpp" "$source/models/digits_int8.tflite")
fi

# The library alone asks for nothing that only the command needs.
alone=(-DPIPIT_BUILD_TOOLS=OFF -DPIPIT_BUILD_TESTS=OFF -DPIPIT_BUILD_BENCH=OFF)
"$cmake" -S "$source" -B "$scratch/alone" -G Ninja "${alone[@]}" > /dev/null
check "without the command, no CLI11" none 'CLI11|JSON|STB' "$scratch/alone/CMakeCache.txt"

# Where no header is found, each in turn is named by its package.
given=()
for header in FLATBUFFERS:libflatbuffers-dev CLI11:libcli11-dev JSON:nlohmann-json3-dev \
  STB:libstb-dev; do
  "$cmake" -S "$source" -B "$scratch/missing" -G Ninja -DPIPIT_BUILD_TESTS=OFF \
    -DCMAKE_IGNORE_PATH=/usr/include "${given[@]}" > "$scratch/log" 2>&1 &&
    { echo "FAILED: configured without ${header#*:}"; failed=1; }
  check "${header#*:} is named" grep -q "apt install *$" <(tr '\n' ' ' < "$scratch/log" |
    grep -oE "in +the +package +${header#*:}: +apt +install" | tr -s ' ')
  given+=("-D${header%:*}_INCLUDE=/usr/include")
done

# The emulator of whoever builds wins.
mkdir "$scratch/emulator"
cat > "$scratch/emulator/CMakeLists.txt" << 'END'
cmake_minimum_required(VERSION 3.25)
project(emulator LANGUAGES NONE)
message(STATUS "emulator: ${CMAKE_CROSSCOMPILING_EMULATOR}")
END
emulator() { # emulator [ARGUMENT...]
  "$cmake" -S "$scratch/emulator" -B "$scratch/emulator/build" --fresh \
    --toolchain "$source/toolchains/aarch64-linux-gnu.cmake" "$@" | grep 'emulator:'
}
if command -v aarch64-linux-gnu-g++ > /dev/null; then
  check "qemu is the emulator" grep -q qemu-aarch64 <(emulator)
  check "another one wins" grep -q 'emulator: mine;-x$' \
    <(emulator '-DCMAKE_CROSSCOMPILING_EMULATOR=mine;-x')
fi
PATH=/nowhere "$(command -v "$cmake")" -S "$scratch/emulator" -B "$scratch/emulator/without" \
  -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF --toolchain "$source/toolchains/aarch64-linux-gnu.cmake" \
  > "$scratch/log" 2>&1 || true
check "the compiler's package is named" grep -q 'apt install' <(tr -s '\n ' ' ' < "$scratch/log" |
  grep -o 'g++-aarch64-linux-gnu: apt install')
exit "$failed"
