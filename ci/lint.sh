#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# House rules that a grep can check, over the tracked files. Prints every breach; `ci/check.sh lint`.
# shellcheck disable=SC2154  # tracked() assigns through a name reference
set -euo pipefail
shopt -s lastpipe  # the end of a pipe may set $failed
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=0

breach() { # breach RULE: reports the lines on stdin, if there are any
  local lines
  lines=$(cat)
  [[ -z $lines ]] && return
  printf '%s\n  lint: %s\n' "$lines" "$1"
  failed=1
}

tracked() { # tracked ARRAY PATHSPEC...: the files of a room; none at all means the rule went blind
  mapfile -t "$1" < <(git ls-files -- "${@:2}")
  declare -n list=$1
  ((${#list[@]})) || echo "${*:2}" | breach "no tracked file matches"
}

matches() { # matches PATTERN FILE...: like grep -P, but only "no match" may pass silently
  grep -HnP -- "$@" < /dev/null || (($? == 1)) || echo "grep failed on: $1"
}

code_matches() { # code_matches PATTERN: looks at the library's code alone, as only_code left it
  (cd "$code" && matches "$1" "${library[@]}")
}

only_code() { # only_code FILE...: copies of them without comments and strings, line for line
  code=$(mktemp -d)
  trap 'rm -rf "$code"' EXIT
  cp --parents -t "$code" "$@"
  (cd "$code" && sed -E -i \
    's:"([^"\\]|\\.)*":"":g; s:/\*([^*]|\*[^/])*\*/::g; s://.*$::; s:^ *(/\*| \*).*$::' "$@")
}

unended() { # unended FILE...: those whose last byte is not a newline
  grep -lzP '[^\n]\z' "$@" || (($? == 1)) || echo "grep failed"
}

too_long() { # too_long LIMIT FILE...
  awk -v limit="$1" 'FNR == limit + 1 { print FILENAME }' "${@:2}"
}

sources=('*.cc' '*.h' '*.inc' '*.c' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' '.ci/run')
tracked source "${sources[@]}"
tracked text "${sources[@]}" '*.fbs' '*.md' '*.json' '*.yml' '.clang*' '.editorconfig'
tracked cmake '*CMakeLists.txt' '*.cmake'
tracked core 'core/*.cc' 'core/*.h'
tracked kernels 'kernels/*.cc' 'kernels/*.h'
tracked arithmetic 'kernels/*.cc' 'kernels/*.h' ':!kernels/ops/*' ':!kernels/ops.*'
tracked math 'kernels/math/*'
tracked contracts 'kernels/contracts/*'
tracked operators 'kernels/ops/*.cc' 'kernels/ops/*.h'
tracked platform 'platform/*.cc' 'platform/*.h'
tracked capi 'capi/*.cc' 'capi/*.h' ':!capi/convenience.cc'
tracked tools 'tools/*.cc' 'tools/*.h'
tracked convert 'convert/*.py'
library=("${core[@]}" "${kernels[@]}" "${platform[@]}" "${capi[@]}")
only_code "${library[@]}"

matches '\t' "${text[@]}" | breach "a tab"
matches '[ \t\r]+$' "${text[@]}" | breach "blanks at the end of a line"
matches '[^\x00-\x7F]' "${source[@]}" | breach "a character outside ASCII"
unended "${text[@]}" | breach "no newline at the end of the file"
too_long 600 "${source[@]}" | breach "more than 600 lines"
grep -L 'SPDX-License-Identifier: Apache-2.0' "${source[@]}" | breach "no SPDX line"

matches 'SKIP_REGULAR_EXPRESSION|g(test|mock)_main\b(?!\.cc)' "${cmake[@]}" |
  breach "a skipped case outranks a failure; see tests/support/gtest_main.cc"

matches '^\s*(import|from) +(tensorflow|keras|tf_keras|torch|onnx|jax)\b' "${convert[@]}" |
  breach "convert/ does without the frameworks whose files it reads"

include='^\s*#\s*include\s*'
matches "$include\"(kernels|tools|tests|bench)/" "${core[@]}" |
  breach "core/ knows no operator, tool or test"
matches "$include\"(core|kernels|tools|tests|bench)/" "${platform[@]}" |
  breach "platform/ knows the operating system and nothing of ours but the public headers"
matches "$include\"(core|kernels|tools|tests|bench)/" "${capi[@]}" |
  breach "capi/ knows public headers only"
matches "$include(\"(?!pipit/|tools/|commit\.h\")|<flatbuffers/)" "${tools[@]}" |
  breach "tools/ knows public headers only"
matches "$include\"(tools|tests|bench)/" "${kernels[@]}" |
  breach "kernels/ knows no tool or test"
matches "$include\"(kernels/ops|(core|pipit)/(arena|c_api|interpreter|model|op|plan|prepare|tensor))" \
  "${arithmetic[@]}" | breach "kernels do arithmetic; they know no tensor, op or model"
matches "$include\"(?!kernels/math/|core/to_integer)" "${math[@]}" |
  breach "kernels/math/ knows numbers only"
matches "$include\"kernels/(arm|portable)/" "${contracts[@]}" |
  breach "a contract knows none of its variants"
matches "$include<((unistd|fcntl|pthread|sched|signal|dirent|dlfcn|(sys|linux)/\w+)\.h|thread|mutex)>" \
  "${core[@]}" "${kernels[@]}" | breach "only platform/ knows the operating system"

(cd "$code" && matches '\b(4096|0x1000|getpagesize|PAGE(_?SIZE|_MASK|_SHIFT))\b' "${platform[@]}") |
  breach "pages have 4, 16 or 64 KiB: platform/ knows no size of them"

# Sizes that models decide about are computed as a ByteCount, which cannot wrap (byte_count.h). A line
# that is right all the same says why: `// bounded: ...` at its end.
sum='[^;]*[\w)\]] [*+] '
size='\w*([Bb]ytes|[Ss]cratch)\w*'
takers='scratch|take|reserve|take_temporary|state_bytes|set_output_strings|reserve_resource'
matches "^(?!.*(ByteCount|// bounded:)).*([.>]($takers)\($sum|\bsize_t $size( =|\{| \+=)$sum)" \
  "${core[@]}" "${operators[@]}" | breach "a size that could wrap: compute it as a ByteCount"
matches "^(?!.*// bounded:).*(\bsize_t \w*scratch\w*\(|\b$size \*= )" "${core[@]}" "${kernels[@]}" |
  breach "a size that could wrap: compute it as a ByteCount"

# Those of a C library differ in the last bit from machine to machine, and conversions of what does
# not fit an integer from processor to processor.
functions='exp2?|expm1|log(2|10|1p|b)?|a?(sin|cos|tan)h?|atan2|pow|erfc?|[lt]gamma|cbrt|hypot'
code_matches "\bstd::($functions)f?\s*\(|(^|[^.:>\w])($functions)f\s*\(" |
  breach "functions of reals are those of kernels/math/real.h"
code_matches "\bstd::ll?r(ound|int)\b|static_cast<(u?int(\d+_t)?|size_t)>\((std|real)::(r(ound|int)|floor|ceil|trunc)\b" |
  breach "reals become integers by core/to_integer.h, which saturates"

# An overflow in intrinsics that compilers take for C's + - * is undefined.
matches '\bv(add|sub|mul|mla|mls|neg)q?(_n|_lane|_laneq)?_s(8|16|32|64)\(' "${kernels[@]}" |
  breach "lanes that may overflow: use kernels/arm/wrapping_neon.h"

allocators='malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|v?asprintf'
code_matches "(^|[^.>\w])($allocators)\s*\(" | breach "the library has no heap"
code_matches '\bnew\s+(\(std::nothrow\)\s*)?[A-Za-z_:]|\bdelete\s*(\[\s*\]\s*)?[A-Za-z_(*]' |
  breach "the library has no heap"
owners='vector|string|deque|list|map|set|unordered_\w+|function|any|unique_ptr|shared_ptr|make_\w+_ptr'
code_matches "\bstd::(make_unique|make_shared|$owners)\b" |
  breach "a type that takes its memory from the heap"
code_matches '\b(throw|try|catch|dynamic_cast|typeid)\b|std::(cout|cerr|clog|ostream|istream)\b' |
  breach "the library has no exceptions, RTTI or iostreams"

exit "$failed"
