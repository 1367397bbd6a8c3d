// Trains a small network on the drawn data set with one mixing method and evaluates its checkpoint: on images that it has
// not seen it has to be clearly better than chance, whose error is 0.9, and the checkpoint as good as the run said.
// node scripts/training-trial.mjs cutmix
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { evaluate, train } = require('../dist/train/index.js');

const method = process.argv[2];
const out = join(dirname(fileURLToPath(import.meta.url)), '..', 'build', 'training-trial', method);
const drawn = (split, count) => ({ path: 'demo', split, demo: { count, size: 32, seed: 0 } });

const { top1Error, seconds } = await train({
  // The network of `demo-train`.
  model: 'resnet',
  block: 'basic',
  layers: [1, 1, 1],
  width: 16,
  epochs: 12,
  batch: 20,
  optimizer: 'adamw',
  learningRate: 0.006,
  schedule: 'cosine',
  warmup: 1,
  crop: 2,
  data: drawn('train', 2000),
  test: drawn('test', 300),
  out,
  // Half of the images as they are: a network of this size and time learns from them faster. Cutout fills with the gray of
  // the mean; with black it does not learn in so few steps.
  mixer: { method, probability: 0.5, fill: 117 },
  threads: 1,
  mode: 'force',
});
const checkpoint = join(out, 'checkpoint.safetensors');
const evaluated = await evaluate({ model: checkpoint, data: drawn('test', 300), threads: 1 });
console.log(`${method}: error ${top1Error} on the test images after ${seconds.toFixed(0)} s`);
assert.equal(evaluated.top1Error, top1Error);
assert.ok(top1Error < 0.65, 'chance is 0.9');
