#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the source distribution, builds a wheel from it with nothing but gcc, cmake and make, and
# runs a model with what comes of it.
#
# usage: sdist_test.sh SCRATCH [configure]
#
# With `configure`, which is quick, the build stops before it compiles: no source is missing.
set -euo pipefail
scratch=$(realpath -m "$1")
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=/usr/bin/python3  # which has numpy
backend() { # backend SOURCES CALL
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$1/python $python -c "import build_backend; build_backend.$2"
}

rm -rf "$scratch"
mkdir -p "$scratch/bin" "$scratch/python"
backend "$source" "build_sdist('$scratch')"
tar -xzf "$scratch"/pipit_runtime-*.tar.gz -C "$scratch"
unpacked=$(echo "$scratch"/pipit_runtime-*/)
grep -q '^Name: pipit-runtime$' "$unpacked/PKG-INFO"

mkdir "$scratch/metadata"
backend "$unpacked" "prepare_metadata_for_build_wheel('$scratch/metadata')"
cmp "$scratch/metadata/pipit_runtime-"*.dist-info/METADATA "$unpacked/PKG-INFO"

for tool in ar as awk basename c++ cat cc cmake g++ gcc ld make nm ranlib sh strip uname; do
  ln -s "$(command -v "$tool")" "$scratch/bin/$tool"
done
ln -s $python "$scratch/bin/python3"
# Where a tool is missing, it says what to install.
for tool in cmake:cmake c++:g++ make:make; do
  mkdir "$scratch/without"
  cp -P "$scratch/bin"/* "$scratch/without"
  rm "$scratch/without/${tool%:*}"
  [[ $tool != c++:* ]] || rm "$scratch/without/g++"
  said=$(PATH=$scratch/without backend "$unpacked" "build_wheel('$scratch')" 2>&1) &&
    { echo "FAILED: built without ${tool%:*}"; exit 1; }
  [[ $said == *"sudo apt install ${tool#*:}" ]] || { echo "FAILED: $said"; exit 1; }
  rm -r "$scratch/without"
done
if [[ ${2:-} == configure ]]; then
  PATH=$scratch/bin cmake -S "$unpacked" -B "$scratch/build" -DPIPIT_BUILD_TOOLS=OFF \
    -DPIPIT_BUILD_TESTS=OFF -DPIPIT_BUILD_BENCH=OFF -DPIPIT_BUILD_TFLITE=ON -DPIPIT_INSTALL=OFF \
    > "$scratch/build.log" ||
    { tail -n 30 "$scratch/build.log"; exit 1; }
  echo "ok: $(basename "$scratch"/pipit_runtime-*.tar.gz) has what a build wants"
  exit
fi
# The compiler leaves a list of the headers that it read.
TMPDIR=$scratch PATH=$scratch/bin CXXFLAGS="-H" backend "$unpacked" "build_wheel('$scratch')" \
  > "$scratch/build.log" 2> "$scratch/headers" || { tail -n 30 "$scratch/headers"; exit 1; }
if grep -E '^\.+ /usr/(local/)?include/flatbuffers' "$scratch/headers"; then
  echo "FAILED: the build took headers from the system's packages"
  exit 1
fi
for wheel in "$scratch"/*.whl; do $python -m zipfile -e "$wheel" "$scratch/python"; done
said=$(cd "$scratch" && PYTHONPATH=$scratch/python $python "$source/python/examples/basic.py" \
  "$source/models/digits_float.tflite")
[[ $said == *"Output shape: (1, 10)"* ]] || { echo "FAILED: $said"; exit 1; }
echo "ok: $(basename "$scratch"/pipit_runtime-*.tar.gz) becomes $(basename "$scratch"/pipit_runtime-*.whl)"
