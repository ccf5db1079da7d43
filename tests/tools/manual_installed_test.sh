#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Manual pages and completion are installed with the command.
#
# usage: manual_installed_test.sh CMAKE BUILD SCRATCH
set -euo pipefail
cmake=$1 build=$2 scratch=$3
rm -rf "$scratch"
"$cmake" --install "$build" --prefix "$scratch" --component command > /dev/null
for page in pipit pipit-run pipit-inspect pipit-plan pipit-diff pipit-classify pipit-export-keras; do
  title=$(gzip -dc "$scratch/share/man/man1/$page.1.gz" | head -n 1)
  [[ $title == ".TH ${page^^} 1 "* || $title == ".TH $(sed 's/-/\\-/g' <<< "${page^^}") 1 "* ]] ||
    { echo "FAILED: $page.1.gz begins with: $title"; exit 1; }
done
bash -n "$scratch/share/bash-completion/completions/pipit"
for file in zsh/vendor-completions/_pipit fish/vendor_completions.d/pipit.fish; do
  grep -q inspect "$scratch/share/$file" || { echo "FAILED: $file"; exit 1; }
done
