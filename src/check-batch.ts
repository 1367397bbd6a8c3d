/** Checks of image batches, label maps and labels. The values of pixels are not looked at. */
import { types } from 'node:util';
import { describe, invalid } from './check';
import type { ImageBatch, MaskBatch } from './types';

/** Rows, columns and counts are int32 in native code; a batch may hold up to 2^40 bytes. */
const LARGEST_SIDE = 0x7fffffff;
const LARGEST_BATCH = 2 ** 40;

/** Refuses a typed array whose memory is gone (detached) or could go during a call (resizable). */
export function attached(value: NodeJS.TypedArray, argument: string): void {
  const buffer = value.buffer as ArrayBuffer & { resizable?: boolean; detached?: boolean };
  if (buffer.resizable) throw invalid(argument, 'memory that cannot be resized', value);
  if (buffer.byteLength > 0) return;
  try {
    return void new Uint8Array(buffer); // the only test in Node 20: a view over a detached buffer throws
  } catch {
    throw invalid(argument, 'an array whose buffer is not detached (it was transferred elsewhere)', value);
  }
}

/** The product of the dimensions. Each must be at least 1; the product must not exceed 2^40. */
function elements(shape: readonly unknown[], argument: string): number {
  let product = 1;
  for (const side of shape) {
    if (typeof side !== 'number' || !Number.isInteger(side) || side < 1 || side > LARGEST_SIDE) {
      throw invalid(argument, 'dimensions that are whole numbers of at least 1', shape);
    }
    product *= side;
    if (product > LARGEST_BATCH) throw invalid(argument, `dimensions with a product of at most 2^40`, shape);
  }
  return product;
}

/** An image batch: uint8 NHWC with 1 or 3 channels and exactly as many bytes as its shape says. */
export function imageBatch(value: unknown, argument = 'batch'): ImageBatch {
  if (value === null || typeof value !== 'object')
    throw invalid(argument, 'an image batch { data, shape }', value);
  const { data, shape } = value as Partial<ImageBatch>;
  if (!types.isUint8Array(data)) throw invalid(`${argument}.data`, 'a Uint8Array (uint8 NHWC)', data);
  if (!Array.isArray(shape) || shape.length !== 4)
    throw invalid(`${argument}.shape`, '[count, height, width, channels]', shape);
  const length = elements(shape, `${argument}.shape`);
  const channels = shape[3];
  if (channels !== 1 && channels !== 3)
    throw invalid(`${argument}.shape`, '1 or 3 channels (drop alpha first)', shape);
  attached(data, `${argument}.data`);
  if (data.length !== length)
    throw invalid(`${argument}.data`, `${length} bytes for the shape ${describe(shape)}`, data);
  return value as ImageBatch;
}

/** Label maps: uint8 or int32, [n, h, w] or [n, h, w, 1], and exactly as many values as the shape says. */
export function maskBatch(value: unknown, argument = 'masks'): MaskBatch {
  const { data, shape } = value as Partial<MaskBatch>;
  if (!types.isUint8Array(data) && !types.isInt32Array(data))
    throw invalid(`${argument}.data`, 'a Uint8Array or Int32Array', data);
  const isMask = Array.isArray(shape) && (shape.length === 3 || (shape.length === 4 && shape[3] === 1));
  if (!isMask) throw invalid(`${argument}.shape`, '[count, height, width] (one label per pixel)', shape);
  const length = elements(shape as readonly number[], `${argument}.shape`);
  attached(data, `${argument}.data`);
  if (data.length !== length)
    throw invalid(`${argument}.data`, `${length} values for the shape ${describe(shape)}`, data);
  return value as MaskBatch;
}

/**
 * Checks the labels of `count` images and gives the number of classes. Class numbers (Int32Array) need
 * `classes`; for soft labels (Float32Array, count × classes) the length tells it.
 */
export function labels(
  value: unknown,
  count: number,
  classes: number | undefined,
  argument = 'labels',
): number {
  if (types.isInt32Array(value)) {
    attached(value, argument);
    if (value.length !== count) throw invalid(argument, `${count} class numbers, one per image`, value);
    if (classes === undefined) {
      throw invalid(
        'classes',
        'the number of classes (class numbers do not tell it; soft labels do)',
        classes,
      );
    }
    for (let i = 0; i < count; i++) {
      if (value[i] < 0 || value[i] >= classes) {
        throw invalid(argument, `class numbers from 0 to ${classes - 1}`, value[i], { index: i });
      }
    }
    return classes;
  }
  if (types.isFloat32Array(value)) {
    attached(value, argument);
    const width = value.length / count;
    if (width < 1 || !Number.isInteger(width) || (classes !== undefined && width !== classes)) {
      throw invalid(argument, `${count} × ${classes ?? 'classes'} values, one row per image`, value);
    }
    const bad = value.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) throw invalid(argument, 'finite numbers', value[bad], { index: Math.floor(bad / width) });
    return width;
  }
  throw invalid(argument, 'an Int32Array of class numbers or a Float32Array of soft labels', value);
}
