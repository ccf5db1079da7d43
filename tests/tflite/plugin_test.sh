#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A delegate in a shared library is loaded and computes; what is none is refused.
#
# usage: plugin_test.sh LIBRARY CLIENT PLUGIN ABS_MODEL FILE [EMULATOR...]
set -euo pipefail
library=$1 client=$2 plugin=$3 make_model=$4 model=$5
emulator=("${@:6}")

"${emulator[@]}" "$make_model" "$model"
# The library itself is a shared library without a delegate's entry points.
said=$(LD_LIBRARY_PATH=$(dirname "$library") "${emulator[@]}" "$client" "$model" "$plugin" "$library" 2>&1) ||
  { echo "FAILED: $said"; exit 1; }
echo "$said"
for words in "cannot load a delegate" "tflite_plugin_create_delegate is missing" "as asked for"; do
  [[ $said == *"$words"* ]] || { echo "FAILED: nobody said '$words'"; exit 1; }
done
