/** Saliency of a batch by itself: maps, peaks and lows. */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { backendFor, chooseThreads, levelOf, runOptions, threadsOption, type Work } from '../native/backends';
import { runNative } from '../native/call';
import { allocate, resultMemory } from '../native/memory';
import { addon } from '../native/load';
import { hostInput, type BatchInput } from '../native/batch-input';
import { abortSignal, later, named, type OptionsOf, parse, type Parsed, text } from '../option';
import type { ImageBatch } from '../types';
import { learnedSaliency } from './learned';
import { type SaliencyMethod, saliencyMethods } from './methods';

/** Options of every search, wherever the pixels are. */
export const searchOptions = {
  /** fine-grained unless given. */
  method: named(saliencyMethods, { default: 'fine-grained' }),
  /** The ONNX model of `method: 'learned'`. */
  saliencyModel: text('path'),
  /** All processors unless given. */
  threads: threadsOption(),
  /** Memory for `maps`, n·h·w floats or more, which no one reads any more. New memory unless given. */
  into: later<Float32Array>(),
  signal: abortSignal(),
};

const saliencyOptions = { ...searchOptions, backend: runOptions.backend };

export type SaliencyOptions = OptionsOf<typeof saliencyOptions>;

export interface SaliencyResult {
  /** n × h × w, row by row. fine-grained, spectral-residual, sobel: in [0, 1]; frequency-tuned: Lab units; learned: the model's. */
  maps: Float32Array;
  shape: readonly [n: number, height: number, width: number];
  /** n × (row, col): the first maximum of each map in row-major order. */
  peaks: Int32Array;
  /** n × (row, col): the first minimum. */
  lows: Int32Array;
  method: SaliencyMethod;
  /** The backend that ran, and its level. */
  backend: string;
  level: string;
}

/** What is found without the maps. */
export type SaliencyExtremes = Omit<SaliencyResult, 'maps'>;

/**
 * Finds where each image of a batch (uint8 NHWC, 1 or 3 channels, any size from 1×1) is salient. The batch is not
 * changed, and must stay as it is until the promise settles.
 *
 * Methods: `fine-grained` (Montabone & Soto 2010; exact integers), `spectral-residual` (Hou & Zhang 2007),
 * `frequency-tuned` (Achanta et al. 2009), `sobel` (Sobel & Feldman 1968; length of the gray gradient), `learned` (any ONNX
 * model; BASNet's shape).
 * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON, MODEL; the signal's reason when aborted
 */
export async function saliency(batch: ImageBatch, options?: SaliencyOptions): Promise<SaliencyResult> {
  const given = parse(saliencyOptions, options, 'saliency options');
  return (await findSaliency(hostInput(imageBatch(batch)), given)) as SaliencyResult;
}

/** What a search in so many pixels has to do. A model of learned saliency runs elsewhere. */
export function saliencyWork(pixels: number, method: SaliencyMethod): Work {
  return method === 'learned'
    ? { pixels, saliency: false, needs: [] }
    : { pixels, saliency: true, needs: [method] };
}

/** A search as it was asked for. */
type Search = Parsed<typeof saliencyOptions> & {
  /** false: only peaks and lows. */
  maps?: boolean;
};

/** Saliency of a batch wherever its pixels are. Has `maps` unless they are not wanted. */
export async function findSaliency(input: BatchInput, given: Search): Promise<SaliencyExtremes> {
  const { method, signal, maps: withMaps = true } = given;
  if (given.into !== undefined && !withMaps)
    throw check.invalid('into', 'nothing where no maps are wanted', given.into);
  const [count, height, width] = input.shape;
  const work = saliencyWork(count * height * width, method);
  const backend = backendFor(given.backend, input, work);
  const threads = chooseThreads(given.threads);
  const about = { shape: [count, height, width] as const, method, backend, level: levelOf(backend) };
  if (method === 'learned') {
    const model = check.text(given.saliencyModel, 'saliencyModel');
    if (given.into !== undefined)
      throw check.invalid('into', 'nothing where a model makes the maps', given.into);
    const run = { threads, signal };
    const { maps, ...extremes } = await learnedSaliency(await input.toHost(run), model, run);
    return { ...(withMaps && { maps }), ...extremes, ...about };
  }
  const length = count * height * width;
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
