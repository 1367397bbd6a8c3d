#!/usr/bin/env bash
# Packs the package, installs it in an empty folder (which builds the addon there), and mixes a batch: required, imported,
# and from the command line.
set -euo pipefail
cd "$(dirname "$0")/.."

npm run build:ts
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
packed=$PWD/build
mkdir -p "$packed"
archive=$packed/$(npm pack --silent --ignore-scripts --pack-destination "$packed" | tail -1)
cd "$folder"
npm init --yes >/dev/null
# Not the binaries of onnxruntime-node for graphics cards, which it would download.
ONNXRUNTIME_NODE_INSTALL=skip npm install --no-audit --no-fund --foreground-scripts "$archive"

cat >trial.cjs <<'END'
const { createMixer } = require('saliencymix');
const data = Uint8Array.from({ length: 8 * 32 * 32 * 3 }, (_, i) => (i * i) >> 7);
const mixer = createMixer({ classes: 4, seed: 1 });
module.exports = mixer.mix({ data, shape: [8, 32, 32, 3] }, Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3));
END
cat >trial.mjs <<'END'
import assert from 'node:assert/strict';
import { applyPlan } from 'saliencymix';
import { modelNames } from 'saliencymix/train';
import required from './trial.cjs';

const { images, labels, plan } = await required;
assert.deepEqual(images.shape, [8, 32, 32, 3]);
assert.equal(labels.length, 8 * 4);
for (let i = 0; i < 8; i++) {
  const sum = labels.subarray(4 * i, 4 * i + 4).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum - 1) < 1e-6, `label ${i} sums to ${sum}`);
}
assert.ok(plan.samples.some(({ mixed }) => mixed));
assert.ok(modelNames.includes('resnet20'));
assert.equal(typeof applyPlan, 'function');
END
node trial.mjs
npx --no-install saliencymix info
npx --no-install saliencymix augment demo --out mixed
test -s mixed/labels.jsonl
echo 'the installed package mixes'
