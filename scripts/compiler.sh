#!/usr/bin/env bash
# Builds addon and native tests with one compiler, in a folder of its own, without a warning, and runs both.
#   scripts/compiler.sh clang++-16
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=$1
folder=build/compilers/$compiler
# For another machine, whose tests an emulator runs.
cross=()
case $compiler in
aarch64-linux-gnu-*)
  cross=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64
    '-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu') ;;
x86_64-w64-mingw32-*)
  # What Node's program has, by the lists of node-api-headers.
  mkdir -p "$folder"
  libraries=()
  for list in js_native_api node_api; do
    x86_64-w64-mingw32-dlltool -d "node_modules/node-api-headers/def/$list.def" -l "$folder/$list.lib" -D node.exe
    libraries+=("$PWD/$folder/$list.lib")
  done
  cross=(-DCMAKE_SYSTEM_NAME=Windows -DCMAKE_SYSTEM_PROCESSOR=AMD64 -DCMAKE_CROSSCOMPILING_EMULATOR=/usr/lib/wine/wine64
    -DCMAKE_EXE_LINKER_FLAGS=-static "-DCMAKE_JS_LIB=${libraries[0]};${libraries[1]}") ;;
esac
includes=$(node -p "[require('node-api-headers').include_dir, require('node-addon-api').include_dir].join(';')")
cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_COMPILER=$compiler" \
  -DSALIENCYMIX_TESTS=ON -DSALIENCYMIX_CUDA=OFF -DCMAKE_CXX_FLAGS=-Werror "${cross[@]}" \
  "-DCMAKE_JS_INC=$includes" "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$PWD/$folder/Release"
cmake --build "$folder" --parallel "$(nproc)"
WINEDEBUG=-all ctest --test-dir "$folder" --output-on-failure
if test ${#cross[@]} -gt 0; then exit 0; fi
node -e 'if (require(process.argv[1]).methods().length === 0) process.exit(1)' "$PWD/$folder/Release/saliencymix.node"
