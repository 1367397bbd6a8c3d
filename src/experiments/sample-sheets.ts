/** Pictures of what the rows of an experiment are trained on. */
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { needsMaps } from '../mix/index';
import type { ExperimentSummary, TableSummary } from '../report/experiment';
import { type TitledRow, titledRows } from '../report/titled-rows';
import { samplePictures } from '../train/run-report';
import { parseTraining, resolveSettings } from '../train/train-settings';
import { withTrainingData } from './cell-data';
import type { Cell } from './cells';

/** Images of each row. */
const SHOWN = 8;

/** The first images that a cell is trained on; nothing where a network must say what is salient, which is not there any more. */
async function rowOf({ options }: Cell, title: string, trained: Dataset): Promise<TitledRow[]> {
  const { settings } = await resolveSettings(parseTraining({ ...options, out: '.' }), trained, undefined);
  const pictures = needsMaps(settings.mixer) ? undefined : await samplePictures(trained, settings, SHOWN);
  return pictures ? [{ title, pictures }] : [];
}

/**
 * For each table of a summary a PNG with a row for each method: the same images as its first seed mixes them.
 * @param cells all of the experiment
 */
export async function sampleSheets(
  { tables }: ExperimentSummary,
  cells: readonly Cell[],
  data: OpenOptions,
): Promise<Map<TableSummary, Uint8Array>> {
  const sheets = new Map<TableSummary, Uint8Array>();
  await withTrainingData(data, cells[0], async (trained) => {
    for (const table of tables) {
      const { model, column } = table;
      const rows: TitledRow[] = [];
      for (const { row, title } of table.rows) {
        const cell = cells.find((one) => one.row === row && one.column === column && one.model === model);
        if (cell) rows.push(...(await rowOf(cell, title, trained)));
      }
      if (rows.length > 0) sheets.set(table, await titledRows(rows));
    }
  });
  return sheets;
}
