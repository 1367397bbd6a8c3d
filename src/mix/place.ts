/** From draws to a plan: finds the anchors that need saliency, places the boxes, and counts lambda again. */
import type { NativePlacing, NativeSamples } from '../native/binding';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { Source } from '../native/source';
import { learnedMaps } from '../saliency/learned';
import type { DrawnBatch } from './draw';
import type { MixOptions } from './options';
import { needsSaliency, pickRecords, putBackRecords } from './records';

/** How a native call on a batch runs. */
export interface NativeContext {
  source: Source;
  backend: string;
  threads: number;
  signal?: AbortSignal;
}

/** What placing needs for these samples. A learned model is run here; the native methods run inside the call. */
export async function placingFor(
  records: NativeSamples,
  options: MixOptions,
  context: NativeContext,
): Promise<NativePlacing> {
  const clip = options.box === 'clip' ? 1 : 0;
  if (options.saliency !== 'learned') return { clip, method: options.saliency };
  // Any map will do where nobody asks for one.
  if (!needsSaliency(records)) return { clip, method: 'fine-grained' };
  const batch = await context.source.here(context);
  return { clip, maps: await learnedMaps(batch, options.saliencyModel as string, context) };
}

/** Places a batch: one native call for each set of options that was drawn. The records are completed. */
export async function placeBatch(
  { records, choiceOf }: DrawnBatch,
  optionsOf: readonly MixOptions[],
  context: NativeContext,
): Promise<void> {
  for (const choice of new Set(choiceOf)) {
    const positions = Array.from(choiceOf.keys()).filter((i) => choiceOf[i] === choice);
    const picked = pickRecords(records, positions);
    const place = await placingFor(picked, optionsOf[choice], context);
    await callMix(context, picked, { place });
    putBackRecords(records, positions, picked);
  }
}

type Parts = Pick<Parameters<ReturnType<typeof addon>['mix']>[0], 'place' | 'output'>;

/** One trip to native code: place, mix, or both. `records` are completed in place. */
export async function callMix(context: NativeContext, records: NativeSamples, parts: Parts): Promise<void> {
  const { source, backend, threads, signal } = context;
  await runNative(
    (cancel) => addon().mix({ ...source.native, backend, threads, cancel, ...records, ...parts }),
    source.reads,
    signal,
  );
}
