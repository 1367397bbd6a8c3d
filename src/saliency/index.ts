/** Saliency of a batch without mixing: maps, peaks and lows. */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { backendFor, chooseThreads, levelOf, runOptions, threadsOption, type Work } from '../native/backends';
import { runNative } from '../native/call';
import { allocate, resultMemory } from '../native/memory';
import { addon } from '../native/load';
import { hostInput, type BatchInput } from '../native/batch-input';
import { abortSignal, later, named, type OptionsOf, parse, type Parsed, text } from '../option';
import { meanOption, stdOption } from '../pixel-statistics';
import type { ImageBatch } from '../types';
import { isNative, madeSaliency } from './made-maps';
import { type SaliencyMethod, saliencyMethods } from './methods';

/** Options of saliency, for batches in this process and in a backend's memory. */
export const searchOptions = {
  /** fine-grained unless given. */
  method: named(saliencyMethods, { default: 'fine-grained' }),
  /** The ONNX model of `method: 'learned'`. */
  saliencyModel: text('path'),
  /** What the pixels of `method: 'float-bytes'` are normalised by, per channel, of [0, 1]; CIFAR's unless given. */
  mean: meanOption('of the pixels of float-bytes, per channel, of [0, 1]; CIFAR’s unless given'),
  std: stdOption('of the pixels of float-bytes, per channel; CIFAR’s unless given'),
  /** All processors unless given. */
  threads: threadsOption(),
  /**
   * Memory for `maps`: a Float32Array of n·h·w values or more, which is overwritten. New memory unless given.
   */
  into: later<Float32Array>(),
  signal: abortSignal(),
};

const saliencyOptions = { ...searchOptions, backend: runOptions.backend };

export type SaliencyOptions = OptionsOf<typeof saliencyOptions>;

export interface SaliencyResult {
  /**
   * n × h × w values, row by row; larger is more salient. In [0, 1] for fine-grained, spectral-residual, sobel and
   * float-bytes; a distance in CIELAB units, 0 to about 200, for frequency-tuned; what the model gives for learned.
   */
  maps: Float32Array;
  shape: readonly [n: number, height: number, width: number];
  /**
   * n × (row, col): the most salient pixel of each map (argmax); of equal ones the first in row-major order.
   */
  peaks: Int32Array;
  /**
   * n × (row, col): the least salient pixel of each map (argmin); of equal ones the first in row-major order.
   */
  lows: Int32Array;
  method: SaliencyMethod;
  /** The backend that ran, and its level. */
  backend: string;
  level: string;
}

/** The result without the maps. */
export type SaliencyExtremes = Omit<SaliencyResult, 'maps'>;

/**
 * Saliency maps of the images of a batch (uint8 NHWC, 1 or 3 channels, any size from 1×1), with the most and
 * the least salient pixel of each. The batch is not changed; do not change it until the promise settles.
 *
 * Methods: `fine-grained` (Montabone & Soto 2010; as OpenCV computes it, to the bit), `spectral-residual` (Hou
 * & Zhang 2007), `frequency-tuned` (Achanta et al. 2009), `sobel` (Sobel & Feldman 1968: length of the gradient
 * of the gray image), `float-bytes` (what the authors' released code gets from OpenCV for pixels that are normalised by `mean`
 * and `std`: noise), `learned` (any ONNX model with N×3×S×S in and one S×S map per image out).
 * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON, MODEL; the signal's reason when aborted
 */
export async function saliency(batch: ImageBatch, options?: SaliencyOptions): Promise<SaliencyResult> {
  const given = parse(saliencyOptions, options, 'saliency options');
  return (await findSaliency(hostInput(imageBatch(batch)), given)) as SaliencyResult;
}

/** What the choice of a backend depends on. Maps that no backend makes need nothing of one. */
export function saliencyWork(pixels: number, method: SaliencyMethod): Work {
  return isNative(method)
    ? { pixels, saliency: true, needs: [method] }
    : { pixels, saliency: false, needs: [] };
}

/** The parsed options of `saliency()` or of a device batch. */
type Search = Parsed<typeof saliencyOptions> & {
  /** false: only peaks and lows are found. */
  maps?: boolean;
};

/**
 * Saliency of a batch in this process or in a backend's memory. The result has `maps` unless `given.maps` is
 * false.
 */
export async function findSaliency(input: BatchInput, given: Search): Promise<SaliencyExtremes> {
  const { method, signal, maps: withMaps = true } = given;
  if (given.into !== undefined && !withMaps)
    throw check.invalid('into', 'nothing where no maps are wanted', given.into);
  const [count, height, width] = input.shape;
  const work = saliencyWork(count * height * width, method);
  const backend = backendFor(given.backend, input, work);
  const threads = chooseThreads(given.threads);
  const about = { shape: [count, height, width] as const, method, backend, level: levelOf(backend) };
  const length = count * height * width;
  if (!isNative(method)) {
    const run = { threads, signal };
    const { saliencyModel, mean, std, into } = given;
    const result = into && resultMemory(Float32Array, length, into, input.reads);
    const options = { saliencyModel, mean, std, result };
    const { maps, ...extremes } = await madeSaliency(method, await input.toHost(run), options, run);
    return { ...(withMaps && { maps }), ...extremes, ...about };
  }
  const maps = withMaps ? resultMemory(Float32Array, length, given.into, input.reads) : undefined;
  const peaks = allocate(Int32Array, 2 * count);
  const lows = allocate(Int32Array, 2 * count);
  const { data, resident, channels } = input.native;
  await runNative(
    (cancel) =>
      addon().saliency({
        data,
        resident,
        count,
        height,
        width,
        channels,
        backend,
        method,
        threads,
        cancel,
        maps,
        peaks,
        lows,
      }),
    input.reads,
    signal,
  );
  if (!maps) return { peaks, lows, ...about };
  const { shape, level } = about;
  const result: SaliencyResult = { maps, peaks, lows, shape, method, backend, level };
  return result;
}
