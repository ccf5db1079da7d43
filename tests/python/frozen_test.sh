#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A program that PyInstaller freezes finds the libraries, packed by the hook that the wheel brings.
# PIPIT_TEST_PYINSTALLER is a Python that has PyInstaller and numpy; Debian has no package of it, so
# the test is skipped where this names none and python3 has none either.
#
# usage: frozen_test.sh LIBRARY TFLITE_LIBRARY MODEL SCRATCH
set -euo pipefail
library=$1 tflite=$2 model=$3 scratch=$(realpath -m "$4")
read -ra python <<< "${PIPIT_TEST_PYINSTALLER:-/usr/bin/python3}"
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
unset PYTHONHOME PYTHONPATH PIPIT_LIBRARY

if ! "${python[@]}" -c 'import PyInstaller, numpy' 2> /dev/null; then
  echo "SKIPPED: ${python[*]} has no PyInstaller, or no numpy"
  exit 77
fi
rm -rf "$scratch"
mkdir -p "$scratch"
python3 "$source/python/build_wheel.py" --library "$library" --tflite "$tflite" --out "$scratch/wheels"
for wheel in "$scratch"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$scratch/site"; done
cat > "$scratch/program.py" << 'END'
import sys
import numpy as np
import tflite_runtime.interpreter as tflite
from pipit import _tflite
net = tflite.Interpreter(model_path=sys.argv[1])
print(sys.frozen, net.run([np.zeros((1, 8, 8, 1), np.int8)])[0].shape, _tflite.library() is not None)
END
cd "$scratch"
for form in --onedir --onefile; do
  rm -rf build dist
  PYTHONPATH=$scratch/site "${python[@]}" -m PyInstaller "$form" --noconfirm --clean --log-level WARN \
    program.py > log 2>&1 || { cat log; exit 1; }
  program=dist/program
  [[ ! -d $program ]] || program=dist/program/program
  mv site site.away # what is found now is in the program
  said=$(env -i "$program" "$model" 2>&1) || true
  mv site.away site
  [[ $said == "True (1, 10) True" ]] || { echo "FAILED: $form: $said"; exit 1; }
  echo "ok $form"
done
