/**
 * Turns draws into a plan: finds the anchors that need saliency, places the boxes, and counts lambda from them.
 */
import type { NativeSamples } from '../native/binding';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { BatchInput } from '../native/batch-input';
import { findSaliency, type SaliencyResult } from '../saliency/index';
import { isNative, madeMaps } from '../saliency/made-maps';
import type { SaliencyMethod } from '../saliency/methods';
import type { ImageBatch } from '../types';
import type { DrawnBatch } from './draw';
import type { MapsFor } from './given-maps';
import { usesNativeSaliency, usesSaliency } from './index';
import { labelWeights, type Sought } from './label-rule';
import type { MixOptions } from './options';
import { pickRecords, putBackRecords, salientImages, shareOf, showsParts } from './records';

/** The input of a native call on a batch, and how the call runs. */
export interface NativeContext {
  input: BatchInput;
  backend: string;
  threads: number;
  /** Whether the JavaScript thread does the work of a native call, with the help of others. */
  here?: boolean;
  /** Where labels follow masks: n × h × w bytes. */
  masks?: Uint8Array;
  /** Those that were given with the batch: n × h × w. */
  mapsFor?: MapsFor;
  signal?: AbortSignal;
}

/**
 * Places samples that were drawn with one set of options; with `output` it also mixes them. Maps that no backend
 * makes, or that labels follow, are made first. Otherwise the native methods run inside the native call, which
 * then begins before this function first waits. Gives the weights of the targets' labels where these do not follow
 * the area.
 */
export async function placeSamples(
  records: NativeSamples,
  options: MixOptions,
  context: NativeContext,
  output?: Parts['output'],
): Promise<Float64Array | undefined> {
  const clip = options.box === 'clip' ? 1 : 0;
  const made = mapsFor(options, records, context);
  const maps = made && (await made);
  const isGiven = context.mapsFor?.(options) !== undefined;
  const method = !isGiven && usesNativeSaliency(options) ? options.saliency : undefined;
  await callMix(context, records, { place: { clip, method, maps }, output });
  const sought = { area: undefined, saliency: maps && { maps }, mask: { masks: context.masks } };
  return weightsOf(records, sought[options.labelRule], context);
}

/** The weights of the targets' labels by what is sought in the images; undefined where nothing is. */
async function weightsOf(records: NativeSamples, sought: Sought | undefined, context: NativeContext) {
  if (sought === undefined || !showsParts(records)) return undefined;
  const { weights } = await labelWeights(records, sought, { ...context, shape: context.input.shape });
  return weights;
}

/** Maps that must be there before the native call. Undefined where none is needed, or it makes them itself. */
function mapsFor(
  options: MixOptions,
  records: NativeSamples,
  context: NativeContext,
): Promise<Float32Array> | undefined {
  const { saliencyModel, mean, std, labelRule } = options;
  const given = context.mapsFor?.(options);
  if (given) return usesSaliency(options) ? Promise.resolve(given) : undefined;
  const method = options.saliency as SaliencyMethod; // without given maps it is none of a network's gradient, or not used
  if (labelRule === 'saliency' && showsParts(records)) {
    const { input, backend, threads, signal } = context;
    const found = findSaliency(input, { method, saliencyModel, mean, std, backend, threads, signal });
    return found.then((result) => (result as SaliencyResult).maps);
  }
  if (isNative(method) || !usesSaliency(options)) return undefined;
  const images = salientImages(records);
  if (images.size === 0) return undefined;
  const make = (batch: ImageBatch) => madeMaps(method, batch, { saliencyModel, mean, std, images }, context);
  return context.input.toHost(context).then(make);
}

/** Places a batch, with one native call for each choice that was drawn. It completes the records in place. */
export async function placeBatch(
  { records, choiceOf }: DrawnBatch,
  optionsOf: readonly MixOptions[],
  context: NativeContext,
): Promise<Float64Array | undefined> {
  if (choiceOf === undefined) return placeSamples(records, optionsOf[0], context);
  let weights: Float64Array | undefined;
  for (const choice of new Set(choiceOf)) {
    const positions = Array.from(choiceOf.keys()).filter((i) => choiceOf[i] === choice);
    const picked = pickRecords(records, positions);
    const own = await placeSamples(picked, optionsOf[choice], context);
    putBackRecords(records, positions, picked);
    if (own === undefined) continue;
    weights ??= new Float64Array(records.samples).fill(Number.NaN);
    for (const [i, position] of positions.entries()) weights[position] = own[i];
  }
  return weights?.map((weight, i) => (Number.isNaN(weight) ? shareOf(records, i).lambda : weight));
}

type Parts = Pick<Parameters<ReturnType<typeof addon>['mix']>[0], 'place' | 'output'>;

/**
 * One native call: it places the boxes (`place`), mixes (`output`), or both. Placing completes the records in
 * place.
 */
export async function callMix(
  { input, backend, threads, here, signal }: NativeContext,
  { samples, ints, doubles }: NativeSamples,
  { place, output }: Parts,
): Promise<void> {
  const { data, resident, count, height, width, channels } = input.native;
  const reads = place?.maps ? [...input.reads, place.maps] : input.reads;
  await runNative(
    (cancel) =>
      addon().mix({
        data,
        resident,
        count,
        height,
        width,
        channels,
        backend,
        threads,
        here: here ? 1 : 0,
        cancel,
        samples,
        ints,
        doubles,
        place,
        output,
      }),
    reads,
    signal,
  );
}
