/** What an augmentation run has left beside its images: the names of the classes that its labels are weights of. */
import path from 'node:path';
import type { Limits } from '../limits';
import { readSmallFile } from '../small-file';
import { isUnicode } from './names';

/** Where each line is an image's label, and what describes the run. */
export const LABELS_FILE = 'labels.jsonl';
export const RUN_FILE = 'run.json';

/**
 * The class names in a run.json beside the images; undefined where there is none with `count` different ones.
 * @throws (rejects) SaliencyMixError DATA for a file that is too large
 */
export async function namesOfRun(root: string, count: number, limits: Limits): Promise<string[] | undefined> {
  const text = await readSmallFile(path.join(root, RUN_FILE), limits, 'maxFileBytes');
  try {
    const run = JSON.parse(text ?? '{}') as {
      tool?: unknown;
      settings?: { classes?: unknown };
    };
    const names = run.settings?.classes;
    const areNames =
      Array.isArray(names) &&
      names.every((name) => typeof name === 'string' && name !== '' && isUnicode(name));
    const areOwn = areNames && new Set(names).size === count && names.length === count;
    return run.tool === 'saliencymix' && areOwn ? names : undefined;
  } catch {
    return undefined;
  }
}

/** The class names of labels with so many weights: those of the run, else the numbers. */
export async function namesOrNumbers(root: string, count: number, limits: Limits): Promise<string[]> {
  return (
    (await namesOfRun(root, count, limits)) ?? Array.from({ length: count }, (_, label) => String(label))
  );
}

/** Weights whose sum differs from 1 by no more than this are kept; others are divided by their sum. */
const SUM_TOLERANCE = 1e-3;

/**
 * Weights of all classes as a label, their sum 1: the same array where it is that already. Undefined for weights that are
 * all zero, below 0, or not finite.
 */
export function weightsAsLabel(weights: Float32Array): Float32Array | undefined {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    if (!(weights[k] >= 0)) return undefined;
    sum += weights[k];
  }
  if (sum === 0 || sum === Infinity) return undefined;
  return Math.abs(sum - 1) <= SUM_TOLERANCE ? weights : Float32Array.from(weights, (weight) => weight / sum);
}

/** Position of the first largest weight. */
export function largestOf(weights: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < weights.length; k++) if (weights[k] > weights[best]) best = k;
  return best;
}
