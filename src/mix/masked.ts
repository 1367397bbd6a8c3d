/** Mixing by masks: finds those of a batch's samples, and mixes its images by them. Pixels are mixed on the processor. */
import type { NativeDestination, NativeFormat, NativeMasked, NativeSamples } from '../native/binding';
import { hostInput } from '../native/batch-input';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import { allocate } from '../native/memory';
import { findSaliency, type SaliencyResult } from '../saliency/index';
import type { SaliencyMethod } from '../saliency/methods';
import type { ImageBatch } from '../types';
import type { DrawnBatch } from './draw';
import { mixMethods } from './index';
import { type BatchMasks, emptyMasks } from './masks';
import type { FoundMasks, MaskDraw } from './method';
import type { MixOptions } from './options';
import { callMix, type NativeContext } from './place';
import { blendedSamples, keepAll, shareOf, writeLambda, writeSource } from './records';

/** What a method with masks draws; undefined for one that places boxes or blends. */
export function maskDrawOf(options: MixOptions): MaskDraw | undefined {
  const draw = mixMethods[options.method].drawFor(options);
  return draw.kind === 'masked' ? draw : undefined;
}

/** Saliency maps of a batch: those that were given with it, or those that the options ask for. */
async function mapsOf(options: MixOptions, context: NativeContext): Promise<Float32Array | undefined> {
  const given = context.mapsFor?.(options);
  if (given !== undefined || !mixMethods[options.method].needsSaliency) return given;
  const { input, backend, threads, signal } = context;
  const { saliencyModel, mean, std } = options;
  const method = options.saliency as SaliencyMethod; // a network's gradient comes with the batch
  const how = { method, saliencyModel, mean, std, backend, threads, signal };
  return ((await findSaliency(input, how)) as SaliencyResult).maps;
}

/**
 * Finds the masks of the samples that are drawn to be mixed, and completes the records: with their shares, and with the sources
 * where the masks say which. Gives the images, too: a device batch may be freed as soon as the call has been made.
 */
export async function findMasks(
  { records, u = 0 }: DrawnBatch,
  options: MixOptions,
  draw: MaskDraw,
  context: NativeContext,
): Promise<{ images: ImageBatch; masks: BatchMasks }> {
  const positions = blendedSamples(records);
  const [images, maps] = await Promise.all([
    context.input.toHost(context),
    positions.length > 0 ? mapsOf(options, context) : undefined,
  ]);
  if (positions.length === 0) return { images, masks: emptyMasks(records.samples, { rows: 1, cols: 1 }) };
  const shares = positions.map((i) => shareOf(records, i));
  const { threads, signal } = context;
  const found = await draw.masks({
    images,
    maps,
    targets: Int32Array.from(shares, ({ target }) => target),
    sources: Int32Array.from(shares, ({ source }) => source),
    lambda: shares[0].lambda,
    u,
    threads,
    signal,
  });
  for (const [k, i] of positions.entries()) writeLambda(records, i, found.shares[k]);
  if (found.partners) writePartners(records, found.partners);
  return { images, masks: spread(found, positions, records.samples) };
}

function writePartners(records: NativeSamples, partners: ArrayLike<number>): void {
  for (let i = 0; i < records.samples; i++) writeSource(records, i, partners[shareOf(records, i).target]);
}

/** The masks of some samples as those of all. */
function spread(found: FoundMasks, positions: readonly number[], samples: number): BatchMasks {
  if (positions.length === samples) return found;
  const { rows, cols, weights, moves } = found;
  const all = emptyMasks(samples, { rows, cols }, moves && { rows: moves.rows, cols: moves.cols });
  const [size, moved] = [rows * cols, moves ? 2 * moves.rows * moves.cols : 0];
  for (const [k, i] of positions.entries()) {
    all.weights.set(weights.subarray(k * size, (k + 1) * size), i * size);
    if (moves) all.moves?.cells.set(moves.cells.subarray(k * moved, (k + 1) * moved), i * moved);
  }
  return all;
}

/** Samples and their masks as native code takes them. */
export function maskedCall(records: NativeSamples, { rows, cols, weights, moves }: BatchMasks): NativeMasked {
  const { samples } = records;
  const targets = new Int32Array(samples);
  const sources = new Int32Array(samples);
  for (let i = 0; i < samples; i++) ({ target: targets[i], source: sources[i] } = shareOf(records, i));
  const moved = moves && { movedRows: moves.rows, movedCols: moves.cols, moves: moves.cells };
  return { samples, targets, sources, rows, cols, weights, ...moved };
}

/** Mixes images of this process; gives uint8 NHWC, one image for each sample. */
export async function mixImages(
  { data, shape: [count, height, width, channels] }: ImageBatch,
  records: NativeSamples,
  masks: BatchMasks,
  { threads, signal, result }: { threads: number; signal?: AbortSignal; result?: Uint8Array },
): Promise<ImageBatch> {
  const { samples } = records;
  const mixed = result ?? allocate(Uint8Array, samples * height * width * channels);
  const batch = { data, count, height, width, channels };
  const given = { ...batch, ...maskedCall(records, masks), threads };
  await runNative((cancel) => addon().mixMasked({ ...given, cancel, result: mixed }), [data], signal);
  return { data: mixed, shape: [samples, height, width, channels] };
}

/** Mixes images by masks, into memory of any form and place. */
export async function mixByMasks(
  context: NativeContext,
  images: ImageBatch,
  records: NativeSamples,
  masks: BatchMasks,
  output: NativeFormat & NativeDestination,
): Promise<void> {
  const { threads, signal } = context;
  const isPlain = output.nchw === 0 && output.dtype === 0 && output.images !== undefined;
  const result = isPlain ? (output.images as Uint8Array) : undefined;
  const mixed = await mixImages(images, records, masks, { threads, signal, result });
  if (!isPlain) await callMix({ ...context, input: hostInput(mixed) }, keepAll(records.samples), { output });
}
