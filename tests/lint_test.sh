#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plants a breach of each rule of ci/lint.sh in a small checkout, and expects each to be found at its
# place; what only looks like a breach is not.
#
# usage: lint_test.sh
set -euo pipefail
export LC_ALL=C
lint=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../ci/lint.sh")
checkout=$(mktemp -d)
trap 'rm -rf "$checkout"' EXIT
cd "$checkout"

fail() { # fail MESSAGE
  echo "FAILED: $1"
  exit 1
}

put() { # put FILE LINE...: a file of these lines under an SPDX line
  printf '%s\n' '// SPDX-License-Identifier: Apache-2.0' "${@:2}" > "$1"
}

found() { # found: what lint prints for the files that git knows now, as "RULE: LINE"
  git add --all
  ci/lint.sh 2>&1 | awk '
    !/^  lint: / { lines[++count] = $0; next }
    { for (i = 1; i <= count; ++i) print substr($0, 9) ": " lines[i]; count = 0 }
    END { for (i = 1; i <= count; ++i) print "no rule: " lines[i] }' | sort
}

expected=()
plant() { # plant RULE FILE LINE
  put "$2" "$3"
  expected+=("$1: $2:2:$3")
}

git init -q .
mkdir -p ci convert core kernels/{contracts,math,ops} platform capi tools
cp "$lint" ci
for room in core kernels platform capi; do
  put "$room/clean.cc" '#include "core/include/pipit/x.h"' '// new std::vector<int>; throw malloc(1)' \
    'const char* s = "free(\"new int\")";  // delete s' '/* std::cout' ' * try' ' */ int newer, entry;' \
    'float z = real::exp(std::round(x)) + q.logf(2) + my_sinf(x); int i = to_integer<int>(std::floor(x));' \
    '/* catch (...) */ int renewed = a.free(b->malloc(1)) + xmalloc(2);'
done
sed -i '/include/d' platform/clean.cc capi/clean.cc
put platform/os.cc '#include <unistd.h>' '#include <thread>'
put kernels/wrapping.cc 'x = vqaddq_s32(vaddq_u32(a, b), vpaddq_s32(c, d));'
put kernels/math/numbers.h '#include "kernels/math/real.h"' '#include "core/to_integer.h"'
put kernels/contracts/add.h '#include "pipit/cpu.h"'
put kernels/ops/op.cc '#include "core/include/pipit/tensor.h"'
put CMakeLists.txt 'add_library(m support/gtest_main.cc)'
put capi/convenience.cc 'void* p = malloc(1);'
put convert/clean.py 'import numpy as np'
put tools/clean.cc '#include "tools/x.h"' '#include "pipit/model.h"' '#include <vector>' '#include "commit.h"'
[[ -z $(found) ]] || fail "a clean checkout does not pass: $(found)"
ci/lint.sh || fail "a clean checkout gives an exit status"

plant "a tab" core/tab.cc $'int\ta;'
plant "blanks at the end of a line" core/blank.cc 'int a; '
plant "a character outside ASCII" core/ascii.cc $'// caf\xc3\xa9'
plant "lanes that may overflow: use kernels/arm/wrapping_neon.h" kernels/lanes.cc \
  'x = vaddq_s32(vqaddq_s32(a, b), c);'
plant "core/ knows no operator, tool or test" core/up.cc '#include "kernels/x.h"'
plant "platform/ knows the operating system and nothing of ours but the public headers" \
  platform/up.cc '#  include "core/x.h"'
plant "capi/ knows public headers only" capi/up.cc '#include "core/x.h"'
plant "tools/ knows public headers only" tools/schema.cc '#include "tflite_generated.h"'
plant "tools/ knows public headers only" tools/inside.h '#include "core/schema.h"'
plant "tools/ knows public headers only" tools/reader.cc '#include <flatbuffers/flatbuffers.h>'
plant "kernels/ knows no tool or test" kernels/up.cc '#include "tools/x.h"'
plant "kernels do arithmetic; they know no tensor, op or model" kernels/op.cc '#include "pipit/tensor.h"'
plant "kernels/math/ knows numbers only" kernels/math/cpu.h '#include "pipit/cpu.h"'
plant "a contract knows none of its variants" kernels/contracts/arm.cc '#include "kernels/arm/x.h"'
plant "only platform/ knows the operating system" core/os.cc '#include <sys/mman.h>'
plant "only platform/ knows the operating system" kernels/ops/os.cc '#include <thread>'
plant "pages have 4, 16 or 64 KiB: platform/ knows no size of them" platform/page.cc 'size_t page = 4096;'
plant "convert/ does without the frameworks whose files it reads" convert/keras.py 'import keras'
plant "the library has no heap" platform/malloc.cc 'void* p = malloc(1);'
plant "the library has no heap" core/new.cc 'int* p = new int;'
plant "the library has no heap" capi/delete.cc 'void f(int* p) { delete[] p; }'
plant "a type that takes its memory from the heap" kernels/ops/vector.cc 'std::vector<int> v;'
plant "the library has no exceptions, RTTI or iostreams" capi/throw.cc 'void f() { throw 1; }'
plant "functions of reals are those of kernels/math/real.h" kernels/exp.cc 'float y = std::exp(x);'
plant "functions of reals are those of kernels/math/real.h" kernels/ops/sin.cc 'float y = sinf(x);'
plant "reals become integers by core/to_integer.h, which saturates" core/round.cc \
  'int y = static_cast<int32_t>(std::round(x));'
plant "reals become integers by core/to_integer.h, which saturates" kernels/ops/lround.cc \
  'long y = std::lround(x);'
plant "a skipped case outranks a failure; see tests/support/gtest_main.cc" core/CMakeLists.txt \
  'target_link_libraries(t GTest::gtest_main)'
plant "a skipped case outranks a failure; see tests/support/gtest_main.cc" rules.cmake \
  'set_tests_properties(t PROPERTIES SKIP_REGULAR_EXPRESSION SKIPPED)'
plant "a size that could wrap: compute it as a ByteCount" core/size.cc 'size_t bytes = count * element;'
plant "a size that could wrap: compute it as a ByteCount" kernels/scratch.cc 'size_t f_scratch(int n);'
put core/last.cc && printf 'int a;' >> core/last.cc
expected+=("no newline at the end of the file: core/last.cc")
put core/long.cc && seq -f 'int a%g;' 600 >> core/long.cc
expected+=("more than 600 lines: core/long.cc")
echo 'int a;' > core/license.cc
expected+=("no SPDX line: core/license.cc")
diff <(printf '%s\n' "${expected[@]}" | sort) <(found) || fail "planted (<) is not found (>)"
if ci/lint.sh > /dev/null; then fail "breaches give no exit status"; fi

# A room without files: its rules would look at nothing.
rm platform/*
[[ $(found) == *'no tracked file matches: platform/*.cc platform/*.h'* ]] || fail "an empty room passes"
expected+=("no tracked file matches: ")

# Each rule that ci/lint.sh can print has had its breach.
grep -oP 'breach "\K[^"]+' ci/lint.sh | sort -u | while read -r rule; do
  printf '%s\n' "${expected[@]}" | grep -qF "$rule: " || fail "no breach planted of: $rule"
done
echo "${#expected[@]} breaches found"
