#!/usr/bin/env bash
# bash .card/one/start.sh <folder for results>, then bash .card/two/start.sh <the same or another>: unpacks what is beside this
# file, and runs what can be tried on this machine's graphics card. Node and the packages go to a folder of the system's
# temporary files, where the second part finds them.
#
# SALIENCYMIX_CARD_HOST=1: a trial without a card, on the host device.
set -euo pipefail
part=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$part/../.." && pwd)
results=${1:?a folder for the results}
mkdir -p "$results"
results=$(cd "$results" && pwd)
unpacked=${SALIENCYMIX_CARD_UNPACKED:-${TMPDIR:-/tmp}/saliencymix-card}
mkdir -p "$unpacked"

# unpack ARCHIVE FOLDER
unpack() {
  if command -v xz >/dev/null; then xz -dc "$1" | tar -C "$2" -xf -
  else python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1], "r:xz").extractall(sys.argv[2])' "$1" "$2"; fi
}

if test -e "$part/node.tar.xz"; then unpack "$part/node.tar.xz" "$unpacked"; fi
if ! test -x "$unpacked/bin/node"; then echo 'Run the first part on this machine before the second.' >&2; exit 2; fi
# Of the second part's release in place of the first's: whole, or not at all.
if ! test -e "$part/node.tar.xz"; then rm -rf "$unpacked"/node_modules/onnxruntime-{node,common}; fi
unpack "$part/modules.tar.xz" "$unpacked"
if test -e "$part/images.tar.xz"; then mkdir -p "$part/images"; unpack "$part/images.tar.xz" "$part/images"; fi
if test -e "$part/dist.tar.xz"; then rm -rf "$root/dist"; unpack "$part/dist.tar.xz" "$root"; fi
if ! test -e "$root/node_modules"; then ln -s "$unpacked/node_modules" "$root/node_modules"; fi

# Vulkan's loader, and what NVIDIA's driver for it is linked to.
if test -z "${SALIENCYMIX_CARD_HOST:-}"; then
  if test -d "$part/debs" && ! ldconfig -p | grep -q libvulkan; then
    for file in "$part"/debs/*.deb; do dpkg -x "$file" /; done
    ldconfig
  fi
  driver=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
  if test -e "$driver" && test -z "${VK_DRIVER_FILES:-}"; then export VK_DRIVER_FILES=$driver; fi
fi

export PATH="$unpacked/bin:$PATH:/usr/local/cuda/bin"
export SALIENCYMIX_COMMIT; SALIENCYMIX_COMMIT=$(cat "$part/commit")
cd "$root"
exec node scripts/card/run.mjs "$(basename "$part")" "$results"
