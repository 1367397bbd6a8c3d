/** Which objects a mixed image shows. */
import type { ObjectMasks } from '../../data/masks';
import { chooseThreads } from '../../native/backends';
import { kinds } from '../../mix/kinds';
import { labelWeights } from '../../mix/label-rule';
import { mixImages } from '../../mix/masked';
import { type BatchMasks, masksOf } from '../../mix/masks';
import type { MixPlan } from '../../mix/plan';
import { encodeSamples, shareOf, writeSource, writeTarget } from '../../mix/records';
import type { NativeSamples } from '../../native/binding';

export interface Seen {
  /** Weight of the target's label by the rule `mask`. */
  weight: number;
  /** Shares of the objects' pixels that are seen. */
  target: number;
  source: number;
  /** Of the smaller of the objects that take part, as a share of its image. */
  size: number;
}

/** The share of each image that is its object. */
export function objectSizes({ data, shape: [count, height, width] }: ObjectMasks): number[] {
  const pixels = height * width;
  const sizeOf = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0) / pixels;
  return Array.from({ length: count }, (_, i) => sizeOf(data.subarray(i * pixels, (i + 1) * pixels)));
}

/** What each sample of a plan shows. */
export async function seenIn(
  { samples }: MixPlan,
  masks: ObjectMasks,
  sizes: readonly number[],
  { threads, signal }: { threads?: number; signal?: AbortSignal },
): Promise<Seen[]> {
  const how = { shape: masks.shape, threads: chooseThreads(threads), signal };
  const records = encodeSamples(samples);
  const mixedBy = masksOf(samples);
  const { weights, seen } = mixedBy
    ? await seenByMasks(records, mixedBy, masks, how)
    : await labelWeights(records, { masks: masks.data }, how);
  return samples.map(({ kind, target, source }, i) => ({
    weight: weights[i],
    target: seen[2 * i],
    source: seen[2 * i + 1],
    size: kinds[kind].hasSource ? Math.min(sizes[target], sizes[source]) : sizes[target],
  }));
}

/** The same where images are mixed by masks: a pixel is seen where its image has a part in it, wherever it was moved. */
async function seenByMasks(
  records: NativeSamples,
  mixedBy: BatchMasks,
  { data, shape: [count, height, width] }: ObjectMasks,
  run: { threads: number; signal?: AbortSignal },
) {
  const { samples } = records;
  const pixels = height * width;
  // Objects, and an image that shows none: what is left of them when they are mixed with it is seen.
  const objects = new Uint8Array((count + 1) * pixels);
  objects.set(data);
  const sizes = objectSizes({ data, shape: [count, height, width] });
  const partOf = async (side: 'target' | 'source') => {
    const alone = { ...records, ints: records.ints.slice() };
    for (let i = 0; i < samples; i++) (side === 'target' ? writeSource : writeTarget)(alone, i, count);
    const shown = mixedBy.weights.map((weight) => Number(side === 'target' ? weight > 0 : weight === 1));
    const batch = { data: objects, shape: [count + 1, height, width, 1] as const };
    const { data: seen } = await mixImages(batch, alone, { ...mixedBy, weights: shown }, run);
    return Array.from({ length: samples }, (_, i) => {
      const all = sizes[shareOf(records, i)[side]] * pixels;
      const left = seen.subarray(i * pixels, (i + 1) * pixels).reduce((sum, value) => sum + value, 0);
      return all > 0 ? left / all : 0;
    });
  };
  const [ofTarget, ofSource] = [await partOf('target'), await partOf('source')];
  const weights = Float64Array.from(ofTarget, (target, i) => {
    const both = target + ofSource[i];
    return both > 0 ? target / both : shareOf(records, i).lambda;
  });
  return { weights, seen: Float64Array.from(ofTarget.flatMap((target, i) => [target, ofSource[i]])) };
}

/** Whether a class has a weight above 0 although no pixel of its objects is seen. */
export function isGhost(
  { target, source }: Seen,
  weight: number,
  { ofTarget, ofSource }: { ofTarget: number; ofSource: number },
): boolean {
  if (ofTarget === ofSource) return target === 0 && source === 0;
  return (weight > 0 && target === 0) || (weight < 1 && source === 0);
}
