/** The data that the cells of an experiment are trained on. */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset';
import type { Opening, OpenOptions } from '../data/datasets/format';
import { SaliencyMixError } from '../errors';
import { fingerprint } from '../run/data-identity';
import { checkSameData as checkSameFiles, findData, findEach } from '../run/data-state';
import { readRun } from '../run/run-file';
import { openTestSplit, openTrainingData, type TrainingData } from '../train/test-data';
import type { Cell } from './cells';

/** Opens what a cell is trained and tested on, and closes it afterwards. */
async function withData<T>(
  given: OpenOptions,
  { options: { perClass } }: Cell,
  use: (opened: TrainingData) => Promise<T>,
): Promise<T> {
  const opened = await openTrainingData({ data: given, test: undefined, holdout: undefined, perClass });
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** Opens what a cell is trained on, and closes it afterwards. */
export const withTrainingData = <T>(
  given: OpenOptions,
  cell: Cell,
  use: (trained: Dataset) => Promise<T>,
): Promise<T> => withData(given, cell, ({ train }) => use(train));

/**
 * Refuses cells of other data, which a folder may hold from before: their names say how they are trained, not on what. Names, labels
 * and sizes of files are compared; cells that go on compare dates, too.
 * @throws (rejects) SaliencyMixError OUTPUT
 */
export async function checkSameData(
  cells: readonly Cell[],
  { data: given, out }: { data: OpenOptions; out: string },
): Promise<void> {
  const [first] = cells;
  if (first === undefined) return;
  await withData(given, first, async ({ train, test }) => {
    const own = fingerprint(train);
    const found = await findEach({ data: train, test }, false);
    for (const { id } of cells) {
      const folder = join(out, id);
      const earlier = await readRun(folder).catch(() => undefined);
      const { data } = (earlier?.settings ?? {}) as { data?: { fingerprint?: string; path?: string } };
      if (data?.fingerprint !== undefined && data.fingerprint !== own)
        throw new SaliencyMixError(
          'OUTPUT',
          `${folder} was trained on other data (${data.path ?? 'unknown'}): choose another --out`,
          { argument: 'out', file: out },
        );
      const { inputs, started = '' } = earlier ?? {};
      for (const [name, now] of found)
        checkSameFiles(inputs?.[name], now, { out: folder, started, ignoreDates: true });
    }
  });
}

/** What tells whether figures of a network are of these images. */
export async function stateOfTest(given: Opening): Promise<unknown> {
  const dataset = await openTestSplit(given);
  try {
    return { images: fingerprint(dataset), files: (await findData(dataset, false))?.state };
  } finally {
    await dataset.close();
  }
}
