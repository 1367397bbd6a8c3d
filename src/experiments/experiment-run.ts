/** The job: the cells of an experiment are trained, and what they say is written beside them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dataError, systemReason } from '../data/fail';
import { SaliencyMixError } from '../errors';
import { parse, type Parsed } from '../option';
import {
  experimentMarkdown,
  experimentPage,
  type ExperimentSummary,
  type TableSummary,
} from '../report/experiment';
import { figuresMarkdown, type FiguresTable } from '../report/figures-table';
import { writeWhole } from '../run/files';
import type { RecipeName } from '../train/recipes';
import { emitWarning, type Warn } from '../warning';
import { checkSameData } from './cell-data';
import { cellsOf } from './cells';
import { type Experiment, recipeOf, withRecipe } from './experiment';
import {
  type ExperimentName,
  experimentNames,
  experiments,
  measuredExperiments,
  type MeasuredName,
  ownExperiments,
  type OwnName,
} from './index';
import { runMeasured } from './measured';
import { type ExperimentOptions, experimentOptions } from './options';
import { type OwnResult, partsDone } from './own';
import { type CellResult, parseResult, RESULT } from './result';
import { checkFresh, type GridSummary, runGrid, shardOf } from './run';
import { sampleSheets } from './sample-sheets';
import { summaryOf } from './summary';

export const REPORT = 'report.html';
export const TABLES = 'report.md';

export interface ExperimentRun extends Omit<GridSummary, 'results'> {
  /** Of the cells that are done, in this run or before. */
  summaries: ExperimentSummary[];
  /** Of networks that were measured. */
  tables: FiguresTable[];
  /** Of an experiment of its own kind. */
  own?: OwnResult;
  cells: number;
}

/** What must be the same for all runs of a row. */
const settingsOf = ({ settings }: CellResult) => {
  const { seed: _, data, test: __, mixer, ...others } = settings as Record<string, Record<string, unknown>>;
  return JSON.stringify({ ...others, mixer: { ...mixer, seed: undefined }, data: data.fingerprint });
};

/** The recipe of results that do not tell theirs, from before there was a choice. */
const UNTOLD: RecipeName = 'cifar';

const rowOf = ({ scale, recipe = UNTOLD, model, row, column }: CellResult) =>
  [scale, recipe, model, row, column].join();
const cellOf = (result: CellResult) => `${rowOf(result)},${result.seed}`;

/** Each result once, and one for each seed of a row; runs of one row with other settings than its first are told. */
function distinct(results: readonly CellResult[], onWarning: Warn): CellResult[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  if (byId.size < results.length)
    onWarning(`${results.length - byId.size} of ${results.length} results are there twice, and count once`);
  const bySeed = new Map<string, CellResult>();
  for (const result of byId.values()) {
    const other = bySeed.get(cellOf(result));
    const newer = other && other.finished > result.finished ? other : result;
    bySeed.set(cellOf(result), newer);
    if (other)
      onWarning(`${other.id} and ${result.id} are of one row and seed: ${newer.id} counts, which is newer`);
  }
  const first = new Map<string, CellResult>();
  for (const result of bySeed.values()) {
    const key = rowOf(result);
    const other = first.get(key) ?? result;
    first.set(key, other);
    if (settingsOf(other) !== settingsOf(result))
      onWarning(`${other.id} and ${result.id} are of one row, but with other settings or data`);
  }
  return [...bySeed.values()];
}

/**
 * One summary for each experiment, scale and recipe among some results. A cell that several experiments have counts in each of
 * them.
 */
export function summariesOf(
  given: readonly CellResult[],
  onWarning: Warn = emitWarning,
): ExperimentSummary[] {
  const results = distinct(given, onWarning);
  return experimentNames.flatMap((name) => {
    const kindOf = ({ scale, recipe = UNTOLD }: CellResult) => `${scale}, ${recipe}`;
    const ofName = results.filter(({ experiment }) => experiment === name);
    const recipesOf = new Map(ofName.map((one) => [kindOf(one), one.recipe as RecipeName | undefined]));
    const kinds = [...recipesOf].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return kinds.flatMap(([kind, recipe]) => {
      const experiment = withRecipe(experiments[name], recipe);
      const has = (all: readonly { name: string }[], one: string) => all.some((each) => each.name === one);
      const own = results.filter(
        (one) => kindOf(one) === kind && has(experiment.rows, one.row) && has(experiment.columns, one.column),
      );
      return own.length > 0 ? [summaryOf(experiment, own)] : [];
    });
  });
}

/** Writes the tables of summaries as Markdown, and a page with curves, and pictures where there are any. */
export async function writeReports(
  out: string,
  summaries: readonly ExperimentSummary[],
  sheets?: ReadonlyMap<TableSummary, Uint8Array>,
): Promise<void> {
  await writeWhole(join(out, TABLES), `${summaries.map(experimentMarkdown).join('\n\n')}\n`);
  await writeWhole(join(out, REPORT), experimentPage(summaries, sheets));
}

/** All rows, also those that are trained on other networks than a scale's unless they are asked for by name. */
const rowNames = ({ rows }: Experiment) => rows.map(({ name }) => name);

/**
 * Trains the cells of an experiment that have no result yet, each in a process and a folder of its own, and writes report.md and
 * report.html. A cell that was stopped, by whatever, goes on to the same numbers; two processes never train one cell.
 * @throws (rejects) SaliencyMixError ARGUMENT, OUTPUT; the signal's reason when aborted
 */
export async function runExperiment(given: ExperimentOptions): Promise<ExperimentRun> {
  const options = parse(experimentOptions, given, 'experiment options');
  const { experiment, scale, out, jobs, ignoreDates, signal, onProgress, onWarning = emitWarning } = options;
  if (experiment in measuredExperiments) return measure(experiment as MeasuredName, options);
  if (experiment in ownExperiments) {
    const own = await ownExperiments[experiment as OwnName].run({ ...options, onWarning });
    return { summaries: [], tables: [], own, elsewhere: [], failed: [], cells: 0 };
  }
  const name = experiment as ExperimentName;
  const trained = withRecipe(experiments[name], options.recipe);
  const cells = shardOf(cellsOf(trained, options), options.shard);
  checkFresh(out, cells, options.resume);
  await checkSameData(cells, options);
  const grid = { experiment: name, scale, cells, out, jobs, ignoreDates, signal, onProgress, onWarning };
  const { results, elsewhere, failed } = await runGrid(grid);
  // With what the folder has from before, of other rows, other experiments and other processes.
  const all = cellsOf(trained, { ...options, models: undefined, methods: rowNames(trained) });
  const own = new Set(all.map(({ id }) => id));
  const found = [...(await resultsIn(out, () => undefined)), ...results].map((one) =>
    own.has(one.id) ? { ...one, experiment: name } : one,
  );
  // Of the same row and seed, cells with the settings of now count, whichever are newer.
  const present = new Set(found.filter(({ id }) => own.has(id)).map(cellOf));
  const inFolder = found.filter((one) => own.has(one.id) || !present.has(cellOf(one)));
  const written = summariesOf([...new Map(inFolder.map((one) => [one.id, one])).values()], onWarning);
  const isOwn = (one: ExperimentSummary) =>
    one.name === name && one.scale === scale && one.recipe === recipeOf(trained);
  const summaries = written.filter(isOwn);
  const [summary] = summaries;
  if (summary) {
    const others = written.filter((one) => !isOwn(one));
    await writeReports(out, [...summaries, ...others], await sampleSheets(summary, all, options.data));
  }
  return { summaries, tables: [], elsewhere, failed, cells: cells.length };
}

/** Measures the networks that an experiment has trained in the same folder, and writes a table for each of its columns. */
async function measure(
  name: MeasuredName,
  options: Parsed<typeof experimentOptions>,
): Promise<ExperimentRun> {
  const { data, out, limit, signal, onProgress } = options;
  const measured = measuredExperiments[name];
  const trained = withRecipe(experiments[measured.of], options.recipe);
  const { rows, columns } = trained;
  const cells = cellsOf(trained, { ...options, methods: options.methods ?? rowNames(trained) });
  const lines = await runMeasured(measured, cells, {
    data,
    out,
    limit,
    signal,
    onProgress: (done, total) => partsDone({ onProgress }, done, total),
  });
  const tables = columns.flatMap(({ name: column, title }): FiguresTable[] => {
    const own = rows.flatMap((row) => {
      const line = lines.find((one) => one.row === row.name && one.column === column);
      return line ? [{ ...line, title: row.title, paper: measured.paper?.values[row.name] }] : [];
    });
    const { columns: head, reference, paper } = measured;
    const heading = `${measured.title}, trained ${title}`;
    return own.length > 0 ? [{ title: heading, reference, head, paper: paper?.title, rows: own }] : [];
  });
  await writeWhole(join(out, `${name}.md`), `${tables.map(figuresMarkdown).join('\n\n')}\n`);
  return { summaries: [], tables, elsewhere: [], failed: [], cells: lines.length };
}

async function jsonFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw dataError(folder, `cannot be read: ${systemReason(error)}`, error);
  });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return entry.name.endsWith('.json') ? [path] : [];
      // A cell's folder has its result, and other files of JSON.
      const own = join(path, RESULT);
      return (await stat(own).catch(() => undefined)) ? [own] : jsonFilesIn(path);
    }),
  );
  return found.flat().toSorted();
}

/**
 * The results in a folder, as an experiment has written them or gathered from several machines.
 * @throws (rejects) SaliencyMixError DATA where there is none
 */
export async function gatherResults(folder: string, onWarning: Warn = emitWarning): Promise<CellResult[]> {
  const results = await resultsIn(folder, onWarning);
  if (results.length > 0) return results;
  throw new SaliencyMixError('DATA', `${folder} has no results of experiments`, { file: folder });
}

async function resultsIn(folder: string, onWarning: Warn): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const file of await jsonFilesIn(folder)) {
    try {
      results.push(parseResult(await readFile(file, 'utf8'), file));
    } catch (error) {
      onWarning(`${(error as Error).message}: left out`);
    }
  }
  return results;
}
