/** What mixed labels follow: the area, or what the mixed image shows of what is salient in each image, or of its object. */
import { types } from 'node:util';
import * as check from '../check';
import { maskBatch } from '../check-batch';
import type { NativeSamples } from '../native/binding';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { Signal } from '../types';

export const labelRules = ['area', 'saliency', 'mask'] as const;
export type LabelRule = (typeof labelRules)[number];

/**
 * Masks of a batch's images as bytes, where a rule needs them. A pixel that is not 0 is of the object.
 * @throws SaliencyMixError ARGUMENT where there are none, or of another size
 */
export function masksFor(
  rules: readonly LabelRule[],
  value: unknown,
  [count, height, width]: readonly number[],
): Uint8Array | undefined {
  if (!rules.includes('mask')) return undefined;
  const expected = `masks of the ${count} images of ${height} × ${width} (labelRule is "mask")`;
  if (value === undefined || value === null) throw check.invalid('masks', expected, value);
  const { data, shape } = maskBatch(value);
  if (shape[0] !== count || shape[1] !== height || shape[2] !== width)
    throw check.invalid('masks.shape', expected, shape);
  return types.isUint8Array(data) ? data : Uint8Array.from(data, (one) => (one === 0 ? 0 : 1));
}

/** What is looked for in mixed images: one of the two, n × h × w values. */
export interface Sought {
  maps?: Float32Array;
  masks?: Uint8Array;
}

/** Of placed samples: the weight of each target's label, and two shares each, what is seen of its target and of its source. */
export interface LabelWeights {
  weights: Float64Array;
  seen: Float64Array;
}

export async function labelWeights(
  { samples, ints, doubles }: NativeSamples,
  { maps, masks }: Sought,
  { shape, threads, signal }: { shape: readonly number[]; threads: number; signal?: Signal },
): Promise<LabelWeights> {
  const [count, height, width] = shape;
  const weights = new Float64Array(samples);
  const seen = new Float64Array(2 * samples);
  const call = { samples, ints, doubles, threads, count, height, width, maps, masks, weights, seen };
  const reads = [maps, masks].filter((one) => one !== undefined);
  await runNative(() => addon().labelWeights(call), reads, signal);
  return { weights, seen };
}
