#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The one entry point for building and checking Pipit, for people and for the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat << 'END'
usage: ci/check.sh VERB...

  setup     install the Debian packages that the other verbs need
  demo      build for 64-bit ARM and classify pictures of digits under qemu
  format    clang-format, without changing a file
  lint      house rules: blanks, includes that point the wrong way, heap, long files
  tidy      clang-tidy over core, platform and capi: quick enough for every change
  tidy-all  clang-tidy over all rooms (not part of all)
  host      configure, build and test on this machine
  asan      the same with the address and undefined-behaviour sanitizers, and some thousand inputs
            of each fuzz target
  tsan      the tests of threads with the thread sanitizer
  coverage  the tests on this machine again, counting lines and branches of core and kernels;
            less than 90 % of the lines fail (not part of all)
  aarch64   cross-build for 64-bit ARM; all tests on qemu's `max`, those of the kernels for one
            instruction set also on cortex-a53, cortex-a72 and cortex-a76
  armhf     cross-build for 32-bit ARMv7; likewise, with cortex-a7 and cortex-a15
  python-arm  make wheels and Debian packages for ARM and run the Python tests from them with
            ARM's python3 and numpy, which are downloaded for it (not part of all)
  board     build for the board that PIPIT_BOARD=user@board names, run the isa tests on it over ssh, measure
            the models that are here, and add a row to docs/boards.md (not part of all)
  board-test  the same with a board of its own, an sshd on this machine and qemu (not part of all)
  release   make all that a release has, twice, in different folders: the same bytes; then lintian,
            twine and the commands under qemu (not part of all; see ci/release.sh)
  release-setup  install the Debian packages that this checks with (not part of all)
  pictures  open the pages that the command makes in Chromium; screenshots stay in
            build/host/screenshots (not part of all)
  sdist     build a wheel from the source distribution with gcc, cmake and make alone (not part of all)
  tfjs      export models and hold them against TensorFlow.js, which npm downloads; convert models
            that it makes and trains, and hold them against it, too (not part of all)
  aarch64-asan  what asan does, for 64-bit ARM on qemu's `max`: the conformance cases, the tests of
            kernels, damaged models, and some inputs of each fuzz target (not part of all)
  armhf-asan  the same for 32-bit ARM (not part of all)
  tflite-c  run programs in C (for this machine and 64-bit ARM) and JavaScript with libtensorflowlite_c.so
            and with TensorFlow Lite's own, which npm downloads, over models and operators: the same
            answers (not part of all)
  differential  many spoilt models with all kernels that an ARM CPU has, against the portable ones:
            PIPIT_DIFFERENTIAL, or 5000, on each target (not part of all)
  fuzz      run every fuzz target for some time with libFuzzer: PIPIT_FUZZ_SECONDS, or 60 s (not part
            of all; see ci/fuzz.sh)
  fuzz-arm  PIPIT_FUZZ_INPUTS, or 100000, changed seeds of every fuzz target on both ARM targets, with
            sanitizers (not part of all; see ci/fuzz_arm.sh)
  all       setup format lint tidy host asan tsan aarch64 armhf

A failed step does not stop the next one. The last line is "N passed, M failed".
END
}

demo_packages=(cmake ninja-build g++ g++-aarch64-linux-gnu qemu-user flatbuffers-compiler
  libflatbuffers-dev googletest libcli11-dev nlohmann-json3-dev libstb-dev)
all_packages=("${demo_packages[@]}" g++-arm-linux-gnueabihf libbenchmark-dev ccache
  clang-format clang-tidy git groff-base musl mypy python3 python3-h5py python3-numpy python3-onnx python3-pil
  openssh-server xz-utils)
release_packages=(lintian python3-trove-classifiers twine)
fuzz_packages=(clang-19 libclang-rt-19-dev llvm-19)

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
status=0 skipped=0 # of the last step, of the last tests

note() { # note NAME PASSED FAILED SKIPPED SECONDS: one row of the closing table
  printf '%s\t%s\t%s\t%s\t%s\n' "$@" >> "$rows"
}

step() { # step NAME COMMAND...: one row, passed or failed as a whole; leaves $status
  local start=$SECONDS
  printf '\n== %s\n' "$1"
  # Not `if` or `||`: either would switch `set -e` off inside the command.
  set +e; (set -e && "${@:2}"); status=$?; set -e
  note "$1" $((status == 0)) $((status != 0)) 0 $((SECONDS - start))
}

install() { # install PACKAGE...: quick when all are there
  local package try missing=() root=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2> /dev/null | grep -q ' installed$' ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || root=(sudo)
  for try in 1 2 3 4 5; do
    "${root[@]}" apt-get -o APT::Update::Error-Mode=any update && break
    sleep $((2 * try))
  done
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Acquire::Retries=3 "${missing[@]}" < /dev/null
}

build() { # build PRESET [TARGET...]
  cmake --preset "$1"
  cmake --build --preset "$1" --parallel "$(nproc)" ${2:+--target "${@:2}"}
}

ctests() { # ctests NAME PRESET CPU [CTEST ARGUMENT...]: one row with the counts of ctest's report
  local start=$SECONDS report="$PWD/build/$2/ctest.xml" total passed failed
  count() { grep -cE "$1" "$report" 2> /dev/null || true; }
  printf '\n== %s\n' "$1"
  rm -f "$report"
  status=0
  QEMU_CPU=$3 ctest --preset "$2" --output-junit "$report" "${@:4}" || status=$?
  total=$(count '<testcase ') passed=$(count '<testcase .* status="run"')
  skipped=$(count '<testcase .* status="disabled"|<skipped message="SKIP_')
  failed=$((total - passed - skipped)) # as in ctest, a program that is not there has failed
  ((failed > 0 || status == 0)) || failed=1 # no test at all, or ctest itself broke
  note "$1" "$((passed))" "$failed" "$((skipped))" $((SECONDS - start))
}

native() { # native PRESET: build and run all tests
  step "$1 build" build "$1"
  if ((status == 0)); then ctests "$1 tests" "$1" ''; fi
}

cross() { # cross PRESET CPU...: all tests on qemu's richest CPU, those labelled isa on each CPU
  local cpu
  step "$1 build" build "$1"
  ((status == 0)) || return 0
  ctests "$1 other tests, max" "$1" max -LE '^isa$'
  ctests "$1 isa tests, max" "$1" max -L '^isa$'
  # A skipped variant looks like a passed one; this is the CPU that has to run them all.
  step "$1 isa tests, none skipped" test "$skipped" -eq 0
  # What is the same on every CPU has run: the portable kernels, and whole models.
  for cpu in "${@:2}"; do
    ctests "$1 isa tests, $cpu" "$1" "$cpu" -L '^isa$' -E 'portable|blocked|^models|digits'
  done
}

format() { git ls-files -z -- '*.cc' '*.h' | xargs -0 clang-format --dry-run -Werror; }

# In a folder of its own: clang would take gcc's precompiled headers for its own, and has warnings
# that gcc has not.
tidy() { # tidy ROOM...
  local rooms
  rooms=$(IFS='|' && echo "$*")
  cmake --preset host -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DPIPIT_WERROR=OFF
  cmake --build build/tidy --target pipit_schema_generated pipit_edit_generated pipit_tflite_schema pipit_commit
  run-clang-tidy -quiet -p build/tidy -extra-arg=-Wno-unknown-warning-option -j "$(nproc)" "^$PWD/($rooms)/"
}

# Those of core and kernels that this machine can run, and the files that need tests most.
coverage() {
  local files=(--filter '(core|kernels)/' --exclude kernels/arm/ --exclude-throw-branches)
  gcovr "${files[@]}" --sort-uncovered -o build/host-coverage/lines.txt --txt \
    --json build/host-coverage/lines.json --print-summary --fail-under-line 90 -j "$(nproc)" \
    build/host-coverage/CMakeFiles/pipit.dir
}

differential() { # differential PRESET EMULATOR: a day's numbers, so that each day tries others
  step "$1 build" build "$1" differential
  ((status == 0)) || return 0
  step "$1 differential" env PIPIT_BOARD= QEMU_CPU=max toolchains/run_on_target.sh "$2" -L / \
    "build/$1/bin/differential" "${PIPIT_DIFFERENTIAL:-5000}" "$(date +%Y%m%d)000000" "build/$1/conformance"
}

# The conformance cases run once with the best kernels; as 32-bit code, with the portable ones too,
# which asan has tried as 64-bit code.
arm_asan() { # arm_asan PRESET
  local tests='^(conformance\.|mutations|malformed_test|sweep|interpreter_test|placement_test|fuzz_)'
  step "$1 build" build "$1" arm_asan
  ((status == 0)) || return 0
  tests+='|_variants_test\.'
  [[ $1 != armhf-asan ]] || tests+='|^conformance_isa\.portable'
  ctests "$1 tests" "$1" max -R "$tests"
  step "$1 tests, none skipped" test "$skipped" -eq 0
}

fuzz_arm() { # fuzz_arm PRESET
  step "$1 build" build "$1" fuzz
  ((status == 0)) || return 0
  step "$1 fuzz" ci/fuzz_arm.sh "$1" "${PIPIT_FUZZ_INPUTS:-100000}" "$(date +%Y%m%d)000000"
}

python_arm() { # python_arm ARCHITECTURE PRESET: the packages as the build leaves them
  step "$2 packages" build "$2" pipit_packages sample_delegate tflite_plugins musl_client tflite_client tflite_musl_shim
  ((status == 0)) || return 0
  step "$1 python tests" tests/python/arm_test.sh "$1" "build/$2" "build/root-$1"
}

tfjs() { # the float models that are here
  local try models=(models/digits_float.tflite) model
  for model in ../shared/models/*_float/*.tflite; do [[ ! -e $model ]] || models+=("$model"); done
  /usr/bin/python3 tests/python/make_models.py flatc build/tfjs/models
  models+=(build/tfjs/models/{layers,picture_layers}.tflite)
  cp tests/tfjs/package.json build/tfjs
  for try in 1 2 3; do
    npm install --prefix build/tfjs --no-audit --no-fund --ignore-scripts && break
    sleep $((5 * try))
  done
  PYTHONPATH=build/host/python /usr/bin/python3 tests/tfjs/compare.py \
    "$PWD/build/tfjs/node_modules" "${models[@]}"
}

tfjs_convert() { # models that TensorFlow.js makes and trains, after tfjs
  rm -rf build/tfjs/trained
  NODE_PATH=build/tfjs/node_modules node tests/tfjs/train.js build/tfjs/trained
  PYTHONPATH=build/host/python /usr/bin/python3 tests/tfjs/convert.py build/tfjs/trained
}

# The models that are here, and some of each operator; with programs in C for this machine and for 64-bit
# ARM, and with the Node binding of the package that brings TensorFlow Lite's library.
tflite_c() {
  local there=build/tflite-c models=(models/*.tflite) folder model name
  for model in ../shared/models/*/*.tflite; do [[ ! -e $model ]] || models+=("$model"); done
  for folder in ../shared/conformance/*/; do
    [[ ! -d $folder ]] || mapfile -t -O "${#models[@]}" models < <(find "$folder" -name model.tflite | sort | head -n 3)
  done
  PYTHONPATH=build/host/python /usr/bin/python3 tests/convert/write_quantized.py build/tflite-c/quantized
  PYTHONPATH=build/host/python /usr/bin/python3 tests/convert/write_keras.py build/tflite-c/converted
  PYTHONPATH=build/host/python /usr/bin/python3 tests/convert/write_converted.py build/tflite-c/converted
  models+=(build/tflite-c/quantized/*.tflite build/tflite-c/converted/*.tflite)
  tflite_c_binding "$there" || return 1
  tflite_c_compare host "$there/package/cc_deps/linux_amd64" build/host/bin/tflite_client || return 1
  tflite_c_compare host "$there/package/cc_deps/linux_amd64" node tests/tflite/client.js "$there/binding.node" ||
    return 1
  tflite_c_compare aarch64 "$there/package/cc_deps/linux_arm64" \
    qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu build/aarch64/bin/tflite_client
}

board() { # what owners run; PIPIT_BOARD_PRESET: where the board does not say it
  local preset model result results=()
  # shellcheck source=ci/board.sh
  preset=$(. ci/board.sh && : "${PIPIT_BOARD:?user@board}" && board_control && board_connect && board_preset) ||
    { step "board" false; return 0; }
  PIPIT_BOARD='' step "$preset build" build "$preset" isa_tests pipit_command  # may run a program, too
  ((status == 0)) || return 0
  ctests "$preset isa tests, on the board" "$preset" '' -L '^isa$' ${PIPIT_BOARD_TESTS:+-R "$PIPIT_BOARD_TESTS"}
  step "board, none unfinished" ci/boards.py unfinished "build/$preset/ctest.xml"
  rm -rf "build/$preset/board" && mkdir "build/$preset/board"
  # shellcheck disable=SC2086  # patterns
  for model in ${PIPIT_BOARD_MODELS:-models/*.tflite ../shared/models/*/model.tflite}; do
    [[ -e $model ]] || continue
    result=build/$preset/board/$(tr / _ <<< "${model#../}").json
    step "board bench $model" board_bench "$preset" "$model" "$result"
    ((status != 0)) || results+=("$result")
  done
  step "board row" ci/boards.py row --tests "build/$preset/ctest.xml" \
    --table "${PIPIT_BOARD_TABLE:-docs/boards.md}" "${results[@]}"
}

board_bench() { # board_bench PRESET MODEL RESULT
  ci/on_board.sh "build/$1/bin/pipit" bench "$2" --json > "$3"
}

# The same bytes from another folder, later, with another umask, time zone and locale, and compiled anew.
release() {
  local first=build/release-test/one second=build/release-test/somewhere/else
  rm -rf build/release-test
  git clone -q . $first
  git clone -q . $second
  (cd $first && ci/release.sh)
  (cd $second && umask 077 && TZ=Asia/Tokyo LC_ALL=C CCACHE_DISABLE=1 ci/release.sh --build ../build)
  diff -r $first/dist $second/dist
}

tflite_c_binding() { # tflite_c_binding FOLDER: the package, and its binding, linked with its library
  mkdir -p "$1"
  cp tests/tflite/package.json "$1"
  (cd "$1" && npm install --no-audit --no-fund --ignore-scripts && npm pack --silent tfjs-tflite-node@0.0.2 &&
    tar xzf tfjs-tflite-node-0.0.2.tgz) || return 1
  c++ -shared -fPIC -w -DNAPI_CPP_EXCEPTIONS -I/usr/include/node "-I$1/node_modules/node-addon-api" \
    "-I$1/package/cc_deps/include" "$1/package/binding/node_tflite_binding.cc" -o "$1/binding.node" \
    "-L$1/package/cc_deps/linux_amd64" -ltensorflowlite_c -lexternal_delegate_obj
}

tflite_c_compare() { # tflite_c_compare PRESET THEIRS CLIENT...: ours stands for both libraries of theirs
  local name ours=build/tflite-c/ours-$1
  mkdir -p "$ours"
  for name in libtensorflowlite_c libexternal_delegate_obj; do
    ln -sf "$PWD/build/$1/lib/libtensorflowlite_c.so" "$ours/$name.so"
  done
  echo "== ${*:3}"
  /usr/bin/python3 tests/tflite/compare.py "$ours" "$2" "${models[@]}" -- "${@:3}"
}

node_headers() { [[ -e /usr/include/node/node_api.h ]] || install libnode-dev; }

node_setup() { # a Node.js from elsewhere brings its own npm
  if ! { command -v node && command -v npm; } > /dev/null; then install nodejs npm; fi
}

run() { # run VERB
  case $1 in
    setup) step setup install "${all_packages[@]}" ;;
    demo)
      step "demo setup" install "${demo_packages[@]}"
      step "demo build" build aarch64 bin/pipit
      step demo ci/demo.sh
      ;;
    format) step format format ;;
    tidy) step tidy tidy core platform capi ;;
    tidy-all) step tidy-all tidy core kernels platform capi tflite tools tests bench ;;
    lint) step lint ci/lint.sh ;;
    fuzz)
      step "fuzz setup" install "${all_packages[@]}" "${fuzz_packages[@]}"
      step fuzz ci/fuzz.sh "${PIPIT_FUZZ_SECONDS:-60}"
      ;;
    fuzz-arm)
      fuzz_arm aarch64-asan
      fuzz_arm armhf-asan
      ;;
    aarch64-asan | armhf-asan) arm_asan "$1" ;;
    differential)
      differential aarch64 qemu-aarch64
      differential armhf qemu-arm
      ;;
    host) native host ;;
    asan) native host-asan ;;
    tsan)
      step "tsan build" build host-tsan thread_tests
      if ((status == 0)); then ctests "tsan tests" host-tsan '' -L '^threads$'; fi
      ;;
    coverage)
      step "coverage setup" install "${all_packages[@]}" gcovr
      step "host-coverage build" build host-coverage
      # Counting takes functions, constructors and files of its own.
      if ((status == 0)); then ctests "host-coverage tests" host-coverage '' -E '^(no_heap|install|command)$'; fi
      step coverage coverage
      ;;
    aarch64) cross aarch64 cortex-a53 cortex-a72 cortex-a76 ;;
    armhf) cross armhf cortex-a7 cortex-a15 ;;
    python-arm)
      step "python-arm setup" install "${all_packages[@]}" debootstrap
      python_arm arm64 aarch64
      python_arm armhf armhf
      ;;
    board) board ;;
    board-test) step board-test tests/board/check_test.sh ;;
    release-setup) step release-setup install "${all_packages[@]}" "${release_packages[@]}" ;;
    release)
      run release-setup
      step "release, twice the same" release
      step "release artefacts" tests/release/artefacts_test.sh build/release-test/one/dist/*
      step "release subproject" tests/install/subproject_test.sh cmake "$PWD" build/release-test/subproject build
      ;;
    pictures)
      step "pictures setup" install "${all_packages[@]}" chromium
      step "pictures build" build host pipit_command pipit_python
      if ((status == 0)); then ctests pictures host '' -L '^pictures$'; fi
      step "pictures, none skipped" test "$skipped" -eq 0
      ;;
    sdist) step sdist tests/python/sdist_test.sh build/sdist ;;
    tflite-c)
      step "tflite-c setup" node_setup
      step "tflite-c headers" node_headers
      step "tflite-c build" build host tflite_client pipit_python
      step "tflite-c build, aarch64" build aarch64 tflite_client
      step tflite-c tflite_c
      ;;
    tfjs)
      step "tfjs setup" node_setup
      step "tfjs build" build host pipit_python
      step tfjs tfjs
      step "tfjs convert" tfjs_convert
      ;;
  esac
}

summary() { # the table and the totals; fails if anything failed
  awk -F '\t' '
    BEGIN { printf "\n%-34s %7s %7s %7s %8s\n", "step", "passed", "failed", "skipped", "seconds" }
    { printf "%-34s %7d %7d %7d %8d\n", $1, $2, $3, $4, $5; passed += $2; failed += $3 }
    END { printf "\n%d passed, %d failed\n", passed, failed; exit failed > 0 }' "$rows"
}

verbs=()
for verb in "${@:---help}"; do
  case $verb in
    setup | demo | format | lint | tidy | host | asan | tsan | coverage | aarch64 | armhf) verbs+=("$verb") ;;
    tidy-all | differential | pictures | python-arm | sdist | board | board-test | release-setup | release) verbs+=("$verb") ;;
    tfjs | tflite-c | fuzz | fuzz-arm) verbs+=("$verb") ;;
    aarch64-asan | armhf-asan) verbs+=("$verb") ;;
    all) verbs+=(setup format lint tidy host asan tsan aarch64 armhf) ;;
    -h | --help) usage; exit $(($# == 0 ? 2 : 0)) ;;
    *) echo "ci/check.sh: no verb '$verb'; see ci/check.sh --help" >&2; exit 2 ;;
  esac
done
# The checkout may belong to another user, as in a container; git lists its files all the same.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$PWD
for verb in "${verbs[@]}"; do run "$verb"; done
summary
