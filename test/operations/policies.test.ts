/** What policies draw: their tables, their magnitudes, and how often each thing comes. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ImageOperation } from '../../src';
import {
  officialMagnitude,
  torchvisionMagnitude,
  usualLimits,
  wideLimits,
} from '../../src/operations/policies/magnitudes';
import { official } from '../../src/operations/policies/official';
import type { SubPolicy } from '../../src/operations/policies/sub-policies';
import { cifar10, imagenet, svhn } from '../../src/operations/policies/torchvision';
import { chosenPolicy, drawOperations, policyOf, policyOptions } from '../../src/operations/policies/index';
import type { DrawnOperation } from '../../src/operations/plan';
import { parse } from '../../src/option';
import { Purpose, Stream } from '../../src/rng';

interface Golden {
  cases: {
    image: string;
    op: ImageOperation;
    level: number | null;
    sign: number | null;
    magnitude: number;
  }[];
  policies: Record<string, [string, number, number | null][][]>;
}
const read = (...path: string[]): unknown =>
  JSON.parse(readFileSync(resolve(__dirname, '..', 'golden', ...path), 'utf8'));
const golden = read('autoaugment', 'index.json') as Golden;
const { images } = read('saliency', 'synthetic', 'index.json') as {
  images: { id: string; height: number; width: number }[];
};

const choose = (options: Record<string, unknown>) =>
  chosenPolicy(parse(policyOptions, options, 'policy options'));

const DRAWS = 100_000;
const SIZE = [32, 40] as const;

/** What a policy draws for so many images. */
function drawn(options: Record<string, unknown>): DrawnOperation[][] {
  const policy = policyOf(choose(options), SIZE)!;
  const stream = new Stream(7, Purpose.operations, { epoch: 1, batch: 2, sample: 0 });
  return Array.from({ length: DRAWS }, (_, sample) => policy.draw(stream.moveTo(Purpose.operations, sample)));
}

/** Within five standard deviations of what so many draws with a chance give. */
function expectShare(count: number, chance: number, draws = DRAWS): void {
  const deviation = Math.sqrt(draws * chance * (1 - chance));
  expect(Math.abs(count - draws * chance)).toBeLessThanOrEqual(5 * deviation);
}

const countOf = (all: DrawnOperation[][], is: (one: DrawnOperation) => boolean) =>
  all.reduce((sum, one) => sum + one.filter(is).length, 0);

test('torchvision’s magnitudes, level by level', () => {
  const sizes = new Map(images.map(({ id, height, width }) => [id, [height, width] as const]));
  for (const { image, op, level, sign, magnitude } of golden.cases) {
    const found = torchvisionMagnitude(op, usualLimits(sizes.get(image)!), 10, level ?? 0);
    expect([op, level, found.magnitude * (sign ?? 1)]).toEqual([op, level, magnitude]);
    expect(found.signed).toBe(sign !== null);
  }
});

test('torchvision’s sub-policies', () => {
  const form = (some: readonly SubPolicy[]) =>
    some.map((pair) => pair.map(({ operation, probability, level }) => [operation, probability, level]));
  const expected = (name: string) =>
    golden.policies[name].map((pair) => pair.map(([op, p, level]) => [op, p, level ?? 0]));
  expect(form(cifar10)).toEqual(expected('cifar10'));
  expect(form(imagenet)).toEqual(expected('imagenet'));
  expect(form(svhn)).toEqual(expected('svhn'));
});

test('the authors’ 95 sub-policies and their magnitudes', () => {
  expect(official).toHaveLength(95);
  expect(official.flat().every(({ probability: p, level }) => p >= 0 && p <= 0.9 && level <= 9)).toBe(true);
  expect(official.flat().filter(({ operation }) => operation === 'Cutout')).toHaveLength(3);
  const levels = Array.from({ length: 10 }, (_, level) => level);
  const of = (name: DrawnOperation['operation']) => levels.map((m) => officialMagnitude(name, m).magnitude);
  expect(of('Posterize')).toEqual([4, 4, 4, 3, 3, 2, 2, 2, 1, 1]);
  expect(of('Solarize')).toEqual([256, 231, 205, 180, 154, 128, 103, 77, 52, 26]);
  expect(of('Rotate')).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
  expect(of('TranslateX')).toEqual(levels);
  expect(of('Cutout')).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  of('ShearY').forEach((magnitude, m) => expect(magnitude).toBeCloseTo(0.03 * m, 12));
  of('Color').forEach((magnitude, m) => expect(1 + magnitude).toBeCloseTo(0.1 + 0.18 * m, 12));
  expect(officialMagnitude('Color', 3).signed).toBe(false);
});

test.each([
  ['torchvision', 'cifar10', cifar10],
  ['torchvision', 'imagenet', imagenet],
  ['torchvision', 'svhn', svhn],
  ['official', 'cifar10', official],
] as const)(
  'autoaugment, %s, %s: every operation as often as the table says',
  (convention, policy, table) => {
    const all = drawn({ autoaugment: { policy, convention } });
    const names = new Set(table.flat().map(({ operation }) => operation));
    for (const name of names) {
      const steps = table.flat().filter(({ operation }) => operation === name);
      const each = steps.reduce((sum, { probability }) => sum + probability, 0) / table.length;
      // It may come in two places.
      expectShare(countOf(all, ({ operation }) => operation === name) / 2, each / 2);
    }
    expect(countOf(all, ({ operation }) => !names.has(operation))).toBe(0);
  },
);

test('what has probability 0 never comes', () => {
  const never = (options: Record<string, unknown>, operation: string, magnitude: number) =>
    expect(
      countOf(drawn(options), (one) => one.operation === operation && Math.abs(one.magnitude) === magnitude),
    ).toBe(0);
  const { magnitude } = torchvisionMagnitude('TranslateY', usualLimits(SIZE), 10, 2);
  never({ autoaugment: 'svhn' }, 'TranslateY', magnitude);
  // Those of the authors that come at these levels nowhere else.
  never({ autoaugment: 'cifar10/official' }, 'Brightness', Math.abs(0.1 - 1));
  never({ autoaugment: 'cifar10/official' }, 'Posterize', 3);
  never({ autoaugment: 'cifar10/official' }, 'ShearX', (3 * 0.3) / 10);
});

test('signs are even, and only of operations that have one', () => {
  const all = drawn({ autoaugment: 'imagenet' }).flat();
  const rotations = all.filter(({ operation }) => operation === 'Rotate');
  expectShare(rotations.filter(({ magnitude }) => magnitude < 0).length, 0.5, rotations.length);
  expect(all.some(({ operation, magnitude }) => operation === 'Solarize' && magnitude < 0)).toBe(false);
});

test('the authors end with Cutout of 16 pixels on every image', () => {
  const policy = policyOf(choose({ autoaugment: 'cifar10/official' }), SIZE)!;
  const { operations, last } = drawOperations(policy, 3, { epoch: 0, batch: 0 }, 500);
  expect(Array.from(last!.magnitudes)).toEqual(Array.from({ length: 500 }, () => 16));
  const places = Array.from(last!.steps).filter((_, i) => i % 3 === 2);
  expect([Math.min(...places), Math.max(...places)]).toEqual([0, 39]);
  expect(Array.from(last!.fill)).toEqual([125, 123, 114]);
  expect(Array.from(operations.fill)).toEqual([125, 123, 114]);
  const torchvision = policyOf(choose({ autoaugment: 'cifar10' }), SIZE)!;
  expect(drawOperations(torchvision, 3, { epoch: 0, batch: 0 }, 5).last).toBeUndefined();
});

test('the authors’ Cutout has a place anywhere in the image', () => {
  const places = drawn({ autoaugment: { policy: 'cifar10', convention: 'official' } })
    .flat()
    .filter(({ operation }) => operation === 'Cutout')
    .map(({ at }) => at!);
  const [rows, columns] = [0, 1].map((axis) => new Set(places.map((at) => at[axis])));
  expect([Math.min(...rows), Math.max(...rows), rows.size]).toEqual([0, 31, 32]);
  expect([Math.min(...columns), Math.max(...columns), columns.size]).toEqual([0, 39, 40]);
});

test('randaugment: as many operations as asked for, all but Invert equally often, at one level', () => {
  const all = drawn({ randaugment: { operations: 3, magnitude: 5, bins: 11 } });
  expect(all.every(({ length }) => length === 3)).toBe(true);
  const names = new Set(all.flat().map(({ operation }) => operation));
  expect(names.size).toBe(14);
  expect(names.has('Invert')).toBe(false);
  for (const name of names) {
    const found = all.flat().filter(({ operation }) => operation === name);
    expectShare(found.length, 1 / 14, 3 * DRAWS);
    const sizes = new Set(found.map(({ magnitude }) => Math.abs(magnitude)));
    expect(sizes.size).toBe(1);
  }
  const rotated = all.flat().find(({ operation }) => operation === 'Rotate')!;
  expect(Math.abs(rotated.magnitude)).toBe(15);
  expect(choose({ randaugment: {} })).toEqual({ randaugment: { operations: 2, magnitude: 9, bins: 31 } });
  expect(choose({ randaugment: '3,5' })).toEqual({ randaugment: { operations: 3, magnitude: 5, bins: 31 } });
});

test('trivialaugment: one operation of all but Invert, every level equally often', () => {
  const all = drawn({ trivialaugment: true });
  expect(all.every(({ length }) => length === 1)).toBe(true);
  const of = (name: string) => all.flat().filter(({ operation }) => operation === name);
  const most = (name: string) => Math.max(...of(name).map(({ magnitude }) => Math.abs(magnitude)));
  for (const name of ['Identity', 'ShearX', 'Posterize', 'Equalize']) expectShare(of(name).length, 1 / 14);
  expect(of('Invert')).toEqual([]);
  expect([most('ShearX'), most('Color')]).toEqual([Math.fround(0.99), Math.fround(0.99)]);
  expect([most('TranslateX'), most('TranslateY'), most('Rotate'), most('Solarize')]).toEqual([
    32, 32, 135, 255,
  ]);
  expect(new Set(of('Posterize').map(({ magnitude }) => magnitude))).toEqual(new Set([8, 7, 6, 5, 4, 3, 2]));
  const solarized = of('Solarize').map(({ magnitude }) => magnitude);
  expect(new Set(solarized).size).toBe(31);
  for (const level of new Set(solarized)) {
    expectShare(solarized.filter((magnitude) => magnitude === level).length, 1 / 31, solarized.length);
  }
  expect(torchvisionMagnitude('Posterize', wideLimits, 31, 30).magnitude).toBe(2);
});

test('a slot has its draws whatever the size of the batch, and batches and epochs differ', () => {
  const policy = policyOf(choose({ randaugment: {} }), SIZE)!;
  const draw = (epoch: number, batch: number, count: number) =>
    Array.from(drawOperations(policy, 3, { epoch, batch }, count).operations.steps).join();
  expect(draw(0, 0, 9).startsWith(`${draw(0, 0, 4)},`)).toBe(true);
  expect(new Set([draw(0, 0, 4), draw(1, 0, 4), draw(0, 1, 4)]).size).toBe(3);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'the authors’ policy for other data',
    { autoaugment: { policy: 'svhn', convention: 'official' } },
    /autoaugment\.policy but received "svhn"/,
  ],
  ['a wrong policy', { autoaugment: 'cifar' }, /autoaugment\.policy but received "cifar".*mean "cifar10"/],
  ['no policy', { autoaugment: {} }, /autoaugment\.policy but received undefined/],
  [
    'two policies',
    { autoaugment: 'svhn', trivialaugment: true },
    /at most one policy .* autoaugment and triv/,
  ],
  [
    'a level beyond the last',
    { randaugment: { magnitude: 31 } },
    /level below bins \(31\) for randaugment\.mag/,
  ],
  ['no numbers', { randaugment: 'many' }, /such as 2,9 or 2,9,31 for randaugment but received "many"/],
  ['too few levels', { randaugment: { bins: 1 } }, /randaugment\.bins but received 1/],
])('refuses %s', (_, options, message) => {
  expect(() => choose(options)).toThrow(message);
});
