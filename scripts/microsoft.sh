#!/usr/bin/env bash
# Reads native/ as clang does where it stands in for Microsoft's compiler, vector levels and all; nothing is built.
#   scripts/microsoft.sh [clang++-14]
#
# The C++ library of this system is not fit for that: what is said of its files does not count, and what of ours does.
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=${1:-clang++}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
mapfile -t sources < <(tr -s '[:space:]' '\n' <native/sources.txt)
for source in "${sources[@]}"; do
  "$compiler" -std=c++20 -fms-extensions -fms-compatibility -fms-compatibility-version=19.29 -ferror-limit=0 -fsyntax-only \
    -Wall -Wextra -Wshadow -Wconversion -D__GCC_ATOMIC_TEST_AND_SET_TRUEVAL=1 -Inative -isystem node_modules/node-addon-api \
    -isystem node_modules/node-api-headers/include -DNAPI_VERSION=8 -DNODE_ADDON_API_CPP_EXCEPTIONS \
    '-DSALIENCYMIX_VERSION="0"' "$source" >>"$said" 2>&1 || true
done
if grep -E '^native/[^:]+:[0-9]+:[0-9]+: (error|warning)' "$said"; then exit 1; fi
echo "${#sources[@]} files"
