/** Networks of drawn layers and sizes: gradients of the native engine's operators against those of ONNX's own. */
import { createRequire } from 'node:module';
import { trainApi } from '../lib/api.mjs';
import { must, outcomeOf } from '../lib/oracle.mjs';
import { Random } from '../lib/random.mjs';

// In this thread, where the addon with sanitizers is: a trainer's worker would load one of its own.
const require = createRequire(import.meta.url);
const { NativeEngine } = require('../../../dist/onnx/native-engine.js');
const { StandardEngine } = require('../../../dist/onnx/standard-engine.js');
const { libraryPath } = require('../../../dist/onnx/library.js');
const { stayPrivate } = require('../../../dist/onnx/telemetry.js');
const { drawDropoutMasks } = require('../../../dist/train/dropout-masks.js');
const { patterns } = require('../../../dist/graph/lowering/lower.js');
const { gradientGraph, gradientName, parametersKeptLast } = require('../../../dist/train/graphs.js');
const { initialParameters } = require('../../../dist/train/initial.js');
const { randomInput } = require('../../../dist/train/inputs.js');
const { shapeLast, toLast } = require('../../../dist/train/state-layout.js');
const { defineModel, layers, ops } = trainApi;

stayPrivate();

const [SEED, STEP] = [7, 5];

const append = {
  conv: (net, name, x, { out, kernel, stride, padding, bias }) =>
    layers.conv(net, name, x, { out, kernel, stride, padding, bias }),
  norm: (net, name, x) => layers.batchNorm(net, name, x),
  normRelu: (net, name, x) => ops.relu(layers.batchNorm(net, name, x)),
  residual(net, name, x, { kernel, isNormed }) {
    const same = layers.conv(net, `${name}.conv`, x, { out: x.shape[1], kernel: 2 * kernel - 1 });
    const beside = isNormed ? layers.batchNorm(net, `${name}.short`, x) : x;
    return ops.relu(ops.add(layers.batchNorm(net, `${name}.bn`, same), beside));
  },
  pool: (net, name, x, { kernel, stride, padding }) => layers.maxPool(x, kernel, stride, padding),
  dropout: (net, name, x, { rate }) => layers.dropout(net, name, x, rate),
  swish: (net, name, x) => ops.mul(x, ops.sigmoid(x)),
};

const modelOf = ({ parts, classes }) =>
  defineModel({
    name: 'drawn',
    classes,
    build(net, images) {
      const last = parts.reduce((x, part, i) => append[part.kind](net, `layer${i}`, x, part), images);
      return layers.linear(net, 'fc', layers.globalAveragePool(last), classes);
    },
  });

const seeds = () => [
  {
    name: 'one convolution',
    files: {},
    options: {
      parts: [{ kind: 'conv', out: 4, kernel: 3, stride: 1, padding: 1, bias: true }],
      count: 2,
      image: [5, 6],
      classes: 3,
      seed: 1,
      form: 'direct',
      without: [],
    },
  },
  {
    name: 'one of each',
    files: {},
    options: {
      parts: [
        { kind: 'conv', out: 5, kernel: 3, stride: 2, padding: 0, bias: false },
        { kind: 'normRelu' },
        { kind: 'residual', kernel: 2, isNormed: true },
        { kind: 'pool', kernel: 2, stride: 1, padding: 0 },
        { kind: 'dropout', rate: 0.25 },
        { kind: 'norm' },
        { kind: 'swish' },
      ],
      count: 3,
      image: [9, 8],
      classes: 2,
      seed: 2,
      form: 'winograd',
      without: [],
    },
  },
];

function change(random) {
  const part = () => ({
    kind: random.pick(Object.keys(append)),
    out: 1 + random.small(70),
    kernel: 1 + random.small(random.oneIn(4) ? 20 : 3),
    stride: 1 + random.below(2),
    padding: random.small(4),
    bias: random.oneIn(2),
    isNormed: random.oneIn(2),
    rate: random.pick([0.1, 0.5, 0.9]),
  });
  return {
    files: {},
    options: {
      parts: Array.from({ length: 1 + random.below(5) }, part),
      count: 1 + random.small(6),
      image: [1 + random.small(24), 1 + random.small(24)],
      classes: 1 + random.small(40),
      seed: random.next(),
      form: random.pick(['winograd', 'direct']),
      without: random.oneIn(2) ? [] : patterns.filter(() => random.oneIn(3)),
    },
  };
}

const uniform = (random, length, bound) =>
  Float32Array.from({ length }, () => (2 * (random.next() / 2 ** 32) - 1) * bound);

/** Loss and gradients, by name. */
async function gradientsOf(model, { count, image, seed, without, factor = 1 }, { form, threads }) {
  const engine = form !== 'plain' ? new NativeEngine(libraryPath()) : new StandardEngine();
  try {
    const shape = { count, image };
    const { bytes, dropoutMasks } = gradientGraph(model, shape, form, new Set(without));
    await engine.add('model', bytes, { threads });
    const kept = form !== 'plain' ? parametersKeptLast(model, shape) : new Set();
    for (const { name, data, shape: own } of initialParameters(model.parameters, SEED)) {
      const values = new Float32Array(data);
      if (kept.has(name)) toLast(data, own, values);
      engine.write(name, { data: values, shape: kept.has(name) ? shapeLast(own) : own });
    }
    const random = new Random(`layers ${seed}`);
    const labels = uniform(random, count * model.classes, 1).map(Math.abs);
    const inputs = {
      images: {
        data: uniform(random, count * 3 * image[0] * image[1], 1.7).map((value) => value * factor),
        shape: [count, 3, ...image],
      },
      labels: { data: labels, shape: [count, model.classes] },
      ...drawDropoutMasks(dropoutMasks, { seed: SEED, step: STEP, progress: 1 }),
      ...(form !== 'plain' ? randomInput(SEED, STEP) : {}),
    };
    const names = model.parameters.filter(({ trained }) => trained).map(({ name }) => name);
    const outputs = ['loss', ...['images', ...names].map(gradientName)];
    return await engine.run({ model: 'model', inputs, outputs });
  } finally {
    await engine.close();
  }
}

const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

const distance = (one, other) => norm(one.data.map((value, i) => value - other.data[i]));

/** What of the native results is not near the plain ones. */
function apart(native, plain) {
  const largest = Math.max(...Object.values(plain).map(({ data }) => norm(data)));
  return Object.keys(plain).filter((name) => {
    const miss = distance(native[name], plain[name]);
    return !(miss <= 2e-3 * norm(plain[name].data) + 1e-5 * largest);
  });
}

/**
 * Of these names, those that are further apart than what the plain results change by where the images change by a rounding:
 * a bias before a normalisation has no gradient but rounding, and few numbers may be normalised to anything.
 */
function apartForGood(names, native, plain, nudged) {
  return names.filter(
    (name) => !(distance(native[name], plain[name]) <= 50 * distance(nudged[name], plain[name])),
  );
}

async function run(folder, options) {
  const made = await outcomeOf((async () => modelOf(options))());
  if (made.refused) return made;
  const outcome = await outcomeOf((async () => gradientGraph(made.result, options, 'plain'))());
  if (outcome.refused) return outcome;
  let wrong;
  // A ReLU whose input is as good as zero passes all or nothing by chance: that does not happen twice.
  for (const seed of [options.seed, options.seed + 1, options.seed + 2]) {
    const given = { ...options, seed };
    const native = await gradientsOf(made.result, given, { form: options.form, threads: 1 });
    // Sums of ONNX Runtime's own depend on the number of threads.
    if (options.without.length === 0) {
      const several = await gradientsOf(made.result, given, { form: options.form, threads: 3 });
      for (const name of Object.keys(native))
        must(
          Buffer.from(native[name].data.buffer).equals(Buffer.from(several[name].data.buffer)),
          `${name} has other bits with three threads`,
        );
    }
    const plain = await gradientsOf(made.result, given, { form: 'plain', threads: 1 });
    // Where nothing of the images is seen all gradients but the last are roundings.
    if (norm(plain[gradientName('images')].data) === 0) return {};
    wrong = apart(native, plain);
    if (wrong.length > 0) {
      const nudged = await gradientsOf(
        made.result,
        { ...given, factor: 1 + 2 ** -22 },
        { form: 'plain', threads: 1 },
      );
      wrong = apartForGood(wrong, native, plain, nudged);
    }
    if (wrong.length === 0) return {};
  }
  must(false, `${wrong.join(', ')} of the native engine is not that of the plain graph`);
  return {};
}

export const layersKind = { seeds, change, run };
