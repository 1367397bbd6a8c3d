/** DropBlock: the share that is dropped, what is left, and that it rises over a run. */
import {
  createModel,
  defineModel,
  layers,
  type ModelOptions,
  Trainer,
  type TrainerOptions,
} from '../../src/train';
import { Graph } from '../../src/graph/graph';
import { backward } from '../../src/graph/backward';
import { dropBlocks } from '../../src/graph/composites';
import * as ops from '../../src/graph/ops';
import { Net } from '../../src/models/net';
import { dropBlock, dropBlockRates, seedRate } from '../../src/models/drop-block';
import { drawDropoutMasks } from '../../src/train/dropout-masks';
import { compile } from '../graph/run';
import { batchOf, closing, symmetric } from './fixtures';

test('the last stage has the share, the one before a quarter, the others none', () => {
  expect(dropBlockRates(4, 0.1)).toEqual([0, 0, 0.025, 0.1]);
  expect(dropBlockRates(1, 0.1)).toEqual([0.1]);
  // γ of TensorFlow's code for 14² and 7², squares of 7.
  expect(seedRate(0.1, [14, 14], [7, 7])).toBeCloseTo((0.1 * 14 ** 2) / (7 ** 2 * 8 ** 2), 12);
  expect(seedRate(0.1, [7, 7], [7, 7])).toBeCloseTo(0.1, 12);
});

test('squares are left out after each norm of the last two stages, and on all of their shortcuts', () => {
  const places = (block: 'basic' | 'bottleneck') => {
    const net = new Net(new Graph(), 'train');
    const model = createModel('resnet', {
      classes: 2,
      block,
      layers: [1, 1, 2],
      width: 4,
      stem: 'cifar',
      dropBlock: 0.1,
    });
    model.build(net, net.graph.input('images', [2, 3, 16, 16]));
    return net.dropoutMasks.map(({ name }) => /^dropout\/(.*)\.block$/.exec(name)?.[1]);
  };
  const parts = (names: string[]) =>
    ['layer2.0', 'layer3.0', 'layer3.1'].flatMap((one) => names.map((part) => `${one}.${part}`));
  expect(places('basic')).toEqual(parts(['1', '2', 'shortcut']));
  expect(places('bottleneck')).toEqual(parts(['1', '2', '3', 'shortcut']));
});

/** x, and its gradient, without the squares that are drawn for a step. */
async function dropped(shape: readonly number[], block: readonly [number, number], seeds: Uint8Array) {
  const [n, channels, height, width] = shape;
  const graph = new Graph();
  const x = graph.input('x', shape);
  const kept = graph.input(
    'kept',
    [
      n,
      seeds.length / (n * (height - block[0] + 1) * (width - block[1] + 1)),
      height - block[0] + 1,
      width - block[1] + 1,
    ],
    'bool',
  );
  const y = dropBlocks(x, kept, block);
  graph.output('y', y);
  const v = graph.input('v', shape);
  graph.output('dx', backward(ops.reduceSum(ops.mul(y, v), [0, 1, 2, 3], false), [x])[0]);
  const size = n * channels * height * width;
  const data = symmetric('x', size, 1).map((value) => value + 2);
  const slopes = symmetric('v', size, 1);
  const run = await compile(graph);
  const { y: left, dx } = await run({
    x: { data, shape },
    v: { data: slopes, shape },
    kept: { data: seeds, shape: kept.shape },
  });
  return { data, slopes, y: left, dx };
}

/** Which values squares cover, by the definition. */
function covered(
  [n, channels, height, width]: readonly number[],
  [rows, cols]: readonly [number, number],
  kept: Uint8Array,
) {
  const [down, across] = [height - rows + 1, width - cols + 1];
  const shared = kept.length === n * down * across && channels > 1;
  const found = new Uint8Array(n * channels * height * width);
  for (let plane = 0; plane < n * channels; plane++) {
    const own = shared ? Math.floor(plane / channels) : plane;
    for (let i = 0; i < down; i++)
      for (let j = 0; j < across; j++) {
        if (kept[(own * down + i) * across + j] === 1) continue;
        for (let y = i; y < i + rows; y++)
          found.fill(1, (plane * height + y) * width + j, (plane * height + y) * width + j + cols);
      }
  }
  return found;
}

const shapes: [string, number[], [number, number], number][] = [
  ['squares in a map', [2, 3, 9, 8], [3, 3], 3],
  ['all channels alike', [3, 4, 6, 7], [2, 2], 1],
  ['no squares', [2, 2, 5, 9], [3, 4], 2],
  ['the whole map', [4, 5, 4, 4], [4, 4], 5],
];
test.each(shapes)(
  '%s: what is left is divided by its share, and so is its gradient',
  async (_, shape, block, channels) => {
    const [n, , height, width] = shape;
    const number = {
      name: 'kept',
      shape: [n, channels, height - block[0] + 1, width - block[1] + 1],
      number: 0,
    };
    const masks = drawDropoutMasks([{ ...number, rate: 0.15, rises: true }], {
      seed: 3,
      step: 1,
      progress: 1,
    });
    const seeds = masks.kept.data as Uint8Array;
    const out = covered(shape, block, seeds);
    const gone = out.reduce((sum, one) => sum + one, 0);
    expect([gone > 0, gone < out.length]).toEqual([true, true]);
    // The masks of shared channels count once: their share is the same.
    const scale = out.length / (out.length - gone);
    const { data, slopes, y, dx } = await dropped(shape, block, seeds);
    out.forEach((one, i) => {
      expect(Math.abs(y[i] - (one === 1 ? 0 : data[i] * scale))).toBeLessThan(2e-6 * scale);
      expect(Math.abs(dx[i] - (one === 1 ? 0 : slopes[i] * scale))).toBeLessThan(2e-6 * scale);
    });
  },
);

test('where nothing is left, nothing is divided', async () => {
  const { y, dx } = await dropped([1, 1, 3, 3], [3, 3], Uint8Array.of(0));
  expect([...y, ...dx].every((value) => value === 0)).toBe(true);
});

test.each([
  [14, 7, 1],
  [14, 7, 0.3],
  [8, 3, 1],
])(
  'of %i² maps with squares of %i the share that the chances give, at %f of the run',
  async (side, size, progress) => {
    const corners = side - size + 1;
    const chance = seedRate(0.1, [side, side], [size, size]) * progress;
    const shape = [512, 512, corners, corners];
    const { kept } = drawDropoutMasks(
      [{ name: 'kept', shape, number: 2, rate: chance / progress, rises: true }],
      { seed: 1, step: 0, progress },
    );
    const out = covered([512, 512, side, side], [size, size], kept.data as Uint8Array);
    const found = out.reduce((sum, one) => sum + one, 0) / out.length;
    // Squares that cover a pixel: so many corners are above and beside it.
    const corner = (at: number) => Math.min(at, corners - 1) - Math.max(0, at - size + 1) + 1;
    let wanted = 0;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) wanted += (1 - (1 - chance) ** (corner(y) * corner(x))) / side ** 2;
    expect(wanted).toBeLessThan(0.1 * progress);
    expect(Math.abs(found / wanted - 1)).toBeLessThan(0.01 / progress);
  },
);

const [COUNT, SIDE, CLASSES] = [4, 16, 3];
const batch = (step: number) => batchOf(step, { count: COUNT, side: SIDE, classes: CLASSES });
async function lossesOf(
  model: ReturnType<typeof createModel>,
  more: Partial<TrainerOptions>,
  progress?: number,
) {
  const options = {
    batch: COUNT,
    image: [SIDE, SIDE],
    threads: 1,
    seed: 7,
    optimizer: { name: 'sgd' },
  } as const;
  const trainer = closing(await Trainer.create(model, { ...options, ...more }));
  const losses = [];
  for (let step = 0; step < 6; step++)
    losses.push((await trainer.step({ ...batch(step), learningRate: 0.01, progress })).loss);
  return { losses, logits: await trainer.predict(batch(9).images), trainer };
}

test.each([
  ['basic', false],
  ['bottleneck', true],
] as const)(
  '%s blocks, shared channels %s: both engines learn the same, from nothing at the beginning',
  async (block, shared) => {
    const shape: ModelOptions = { classes: CLASSES, block, layers: [1, 1, 1], width: 4, stem: 'cifar' };
    const model = createModel('resnet', {
      ...shape,
      dropBlock: 0.5,
      dropBlockSize: 3,
      dropBlockSharedChannels: shared,
    });
    const direct = { engine: 'native', convolution: 'direct' } as const;
    const native = await lossesOf(model, direct);
    const standard = await lossesOf(model, { engine: 'standard' });
    native.losses.forEach((loss, i) => expect(Math.abs(loss / standard.losses[i] - 1)).toBeLessThan(1e-4));
    const without = await lossesOf(createModel('resnet', shape), direct);
    const begun = await lossesOf(model, direct, 0);
    expect(native.losses).not.toEqual(without.losses);
    // All is left and divided by 1.
    begun.losses.forEach((loss, i) => expect(Math.abs(loss / without.losses[i] - 1)).toBeLessThan(1e-5));
  },
);

test('a block that is larger than the map is the map, as in TensorFlow’s code', async () => {
  // 16 × 16 and 8 × 8 pixels in the last two stages.
  const learned = (dropBlockSize: number) =>
    lossesOf(
      createModel('resnet', {
        classes: CLASSES,
        block: 'basic',
        layers: [1, 1],
        width: 4,
        stem: 'cifar',
        dropBlock: 0.5,
        dropBlockSize,
      }),
      { engine: 'native' },
    );
  const [most, more, less] = [await learned(4096), await learned(SIDE), await learned(2)];
  expect(most.losses).toEqual(more.losses);
  expect(most.losses).not.toEqual(less.losses);
});

test('evaluation is the identity, and what cannot be is refused', async () => {
  const build = (rate: number) =>
    defineModel({
      name: 'dropped',
      classes: CLASSES,
      build: (net, images) =>
        layers.linear(
          net,
          'fc',
          layers.globalAveragePool(
            dropBlock(net, 'drop', images, rate, { dropBlockSize: 5, dropBlockSharedChannels: false }),
          ),
          CLASSES,
        ),
    });
  const options = {
    batch: COUNT,
    image: [SIDE, SIDE],
    threads: 1,
    seed: 7,
    optimizer: { name: 'sgd' },
  } as const;
  const [dropping, plain] = await Promise.all(
    [0.4, 0].map(async (rate) => closing(await Trainer.create(build(rate), options))),
  );
  const { images } = batch(0);
  expect(await dropping.predict(images)).toEqual(await plain.predict(images));
  for (const more of [{ dropBlock: 1 }, { dropBlockSize: 0 }, { dropBlockSharedChannels: 1 }])
    expect(() => createModel('resnet18', { classes: 2, ...(more as object) })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT' }),
    );
  expect(() => createModel('wrn', { classes: 2, dropBlock: 0.1 })).toThrow(/dropBlock/);
  await expect(dropping.step({ ...batch(0), learningRate: 0.1, progress: 1.5 })).rejects.toMatchObject({
    code: 'ARGUMENT',
  });
});
