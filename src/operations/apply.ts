/** One operation on every image of a batch. */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { hostInput } from '../native/batch-input';
import { resultMemory } from '../native/memory';
import { applyOperations } from '../native/operations';
import { threadsOption } from '../native/backends';
import { abortSignal, later, type OptionsOf, parse } from '../option';
import type { ImageBatch } from '../types';
import { fillOption } from './fill';
import { operationSteps } from './plan';
import { aboutOperation, type ImageOperation, imageOperationNames } from './table';

const applyOptions = {
  /**
   * The colour of what an operation leaves open: 'black' (default), 'mean' (of CIFAR-10: 125, 123, 114), a gray
   * of 0 … 255, or [red, green, blue].
   */
  fill: fillOption(),
  /** Memory for the result, as long as the batch or longer; newly allocated unless given. */
  into: later<Uint8Array>(),
  /** All processors unless given. */
  threads: threadsOption(),
  signal: abortSignal(),
};

export type ImageOperationOptions = OptionsOf<typeof applyOptions>;

/** The magnitude of each image. */
function magnitudesOf(given: unknown, operation: ImageOperation, count: number): ArrayLike<number> {
  const { unit, range } = aboutOperation(operation);
  if (unit === undefined) return new Float64Array(count);
  const [min, max] = range ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  const expected = range ? `a number from ${min} to ${max}` : 'a finite number';
  const one = (value: unknown, details?: { index: number }): number => {
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw check.invalid('magnitude', `${expected} (${unit})`, value, details);
  };
  if (!Array.isArray(given) && !ArrayBuffer.isView(given)) return new Float64Array(count).fill(one(given));
  const list = Array.from(given as ArrayLike<unknown>);
  if (list.length !== count)
    throw check.invalid('magnitude', `one number, or ${count}, one per image`, given);
  return list.map((value, index) => one(value, { index }));
}

/**
 * Applies one operation to every image of a batch (uint8 NHWC, 1 or 3 channels), with Pillow's results to the
 * bit (nearest). `magnitude` is one number, or one per image, in torchvision's units; it is ignored where the
 * operation has none.
 * @throws (rejects) SaliencyMixError ARGUMENT, ADDON; the signal's reason when aborted
 */
export async function applyImageOperation(
  batch: ImageBatch,
  operation: ImageOperation,
  magnitude: number | ArrayLike<number>,
  options?: ImageOperationOptions,
): Promise<ImageBatch> {
  const images = imageBatch(batch);
  const name = check.name(operation, imageOperationNames, 'operation');
  const [count] = images.shape;
  const magnitudes = magnitudesOf(magnitude, name, count);
  const { fill, into, threads, signal } = parse(applyOptions, options, 'image operation options');
  const steps = operationSteps(
    Array.from(magnitudes, (one) => [{ operation: name, magnitude: one }]),
    fill,
  );
  const data = resultMemory(Uint8Array, images.data.length, into, [images.data]);
  await applyOperations(hostInput(images), steps, { images: data }, { threads, signal });
  return { data, shape: images.shape };
}
