#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `cmake --install` puts the Python packages where Debian's python3 finds them, and leaves another's
# tflite_runtime alone unless told to replace it.
#
# usage: python_place_test.sh CMAKE BUILD SCRATCH LIBRARY
set -euo pipefail
cmake=$1 build=$2 scratch=$(realpath -m "$3") library=$4
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=(/usr/bin/env -i "HOME=$scratch/home" "PIPIT_LIBRARY=$library" /usr/bin/python3 -B)
fail() { echo "FAILED: $*"; exit 1; }

rm -rf "$scratch"
mkdir -p "$scratch/home"
put() { # put PREFIX COMPONENT: what CMake says
  HOME=$scratch/home PYTHONPATH=${looked:-} "$cmake" --install "$build" --prefix "$1" --component "$2"
}

for prefix in /usr /usr/local; do
  DESTDIR=$scratch/root put $prefix python > /dev/null
done
[[ -e $scratch/root/usr/lib/python3/dist-packages/pipit/convert/format/graph.py ]] || fail "not in /usr"
[[ $(ls "$scratch/root") == usr ]] || fail "beside /usr: $(ls "$scratch/root")"
places=$("${python[@]}" -c 'import sys; print("\n".join(sys.path))')
found=$(cd "$scratch/root" && find usr/local -path '*/pipit/__init__.py')
grep -qx "/${found%/pipit/__init__.py}" <<< "$places" || fail "python3 does not look in $found"
echo "ok below /usr and /usr/local"

for component in python python_tflite_runtime; do
  put "$scratch/home/.local" "$component" > /dev/null
done
said=$("${python[@]}" -c 'import tflite_runtime.interpreter as t; print(t.Interpreter.__module__)')
[[ $said == pipit.interpreter ]] || fail "python3 says $said"
echo "ok below a home"

# Ours is replaced by ours; another's is not, where it lies and where Python finds it.
place=$(dirname "$(find "$scratch/home" -type d -name tflite_runtime)")
said=$(put "$scratch/home/.local" python_tflite_runtime)
[[ $said != *"Left out"* ]] || fail "$said"
echo '"""Another one."""' > "$place/tflite_runtime/__init__.py"
said=$(put "$scratch/home/.local" python_tflite_runtime)
[[ $said == *"Left out: $place/tflite_runtime is another's"* ]] || fail "$said"
grep -q Another "$place/tflite_runtime/__init__.py" || fail "it was replaced"
mkdir -p "$scratch/theirs"
mv "$place/tflite_runtime" "$scratch/theirs/"
said=$(looked=$scratch/theirs put "$scratch/home/.local" python_tflite_runtime)
[[ $said == *"Left out: $scratch/theirs/tflite_runtime"* && ! -e $place/tflite_runtime ]] || fail "$said"
echo "ok another's tflite_runtime stays"

mv "$scratch/theirs/tflite_runtime" "$place/"
HOME=$scratch/home "$cmake" "-Dsource=$source" -Dpackage=tflite_runtime -Dfolder= -Dreplace=ON \
  "-DCMAKE_INSTALL_PREFIX=$scratch/home/.local" -P "$source/cmake/install_python.cmake" > /dev/null
grep -q Pipit "$place/tflite_runtime/__init__.py" || fail "it was not replaced"
echo "ok unless it is to be replaced"
