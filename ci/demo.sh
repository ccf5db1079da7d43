#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Classifies the sample digits with the 64-bit ARM command, and checks each answer against the name
# of its file, digit_<class>_<n>.png; `ci/check.sh demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command=(build/aarch64/bin/pipit classify models/digits_int8.tflite
  models/samples/*.png --labels models/digits_labels.txt)
mapfile -t labels < models/digits_labels.txt
samples=(models/samples/*.png)

echo "qemu-aarch64 ${command[*]}"
answers=$(qemu-aarch64 "${command[@]}")

# A picture's name is followed by its classes, "  1. seven  0.9961" first.
right=0
while read -r line; do
  if [[ $line =~ digit_([0-9])_[0-9]+\.png$ ]]; then
    picture=${BASH_REMATCH[0]} wanted=${labels[BASH_REMATCH[1]]}
  elif [[ $line =~ ^1\.\ ([a-z]+)\  ]]; then
    got=${BASH_REMATCH[1]} verdict=wrong
    if [[ $got == "$wanted" ]]; then
      verdict=right right=$((right + 1))
    fi
    printf '%s: %s (%s)\n' "$picture" "$got" "$verdict"
  fi
done <<< "$answers"

printf '\n%d of %d pictures classified right\n' "$right" "${#samples[@]}"
((right == ${#samples[@]}))
