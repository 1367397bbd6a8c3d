/** Policies in batches, in an augmentation run and in training: before crop and flip, the same everywhere. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { applyImageOperation, augment, type ImageBatch, openDataset } from '../../src';
import { type AugmentationDraws, augmentHere, ofMasks } from '../../src/data/augmentation';
import { batches } from '../../src/data/batches';
import { drawCropFlips } from '../../src/data/crop-flip';
import { hostInput } from '../../src/native/batch-input';
import { cropFlip } from '../../src/native/crop-flip';
import { chosenPolicy, policyOf, policyOptions } from '../../src/operations/policies/index';
import { type DrawnOperation, operationSteps } from '../../src/operations/plan';
import { mixerOptions } from '../../src/mix/options';
import { defaultsOf, parse } from '../../src/option';
import { Purpose, Stream } from '../../src/rng';
import { drawSamples } from '../../src/train/run-report';
import { noise, sourceOf, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
const SIDE = 24;
const LENGTH = SIDE * SIDE * 3;

const source = sourceOf(10, async (index) =>
  index === 4 ? new Uint8Array(1) : { pixels: noise(SIDE, SIDE, index), height: SIDE, width: SIDE },
);
const plan = { batch: 4, size: SIDE, seed: 6, epoch: 3, onBad: 'skip' } as const;

const augments = [
  { autoaugment: { policy: 'imagenet' } },
  { autoaugment: { policy: 'cifar10', convention: 'official' } },
  { randaugment: { operations: 3 } },
  { trivialaugment: true },
] as const;

/** One image after operations; Cutout is written out here. */
async function applied(
  image: ImageBatch,
  operations: DrawnOperation[],
  fill: readonly [number, number, number],
): Promise<ImageBatch> {
  let shown = image;
  for (const { operation, magnitude, at: [row, column] = [0, 0] } of operations) {
    if (operation !== 'Cutout') {
      shown = await applyImageOperation(shown, operation, magnitude, { fill });
      continue;
    }
    const inside = (at: number, middle: number) =>
      at >= middle - magnitude / 2 && at < middle + magnitude / 2;
    const data = shown.data.map((v, i) => {
      const [y, x] = [Math.floor(i / 3 / SIDE), Math.floor(i / 3) % SIDE];
      return inside(y, row) && inside(x, column) ? fill[i % 3] : v;
    });
    shown = { data, shape: shown.shape };
  }
  return shown;
}

test.each(augments)('%j: each image has the operations of its slot, then crop and flip', async (policy) => {
  const plain: ImageBatch[] = [];
  for await (const { images } of batches({ source }, plan)) plain.push(images);
  const cropped = { crop: 3, flip: true };
  const drawer = policyOf(chosenPolicy(parse(policyOptions, policy, 'policy')), [SIDE, SIDE])!;
  let seen = 0;
  for await (const { batch, images, slots } of batches(
    { source },
    { ...plan, augment: { ...policy, ...cropped } },
  )) {
    const at = { epoch: 3, batch };
    const draws = drawCropFlips(cropped, 6, at, slots.count);
    for (const [i, sample] of slots.of.entries()) {
      const pixels = plain[batch].data.slice(i * LENGTH, (i + 1) * LENGTH);
      const stream = new Stream(6, Purpose.operations, { ...at, sample });
      const one: ImageBatch = { data: pixels, shape: [1, SIDE, SIDE, 3] };
      const changed = await applied(one, drawer.draw(stream), drawer.fill);
      const shown = new Uint8Array(LENGTH);
      await cropFlip(hostInput(changed), draws.slice(3 * sample, 3 * sample + 3), { images: shown });
      const last = drawer.drawLast?.(stream) ?? [];
      const { data: expected } = await applied({ ...one, data: shown }, last, drawer.fill);
      expect(Buffer.compare(images.data.subarray(i * LENGTH, (i + 1) * LENGTH), expected)).toBe(0);
      seen++;
    }
  }
  expect(seen).toBe(9);
});

test('what is not the numbers of RandAugment is shown as it was given', () => {
  const given = (randaugment: unknown) => () => parse(policyOptions, { randaugment }, 'policy');
  expect(given('operations=2')).toThrow(/such as 2,9 or 2,9,31 for randaugment.* received "operations=2"/);
  expect(given('2,9,31,4')).toThrow(/received "2,9,31,4"/);
  expect(given('2,40')).toThrow(/a level below bins \(31\)/);
});

test('two policies at once are refused before anything is read', async () => {
  const both = { augment: { trivialaugment: true, randaugment: {} } };
  await expect(batches({ source }, both).next()).rejects.toThrow(/at most one policy/);
  const out = path.join(folder, 'both');
  await expect(augment({ data: 'demo', out, trivialaugment: true, randaugment: {} })).rejects.toThrow(
    /at most one policy/,
  );
});

test('an augmentation run writes what batches give, and shows it in its preview', async () => {
  const data = { path: 'demo', demo: { count: 12, size: 32 } } as const;
  const mixer = { method: 'none', seed: 5 } as const;
  const run = { data, mixer, batch: 5, copies: 2, autoaugment: 'cifar10/official' as const };
  const out = path.join(folder, 'run');
  const { settings } = await augment({ ...run, out });
  expect(settings.augment).toEqual({ autoaugment: { policy: 'cifar10', convention: 'official' } });
  const lines = readFileSync(path.join(out, 'labels.jsonl'), 'utf8').trim().split('\n');
  const files = lines.map((line) => (JSON.parse(line) as { file: string }).file);
  expect(files).toHaveLength(24);
  const dataset = await openDataset(data);
  const expected: Uint8Array[] = [];
  const augmented = { autoaugment: { policy: 'cifar10', convention: 'official' } } as const;
  for (const epoch of [0, 1]) {
    for await (const { images } of dataset.batches({ batch: 5, seed: 5, epoch, augment: augmented }))
      for (let i = 0; i < images.shape[0]; i++) expected.push(images.data.slice(i * 3072, (i + 1) * 3072));
  }
  const written = await Promise.all(files.map((file) => sharp(path.join(out, file)).raw().toBuffer()));
  expect(written.map((pixels, i) => Buffer.compare(pixels, expected[i]))).toEqual(files.map(() => 0));
  await dataset.close();

  const without = path.join(folder, 'without');
  await augment({ ...run, out: without, autoaugment: undefined });
  const preview = (of: string) => readFileSync(path.join(of, 'preview.png'));
  expect(preview(out).equals(preview(without))).toBe(false);
  await expect(augment({ ...run, out, autoaugment: undefined, mode: 'resume' })).rejects.toThrow(
    /other settings: augment\.autoaugment\.policy was "cifar10"/,
  );
});

test('the samples of a training report are those that are trained on', async () => {
  const dataset = await openDataset({ path: 'demo', demo: { count: 8, size: 32 } });
  const settings = (augmentation: object) =>
    ({
      size: [32, 32],
      batch: 8,
      seed: 1,
      augment: { crop: 0, flip: false, ...augmentation },
      mixer: { ...defaultsOf(mixerOptions), method: 'none' },
      classes: dataset.classes,
    }) as unknown as Parameters<typeof drawSamples>[1];
  const [plain, changed, again] = await Promise.all(
    [{}, { trivialaugment: true }, { trivialaugment: true }].map((one) =>
      drawSamples(dataset, settings(one)),
    ),
  );
  expect(Buffer.compare(plain!, changed!)).not.toBe(0);
  expect(Buffer.compare(changed!, again!)).toBe(0);
  await dataset.close();
});

test('a mask moves as its image does, is hidden by Cutout, and keeps its values', async () => {
  const shape = [2, 9, 11, 1] as const;
  const mask = Uint8Array.from({ length: 2 * 9 * 11 }, (_, i) => Number((i * 7) % 11 < 5));
  const white = mask.map((value) => 255 * value);
  const moves = [
    { operation: 'ShearX', magnitude: 0.3 },
    { operation: 'Rotate', magnitude: 40 },
    { operation: 'Cutout', magnitude: 4, at: [3, 6] },
  ] as const;
  const values = [
    { operation: 'Invert', magnitude: 0 },
    { operation: 'Equalize', magnitude: 0 },
  ] as const;
  const apply = async (data: Uint8Array, draws: AugmentationDraws) =>
    augmentHere({ data, shape }, draws, () => new Uint8Array(data.length), undefined);
  const gray = [77, 77, 77] as const;
  const all = [values[0], moves[0], values[1], moves[1], moves[2]];
  const cropFlips = Int32Array.of(1, -2, 1, 0, 3, 0);
  const drawn = { operations: operationSteps([all, [values[0]]], gray), cropFlips };
  const wanted = { operations: operationSteps([moves, []], [0, 0, 0]), cropFlips };
  const found = await apply(mask, ofMasks(drawn));
  expect(found.map((value) => 255 * value)).toEqual(await apply(white, wanted));
  expect(new Set(found)).toEqual(new Set([0, 1]));
});
