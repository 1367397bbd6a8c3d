#!/usr/bin/env bash
# Builds native code with AddressSanitizer and UndefinedBehaviorSanitizer and runs it: the native tests, then the addon in
# Node under the whole API (scripts/sanitize-addon.mjs). GCC or clang on Linux.
#   scripts/sanitize.sh                      both
#   scripts/sanitize.sh tests [ARGUMENTS]    the native tests alone; arguments go to ctest
#   scripts/sanitize.sh addon [SEED ROUNDS]  the addon alone, under other calls
#   scripts/sanitize.sh build                only builds the addon; prints its path, and that of what must be loaded before it
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-all}
if test "$what" = all || test "$what" = tests; then
  tests=()
  if test "$what" = tests; then tests=("${@:2}"); fi
  SALIENCYMIX_SANITIZE=address,undefined node scripts/native-tests.mjs "${tests[@]}"
fi
if test "$what" = tests; then exit; fi

# In the folder of the native tests: what lies below the binding is compiled once for both.
folder=build/native-tests-address-undefined
includes=$(node -p "[require('node-api-headers').include_dir, require('node-addon-api').include_dir].join(';')")
cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DSALIENCYMIX_SANITIZE=address,undefined \
  -DSALIENCYMIX_CUDA=OFF \
  "-DCMAKE_JS_INC=$includes" "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$PWD/$folder/Release" >/dev/null
cmake --build "$folder" --parallel "$(nproc)" >/dev/null

# Node itself is not instrumented: the runtime has to be there before it, and what Node never frees is not our leak.
runtime=$("${CXX:-c++}" -print-file-name=libasan.so)
if test "$what" = build; then printf '%s\n' "$PWD/$folder/Release/saliencymix.node" "$runtime"; exit; fi
LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
  node scripts/sanitize-addon.mjs "$folder/Release/saliencymix.node" "${@:2}"
