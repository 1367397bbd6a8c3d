/**
 * Saliency methods that are no backend's: their maps are made first, of pixels in this process, and a backend then only looks
 * for peaks and lows in them.
 */
import * as check from '../check';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import { allocate } from '../native/memory';
import { floatBytesMaps } from './float-bytes';
import { learnedMaps } from './learned';
import type { MakeMaps } from './make-maps';
import { type NativeMethod, nativeMethods, type SaliencyMethod } from './methods';

export type MadeMethod = Exclude<SaliencyMethod, NativeMethod>;

const makers: Record<MadeMethod, MakeMaps> = {
  'float-bytes': floatBytesMaps,
  learned: async (batch, { saliencyModel, result }, run) => {
    const model = check.text(saliencyModel, 'saliencyModel');
    if (result !== undefined) throw check.invalid('into', 'nothing where a model makes the maps', result);
    return await learnedMaps(batch, model, run);
  },
};

export const isNative = (method: string): method is NativeMethod =>
  (nativeMethods as readonly string[]).includes(method);

/**
 * Maps of a batch.
 * @throws (rejects) SaliencyMixError ARGUMENT, MODEL; the signal's reason when aborted
 */
export const madeMaps = (method: MadeMethod, ...call: Parameters<MakeMaps>): Promise<Float32Array> =>
  makers[method](...call);

/** Maps of a batch with their peaks and lows; of equal values the first in row-major order. */
export async function madeSaliency(method: MadeMethod, ...[batch, options, run]: Parameters<MakeMaps>) {
  const [count, height, width] = batch.shape;
  const maps = await madeMaps(method, batch, options, run);
  const peaks = allocate(Int32Array, 2 * count);
  const lows = allocate(Int32Array, 2 * count);
  const { threads } = run;
  await runNative(() => addon().extremes({ threads, count, height, width, maps, peaks, lows }), []);
  return { maps, peaks, lows };
}
