/** The data that the cells of an experiment are trained on. */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { SaliencyMixError } from '../errors';
import { fingerprint } from '../run/data-identity';
import { readRun } from '../run/run-file';
import { openTrainingData } from '../train/test-data';
import type { Cell } from './cells';

/** Opens what a cell is trained on, and closes it afterwards. */
export async function withTrainingData<T>(
  given: OpenOptions,
  { options: { perClass } }: Cell,
  use: (trained: Dataset) => Promise<T>,
): Promise<T> {
  const opened = await openTrainingData({ data: given, test: undefined, holdout: undefined, perClass });
  try {
    return await use(opened.train);
  } finally {
    await opened.close();
  }
}

/**
 * Refuses cells of other data, which a folder may hold from before: their names say how they are trained, not on what.
 * @throws (rejects) SaliencyMixError OUTPUT
 */
export async function checkSameData(
  cells: readonly Cell[],
  { data: given, out }: { data: OpenOptions; out: string },
): Promise<void> {
  const [first] = cells;
  if (first === undefined) return;
  await withTrainingData(given, first, async (trained) => {
    const own = fingerprint(trained);
    for (const { id } of cells) {
      const earlier = await readRun(join(out, id)).catch(() => undefined);
      const { data } = (earlier?.settings ?? {}) as { data?: { fingerprint?: string; path?: string } };
      if (data?.fingerprint === undefined || data.fingerprint === own) continue;
      throw new SaliencyMixError(
        'OUTPUT',
        `${join(out, id)} was trained on other data (${data.path ?? 'unknown'}): choose another --out`,
        { argument: 'out', file: out },
      );
    }
  });
}
