/**
 * Turns draws into a plan: finds the anchors that need saliency, places the boxes, and counts lambda from them.
 */
import type { NativeSamples } from '../native/binding';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { BatchInput } from '../native/batch-input';
import { learnedMaps } from '../saliency/learned';
import type { DrawnBatch } from './draw';
import { usesNativeSaliency } from './index';
import type { MixOptions } from './options';
import { needsSaliency, pickRecords, putBackRecords } from './records';

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
 * Places samples that were drawn with one set of options; with `output` it also mixes them. A learned model
 * runs first, in ONNX Runtime. The native methods run inside the native call, which then begins before this
 * function first waits.
 */
export async function placeSamples(
  records: NativeSamples,
  options: MixOptions,
  context: NativeContext,
  output?: Parts['output'],
): Promise<void> {
  const clip = options.box === 'clip' ? 1 : 0;
  const learned = options.saliency === 'learned';
  // The model is not run where no anchor needs a map.
  const maps = learned && needsSaliency(records) ? await mapsOf(options, context) : undefined;
  const method = usesNativeSaliency(options) ? options.saliency : undefined;
  await callMix(context, records, { place: { clip, method, maps }, output });
}

async function mapsOf({ saliencyModel }: MixOptions, context: NativeContext): Promise<Float32Array> {
  return await learnedMaps(await context.input.toHost(context), saliencyModel as string, context);
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
