#!/usr/bin/env bash
# Builds addon and native tests with one compiler, in a folder of its own, and runs both.
#   scripts/compiler.sh clang++-16
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=$1
folder=build/compilers/$compiler
includes=$(node -p "[require('node-api-headers').include_dir, require('node-addon-api').include_dir].join(';')")
cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_COMPILER=$compiler" \
  -DSALIENCYMIX_TESTS=ON -DSALIENCYMIX_CUDA=OFF \
  "-DCMAKE_JS_INC=$includes" "-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$PWD/$folder/Release"
cmake --build "$folder" --parallel "$(nproc)"
ctest --test-dir "$folder" --output-on-failure
node -e 'if (require(process.argv[1]).methods().length === 0) process.exit(1)' "$PWD/$folder/Release/saliencymix.node"
