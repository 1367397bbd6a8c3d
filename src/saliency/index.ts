/** Saliency of a batch by itself: maps, peaks and lows. */
import * as check from '../check';
import { chooseBackend, chooseThreads, levelOf } from '../native/backends';
import { allocate, resultMemory, runNative } from '../native/call';
import { addon } from '../native/load';
import type { ImageBatch } from '../types';
import { learnedSaliency } from './learned';
import { type SaliencyMethod, saliencyMethods } from './methods';

export interface SaliencyOptions {
  /** fine-grained unless given. */
  method?: SaliencyMethod;
  /** The ONNX model of `method: 'learned'`. */
  saliencyModel?: string;
  backend?: string;
  /** All processors unless given. */
  threads?: number;
  /** Memory for `maps`, n·h·w floats or more, which no one reads any more. New memory unless given. */
  into?: Float32Array;
  signal?: AbortSignal;
}

export interface SaliencyResult {
  /** n × h × w, row by row. fine-grained, spectral-residual: in [0, 1]; frequency-tuned: Lab units; learned: the model's. */
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

/**
 * Finds where each image of a batch (uint8 NHWC, 1 or 3 channels, any size from 1×1) is salient. The batch is not
 * changed, and must stay as it is until the promise settles.
 *
 * Methods: `fine-grained` (Montabone & Soto 2010; exact integers), `spectral-residual` (Hou & Zhang 2007),
 * `frequency-tuned` (Achanta et al. 2009), `learned` (any ONNX model; BASNet's shape).
 * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON, MODEL; the signal's reason when aborted
 */
export async function saliency(batch: ImageBatch, options?: SaliencyOptions): Promise<SaliencyResult> {
  const known = ['method', 'saliencyModel', 'backend', 'threads', 'into', 'signal'];
  const given = check.options(options, known, 'saliency options') as SaliencyOptions;
  const method = check.name(given.method ?? 'fine-grained', saliencyMethods, 'method');
  const signal = check.signal(given.signal);
  check.imageBatch(batch);
  const backend = chooseBackend(given.backend);
  const threads = chooseThreads(given.threads);
  const { data, shape } = batch;
  const [count, height, width, channels] = shape;
  if (method === 'learned') {
    const model = check.text(given.saliencyModel, 'saliencyModel');
    if (given.into !== undefined)
      throw check.invalid('into', 'nothing where a model makes the maps', given.into);
    const found = await learnedSaliency(batch, model, { threads, signal });
    return { ...found, shape: [count, height, width], method, backend, level: levelOf(backend) };
  }
  const maps = resultMemory(Float32Array, count * height * width, given.into, [data]);
  const peaks = allocate(Int32Array, 2 * count);
  const lows = allocate(Int32Array, 2 * count);
  const call = { data, count, height, width, channels, backend, method, threads, maps, peaks, lows };
  await runNative((cancel) => addon().saliency({ ...call, cancel }), [data], signal);
  return { maps, shape: [count, height, width], peaks, lows, method, backend, level: levelOf(backend) };
}
