#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into an empty folder, moves it, and builds and runs a project that knows only that.
#
# usage: install_test.sh CMAKE BUILD SCRATCH MODEL [TOOLCHAIN_FILE EMULATOR...]
set -euo pipefail
cmake=$1 build=$2 scratch=$(realpath -m "$3") model=$4
toolchain=${5:-}
emulator=("${@:6}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

rm -rf "$scratch"
for component in lib dev tflite tflite_dev; do  # the last two, where they are built
  DESTDIR=$scratch/first "$cmake" --install "$build" --prefix /usr --component "$component" > /dev/null
done
mv "$scratch/first/usr" "$scratch/moved"
rm -r "$scratch/first"

arguments=(-S "$here" -B "$scratch/user" -G Ninja "-Dpipit_DIR=$(dirname "$(find "$scratch/moved" -name pipit-config.cmake)")")
[[ -z $toolchain ]] || arguments+=("-DCMAKE_TOOLCHAIN_FILE=$toolchain")
"$cmake" "${arguments[@]}" > /dev/null
"$cmake" --build "$scratch/user" > "$scratch/user.log" || { cat "$scratch/user.log"; exit 1; }

lib=$(dirname "$(find "$scratch/moved" -name libpipit.a)")
for program in user_cpp user_c user_c_static; do
  said=$(LD_LIBRARY_PATH=$lib "${emulator[@]}" "$scratch/user/$program" "$model")
  [[ $said == "1 outputs" ]] || { echo "FAILED: $program: $said"; exit 1; }
  echo "ok $program"
done

# pkg-config, where there is one, gives what a compiler needs.
if [[ -z $toolchain ]] && command -v pkg-config > /dev/null; then
  export PKG_CONFIG_PATH=$lib/pkgconfig
  # shellcheck disable=SC2046  # several words
  cc -std=c99 -o "$scratch/user_pc" "$here/main.c" $(pkg-config --cflags --libs pipit)
  # shellcheck disable=SC2046
  c++ -std=c++17 -o "$scratch/user_pc_static" "$here/main.cc" $(pkg-config --cflags --libs pipit-static)
  for program in user_pc user_pc_static; do
    said=$(LD_LIBRARY_PATH=$lib "$scratch/$program" "$model")
    [[ $said == "1 outputs" ]] || { echo "FAILED: $program: $said"; exit 1; }
    echo "ok $program"
  done
  # TensorFlow Lite's names, for programs in C and C++ that know its headers alone.
  if [[ -e $lib/libtensorflowlite_c.so ]]; then
    # shellcheck disable=SC2046
    cc -std=c99 -o "$scratch/tflite_c" "$here/../tflite/client.c" $(pkg-config --cflags --libs tensorflowlite_c)
    # shellcheck disable=SC2046
    c++ -std=c++17 -o "$scratch/tflite_cc" "$here/minimal.cc" $(pkg-config --cflags --libs tensorflow-lite)
    for program in tflite_c tflite_cc; do
      said=$(LD_LIBRARY_PATH=$lib "$scratch/$program" "$model")
      [[ $said == *"invoke 0"* ]] || { echo "FAILED: $program: $said"; exit 1; }
      echo "ok $program"
    done
  fi
fi
