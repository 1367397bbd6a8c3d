/**
 * Turns draws into a plan: finds the anchors that need saliency, places the boxes, and counts lambda from them.
 */
import type { NativeSamples } from '../native/binding';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { BatchInput } from '../native/batch-input';
import { isNative, type MadeMethod, madeMaps } from '../saliency/made-maps';
import type { DrawnBatch } from './draw';
import { usesNativeSaliency } from './index';
import type { MixOptions } from './options';
import { pickRecords, putBackRecords, salientImages } from './records';

/** The input of a native call on a batch, and how the call runs. */
export interface NativeContext {
  input: BatchInput;
  backend: string;
  threads: number;
  /** Whether the JavaScript thread works on the call, too. */
  helped?: boolean;
  signal?: AbortSignal;
}

/**
 * Places samples that were drawn with one set of options; with `output` it also mixes them. Maps that no backend
 * makes are made first. The native methods run inside the native call, which then begins before this function
 * first waits.
 */
export async function placeSamples(
  records: NativeSamples,
  options: MixOptions,
  context: NativeContext,
  output?: Parts['output'],
): Promise<void> {
  const clip = options.box === 'clip' ? 1 : 0;
  const maps = isNative(options.saliency)
    ? undefined
    : await mapsOf(options.saliency, records, options, context);
  const method = usesNativeSaliency(options) ? options.saliency : undefined;
  await callMix(context, records, { place: { clip, method, maps }, output });
}

/** Undefined where no anchor needs a map. */
async function mapsOf(
  method: MadeMethod,
  records: NativeSamples,
  { saliencyModel, mean, std }: MixOptions,
  context: NativeContext,
): Promise<Float32Array | undefined> {
  const images = salientImages(records);
  if (images.size === 0) return undefined;
  return await madeMaps(
    method,
    await context.input.toHost(context),
    { saliencyModel, mean, std, images },
    context,
  );
}

/** Places a batch, with one native call for each choice that was drawn. It completes the records in place. */
export async function placeBatch(
  { records, choiceOf }: DrawnBatch,
  optionsOf: readonly MixOptions[],
  context: NativeContext,
): Promise<void> {
  if (choiceOf === undefined) return placeSamples(records, optionsOf[0], context);
  for (const choice of new Set(choiceOf)) {
    const positions = Array.from(choiceOf.keys()).filter((i) => choiceOf[i] === choice);
    const picked = pickRecords(records, positions);
    await placeSamples(picked, optionsOf[choice], context);
    putBackRecords(records, positions, picked);
  }
}

type Parts = Pick<Parameters<ReturnType<typeof addon>['mix']>[0], 'place' | 'output'>;

/**
 * One native call: it places the boxes (`place`), mixes (`output`), or both. Placing completes the records in
 * place.
 */
export async function callMix(
  { input, backend, threads, helped, signal }: NativeContext,
  { samples, ints, doubles }: NativeSamples,
  { place, output }: Parts,
): Promise<void> {
  const { data, resident, count, height, width, channels } = input.native;
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
        helped: helped ? 1 : 0,
        cancel,
        samples,
        ints,
        doubles,
        place,
        output,
      }),
    input.reads,
    signal,
  );
}
