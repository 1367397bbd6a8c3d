/** What the tests of training share: numbers from a counter, small models, trainers that are closed afterwards. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sizeOf } from '../../src/graph/graph';
import { createModel, type Model, Trainer, type TrainerOptions, type TrainingBatch } from '../../src/train';

/** Low 64 bits of products of 64-bit numbers, each as two halves of 32 bits; both results are left in `product`. */
const product = new Uint32Array(2);
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const [a0, a1, b0, b1] = [aLow & 0xffff, aLow >>> 16, bLow & 0xffff, bLow >>> 16];
  const lowest = Math.imul(a0, b0) >>> 0;
  const middle = a0 * b1 + (lowest >>> 16);
  const other = a1 * b0 + (middle & 0xffff);
  product[1] = (other << 16) | (lowest & 0xffff);
  product[0] =
    a1 * b1 +
    Math.floor(middle / 0x10000) +
    Math.floor(other / 0x10000) +
    (Math.imul(aHigh, bLow) >>> 0) +
    (Math.imul(aLow, bHigh) >>> 0);
}

/** FNV-1a of a text, 64 bits as high and low half. */
function hashOf(text: string): [number, number] {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of Buffer.from(text)) {
    multiply(high, (low ^ byte) >>> 0, 0x100, 0x1b3);
    [high, low] = product;
  }
  return [high, low];
}

/** u(name)[0 … count − 1] as golden/README.md defines it: multiples of 2^-24 in [0, 1). */
export function uniform(name: string, count: number): Float32Array {
  let [high, low] = hashOf(name);
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    low += 0x7f4a7c15;
    high = (high + 0x9e3779b9 + (low > 0xffffffff ? 1 : 0)) >>> 0;
    low >>>= 0;
    multiply(
      (high ^ (high >>> 30)) >>> 0,
      (low ^ ((low >>> 30) | (high << 2))) >>> 0,
      0xbf58476d,
      0x1ce4e5b9,
    );
    const [h, l] = [product[0], product[1]];
    multiply((h ^ (h >>> 27)) >>> 0, (l ^ ((l >>> 27) | (h << 5))) >>> 0, 0x94d049bb, 0x133111eb);
    // The last step of the finaliser (z ^ z >> 31) does not reach the upper 24 bits.
    numbers[i] = (product[0] >>> 8) / 0x1000000;
  }
  return numbers;
}

/** (2u − 1)·bound */
export const symmetric = (name: string, count: number, bound: number): Float32Array =>
  uniform(name, count).map((u) => (2 * u - 1) * bound);

export interface BatchShape {
  count: number;
  side: number;
  classes: number;
}

/** Images, and labels of two classes each with weights λ and 1 − λ. */
export function batchOf(step: number | string, { count, side, classes }: BatchShape): TrainingBatch {
  const labels = new Float64Array(count * classes);
  const [a, b, share] = ['label_a', 'label_b', 'lambda'].map((name) => uniform(`${name}/${step}`, count));
  for (let i = 0; i < count; i++) {
    labels[i * classes + Math.floor(a[i] * classes)] += share[i];
    labels[i * classes + Math.floor(b[i] * classes)] += 1 - share[i];
  }
  const images = symmetric(`input/${step}`, count * 3 * side * side, 1.7);
  return { images, labels: Float32Array.from(labels) };
}

/** The weights that the truth in golden/training was computed from. */
export function initialWeights({ parameters }: Model) {
  const values = (name: string, shape: readonly number[]) => {
    const size = sizeOf(shape);
    if (shape.length === 4) return symmetric(name, size, Math.sqrt(6 / sizeOf(shape.slice(1))));
    if (shape.length === 2) return symmetric(name, size, 1 / Math.sqrt(shape[1]));
    return new Float32Array(size).fill(/(?:bn\d|downsample\.1)\.weight|running_var/.test(name) ? 1 : 0);
  };
  return new Map(
    parameters.map(({ name, shape }) => [name, { data: values(name, shape), shape: [...shape] }]),
  );
}

export function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/** ‖difference‖/‖gradient‖ of all tensors, sorted. */
export function apart(
  gradients: ReadonlyMap<string, Float32Array>,
  others: ReadonlyMap<string, Float32Array>,
) {
  const misses = [...gradients].map(([key, values]) => {
    const other = others.get(key) as Float32Array;
    return norm(values.map((value, i) => value - other[i])) / norm(values);
  });
  return misses.toSorted((a, b) => a - b);
}

export const median = (sorted: readonly number[]) => sorted[sorted.length >> 1];
export const last = (sorted: readonly number[]) => sorted[sorted.length - 1];

export const CLASSES = 5;
export const SIDE = 16;
export const BATCH = 6;

/** A residual network of 3 blocks and 4 channels. */
export const smallModel = (classes = CLASSES): Model =>
  createModel('resnet', { layers: [1, 1, 1], width: 4, classes, stem: 'cifar' });

/** A wide one with dropout. */
export const dropoutModel = (dropout = 0.3): Model =>
  createModel('wrn', { depth: 10, widen: 1, dropout, classes: CLASSES });

export const smallBatch = (step: number | string, count = BATCH): TrainingBatch =>
  batchOf(step, { count, side: SIDE, classes: CLASSES });

const opened = new Set<Trainer>();
afterAll(async () => {
  for (const trainer of opened) await trainer.close();
});

/** Closed at the end of the file. */
export function closing(trainer: Trainer): Trainer {
  opened.add(trainer);
  return trainer;
}

export async function smallTrainer(options: Partial<TrainerOptions> = {}, model = smallModel()) {
  const common = { batch: BATCH, image: [SIDE, SIDE], optimizer: { name: 'sgd' }, threads: 1 } as const;
  return closing(await Trainer.create(model, { ...common, ...options }));
}

/** Losses of steps on the batches of these numbers. */
export async function losses(
  trainer: Trainer,
  steps: readonly number[],
  learningRate = 0.05,
): Promise<number[]> {
  const found: number[] = [];
  for (const step of steps) found.push((await trainer.step({ ...smallBatch(step), learningRate })).loss);
  return found;
}

export type Values = ReadonlyMap<string, { data: Float32Array; shape: readonly number[] }>;

/** Tensors as digests of their bits, for comparisons. */
export const bitsOf = (tensors: Values): Record<string, string> =>
  Object.fromEntries(
    [...tensors].map(([name, { data }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return [name, createHash('md5').update(bytes).digest('hex')];
    }),
  );

export const stateOf = async (trainer: Trainer) => bitsOf(await trainer.parameters());

/** A folder that goes when the test file is done. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-train-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface PlainFile {
  metadata: Record<string, string>;
  tensors: Map<string, { dtype: string; shape: number[]; data: Float32Array }>;
}

/** A safetensors file, read from the format's description. */
export function readSafetensors(path: string): PlainFile {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, unknown>;
  const { __metadata__: metadata, ...entries } = header;
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = entry as { dtype: string; shape: number[]; data_offsets: number[] };
    const values = Array.from({ length: (to - from) / 4 }, (_, i) => bytes.readFloatLE(start + from + 4 * i));
    return [name, { dtype, shape, data: Float32Array.from(values) }] as const;
  });
  return { metadata: metadata as Record<string, string>, tensors: new Map(tensors) };
}
