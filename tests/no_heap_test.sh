#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves on the linker's level that the library cannot reach the heap or throw, and that objects
# built for an instruction set hand the linker no shared function.
#
# usage: no_heap_test.sh NM CXX LIBRARY
set -euo pipefail
export LC_ALL=C
nm=$1 cxx=$2 library=$3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Operators new and delete (_Zn*, _Zd*), static constructors and guards (__cxa_*, __aeabi_atexit),
# exceptions (_Unwind_*, libstdc++'s throw helpers), std::string, and libc calls that allocate.
forbidden='^(malloc|calloc|realloc|reallocarray|free|memalign|aligned_alloc|posix_memalign|valloc'
forbidden+='|strdup|strndup|(__)?v?asprintf(_chk)?|open_memstream|fopen(64)?|fdopen|popen|opendir'
forbidden+='|getline|getdelim|_Zn[wa].*|_Zd[la].*|__cxa_.*|__aeabi_atexit|_Unwind_.*|__gxx_personality.*'
forbidden+='|__dynamic_cast|_ZSt[0-9]+__throw_.*|_ZNK?St7__cxx11.*)$'

undefined() { # undefined FILE: the symbols that its objects ask others for
  "$nm" --undefined-only --format=posix "$1" | awk 'NF >= 2 { print $1 }' | sort -u
}

defined() { # defined FILE
  "$nm" --defined-only --format=posix "$1" | awk 'NF >= 2 { print $1 }' | sort -u
}

forbidden_in() { # forbidden_in FILE: prints the forbidden symbols that it needs
  undefined "$1" | { grep -E "$forbidden" || (($? == 1)); }
}

isa='[^/:]*_(neon|dotprod|i8mm)[^/:]*'

# A weak function built for an instruction set may be the copy that the linker keeps for all callers,
# and then it runs on a CPU that lacks the instructions.
weak_in() { # weak_in FILE: prints the weak symbols that its ISA objects define
  "$nm" -A --defined-only "$1" | { grep -E "(^|[/:])$isa:[0-9a-f]* [WVu] " || (($? == 1)); }
}

# -fno-threadsafe-statics leaves no __cxa_guard_*; the guard variable itself still tells.
constructed_in() { # constructed_in FILE: prints what is constructed while the program runs
  defined "$1" | { grep -E '^(_GLOBAL__sub_I_|_ZGV)' || (($? == 1)); }
}

clean() { # clean FILE: prints what is wrong with it; true if nothing is
  local heap weak constructed
  heap=$(forbidden_in "$1")
  weak=$(weak_in "$1")
  constructed=$(constructed_in "$1")
  [[ -z $heap ]] || printf 'can reach the heap or throw:\n%s\n' "$heap"
  [[ -z $weak ]] || printf 'weak symbols in objects built for an instruction set:\n%s\n' "$weak"
  [[ -z $constructed ]] || printf 'static objects with constructors:\n%s\n' "$constructed"
  [[ -z $heap$weak$constructed ]]
}

fail() {
  echo "FAILED: $*"
  exit 1
}

# First, that the check sees what it is for.
expect() { # expect VERDICT NAME SOURCE: VERDICT is a symbol to be named, or "clean"
  local verdict=clean
  "$cxx" -std=c++20 -O0 -x c++ -c - -o "$scratch/$2.o" <<< "$3"
  clean "$scratch/$2.o" > "$scratch/verdict" || verdict=$(cat "$scratch/verdict")
  [[ $verdict == *"$1"* ]] || fail "self-check: $2 should be '$1', was '$verdict'"
}
expect clean private_neon 'static int own() { return 1; } int f() { return own(); }'
expect malloc calls_malloc 'extern "C" void* malloc(decltype(sizeof 0)); void* p = malloc(1);'
expect _Znw calls_new 'int* f() { return new int; }'
expect _Zdl calls_delete 'void f(int* p) { delete p; }'
expect __cxa_guard guards 'int g(); int f() { static int once = g(); return once; }'
expect _ZGV constructs 'int g(); int f() { static int once = g(); return once; }'
expect _GLOBAL__sub_I_early constructs_early 'int g(); int early = g();'
expect __cxa_throw throws 'void f() { throw 1; }'
expect shared shared_neon 'inline int shared() { return 1; } int f() { return shared(); }'

# Then the library.
defined "$library" > "$scratch/defined"
[[ -s $scratch/defined ]] || fail "$library defines no symbol"
clean "$library" || fail "$library"

objects=$("$nm" -A --defined-only "$library" | { grep -oE ":$isa:" || true; } | sort -u | wc -l)
echo "$objects objects built for an instruction set; symbols that the library needs from outside:"
undefined "$library" | comm -23 - "$scratch/defined" | sed 's/^/  /'
