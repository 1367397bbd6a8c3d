/** What an augmentation run has left beside its images: the names of the classes that its labels are weights of. */
import { promises as fs } from 'node:fs';
import path from 'node:path';

/** Where each line is an image's label, and what describes the run. */
export const LABELS_FILE = 'labels.jsonl';
export const RUN_FILE = 'run.json';

/** The class names in a run.json beside the images; undefined where there is none with `count` of them. */
export async function namesOfRun(root: string, count: number): Promise<string[] | undefined> {
  try {
    const run = JSON.parse(await fs.readFile(path.join(root, RUN_FILE), 'utf8')) as {
      tool?: unknown;
      settings?: { classes?: unknown };
    };
    const names = run.settings?.classes;
    const areNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
    return run.tool === 'saliencymix' && areNames && names.length === count ? names : undefined;
  } catch {
    return undefined;
  }
}

/** The class names of labels with so many weights: those of the run, else the numbers. */
export async function namesOrNumbers(root: string, count: number): Promise<string[]> {
  return (await namesOfRun(root, count)) ?? Array.from({ length: count }, (_, label) => String(label));
}

/** Position of the first largest weight. */
export function largestOf(weights: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < weights.length; k++) if (weights[k] > weights[best]) best = k;
  return best;
}
