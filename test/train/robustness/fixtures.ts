/** What the tests of robustness share: folders of images with known pixels, and networks that are sums of pixels. */
import { join } from 'node:path';
import sharp from 'sharp';
import type { CleanBatch, Subject } from '../../../src/train/robustness/measure';
import { defineModel, layers, ops, Trainer } from '../../../src/train';
import { writeInto } from '../../cli/fixtures';
import { closing, symmetric, uniform } from '../fixtures';

export const SIDE = 6;
export const EACH = 3 * SIDE * SIDE;
export const NAMES = ['a', 'b'];
export const [MEAN, STD] = [
  [0.4, 0.5, 0.6],
  [0.2, 0.25, 0.3],
];

/** Pixels of an image, height × width × channels: whole numbers from `low` to `high`. */
export const imageOf = (number: number, [low, high]: readonly [number, number]): Uint8Array =>
  Uint8Array.from(uniform(`image ${number}`, EACH), (u) => low + Math.floor(u * (high - low + 1)));

/** Images of two classes in turn as files; gives them in the order of the data, with their classes. */
export async function twoClasses(folder: string, count: number, range: readonly [number, number]) {
  const images = Array.from({ length: count }, (_, i) => ({ pixels: imageOf(i, range), label: i % 2 }));
  for (const [i, { pixels, label }] of images.entries()) {
    const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
    const png = await sharp(pixels, { raw }).png().toBuffer();
    writeInto(folder, join('test', NAMES[label], `${String(i).padStart(3, '0')}.png`), png);
  }
  return images.toSorted((one, other) => one.label - other.label);
}

/** A network of two classes whose logits are sums of weighted normalised pixels, with its weights. */
export async function linearTrainer(engine: 'native' | 'standard' = 'native', batch = 5) {
  const model = defineModel({
    name: 'linear',
    classes: 2,
    image: [SIDE, SIDE],
    build: (net, images) => layers.linear(net, 'fc', ops.reshape(images, [images.shape[0], EACH]), 2),
  });
  const options = { batch, image: [SIDE, SIDE], optimizer: { name: 'sgd' }, threads: 1, engine } as const;
  const trainer = closing(await Trainer.create(model, options));
  const weights = symmetric('linear weights', 2 * EACH, 0.05);
  const bias = Float32Array.of(0.1, -0.2);
  await trainer.load(
    new Map([
      ['fc.weight', { data: weights, shape: [2, EACH] }],
      ['fc.bias', { data: bias, shape: [2] }],
    ]),
  );
  trainer.notes = { settings: { classes: NAMES, size: [SIDE, SIDE], mean: MEAN, std: STD } };
  return { trainer, weights, bias };
}

/** A trainer as measures see it, whose pixels need no normalisation but to go from 0 to 1. */
export const subjectWith = (trainer: Trainer): Subject => ({
  classes: trainer.model.classes,
  size: trainer.settings.image,
  layout: 'NCHW',
  normalised: (pixels) => pixels.map((pixel) => pixel / 255),
  predict: (values) => trainer.predict(values),
  gradient(values, numbers) {
    const { classes } = trainer.model;
    const labels = new Float32Array(numbers.length * classes);
    for (const [i, number] of numbers.entries()) labels[i * classes + number] = 1;
    return trainer.imageGradients({ images: values, labels });
  },
});

/** A batch for measures: NCHW pixels. */
export async function cleanBatch(
  subject: Subject,
  pixels: Float32Array,
  numbers: number[],
): Promise<CleanBatch> {
  const values = subject.normalised(pixels);
  const logits = await subject.predict(values, numbers.length);
  return { pixels, values, logits, numbers, positions: numbers.map((_, i) => i) };
}
