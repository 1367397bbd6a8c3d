/** Which objects a mixed image shows. */
import type { ObjectMasks } from '../../data/masks';
import { chooseThreads } from '../../native/backends';
import { kinds } from '../../mix/kinds';
import { labelWeights } from '../../mix/label-rule';
import type { MixPlan } from '../../mix/plan';
import { encodeSamples } from '../../mix/records';

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
  const { weights, seen } = await labelWeights(encodeSamples(samples), { masks: masks.data }, how);
  return samples.map(({ kind, target, source }, i) => ({
    weight: weights[i],
    target: seen[2 * i],
    source: seen[2 * i + 1],
    size: kinds[kind].hasSource ? Math.min(sizes[target], sizes[source]) : sizes[target],
  }));
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
