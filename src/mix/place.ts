/** From draws to a plan: finds the anchors that need saliency, places the boxes, and counts lambda again. */
import type { NativePlacing, NativeSamples } from '../native/binding';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import { learnedMaps } from '../saliency/learned';
import type { ImageBatch } from '../types';
import type { Draw, DrawnBatch } from './draw';
import type { MixOptions } from './options';
import type { MixSample } from './plan';
import { decodeSamples, encodeDraws } from './records';

/** How a native call on a batch runs. */
export interface NativeContext {
  batch: ImageBatch;
  backend: string;
  threads: number;
  signal?: AbortSignal;
}

function nativeBatch({ data, shape }: ImageBatch) {
  const [count, height, width, channels] = shape;
  return { data, count, height, width, channels };
}

const needsSaliency = ({ from, to }: Draw) =>
  [from, to].some((anchor) => anchor?.kind === 'peak' || anchor?.kind === 'low');

/** What placing needs for these draws. A learned model is run here; the native methods run inside the call. */
export async function placingFor(
  draws: readonly Draw[],
  options: MixOptions,
  context: NativeContext,
): Promise<NativePlacing> {
  const clip = options.box === 'clip' ? 1 : 0;
  if (options.saliency !== 'learned') return { clip, method: options.saliency };
  // Any map will do where nobody asks for one.
  if (!draws.some(needsSaliency)) return { clip, method: 'fine-grained' };
  return { clip, maps: await learnedMaps(context.batch, options.saliencyModel as string, context) };
}

/** Draws of one set of options, with `placeOf` counted within them. */
function group({ draws, choiceOf }: DrawnBatch, choice: number): { positions: number[]; draws: Draw[] } {
  const positions = draws.map((_, i) => i).filter((i) => choiceOf[i] === choice);
  const local = new Map(positions.map((position, i) => [position, i]));
  return {
    positions,
    draws: positions.map((i) => ({ ...draws[i], placeOf: local.get(draws[i].placeOf) as number })),
  };
}

/** The samples of a plan, in the order of the draws. One native call for each set of options that was drawn. */
export async function placeDraws(
  drawn: DrawnBatch,
  optionsOf: readonly MixOptions[],
  context: NativeContext,
): Promise<MixSample[]> {
  const samples: MixSample[] = [];
  for (const choice of new Set(drawn.choiceOf)) {
    const { positions, draws } = group(drawn, choice);
    const records = encodeDraws(draws);
    const place = await placingFor(draws, optionsOf[choice], context);
    await callMix(context, records, { place });
    decodeSamples(draws, records).forEach((sample, i) => {
      samples[positions[i]] = sample;
    });
  }
  return samples;
}

type Parts = Pick<Parameters<ReturnType<typeof addon>['mix']>[0], 'place' | 'output'>;

/** One trip to native code: place, mix, or both. `records` are completed in place. */
export async function callMix(context: NativeContext, records: NativeSamples, parts: Parts): Promise<void> {
  const { batch, backend, threads, signal } = context;
  await runNative(
    (cancel) => addon().mix({ ...nativeBatch(batch), backend, threads, cancel, ...records, ...parts }),
    [batch.data],
    signal,
  );
}
