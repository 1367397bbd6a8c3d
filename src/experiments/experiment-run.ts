/** The job: the cells of an experiment are trained, and what they say is written beside them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SaliencyMixError } from '../errors';
import { parse, type Parsed } from '../option';
import { experimentMarkdown, experimentPage } from '../report/experiment';
import { figuresMarkdown, type FiguresTable } from '../report/figures-table';
import { writeError, writeWhole } from '../run/files';
import { emitWarning } from '../warning';
import { cellsOf } from './cells';
import {
  type ExperimentName,
  experimentNames,
  experiments,
  measuredExperiments,
  type MeasuredName,
} from './index';
import { runMeasured } from './measured';
import { type ExperimentOptions, experimentOptions } from './options';
import { type CellResult, parseResult, RESULT } from './result';
import { checkFresh, type GridSummary, runGrid, shardOf } from './run';
import { type ExperimentSummary, summaryOf } from './summary';

export const REPORT = 'report.html';
export const TABLES = 'report.md';

export interface ExperimentRun extends Omit<GridSummary, 'results'> {
  /** Of the cells that are done, in this run or before. */
  summaries: ExperimentSummary[];
  /** Of networks that were measured. */
  tables: FiguresTable[];
  cells: number;
}

/** One summary for each experiment and scale among some results. */
export function summariesOf(results: readonly CellResult[]): ExperimentSummary[] {
  const kinds = [...new Set(results.map(({ experiment, scale }) => `${experiment} ${scale}`))];
  return kinds
    .flatMap((kind) => {
      const own = results.filter(({ experiment, scale }) => `${experiment} ${scale}` === kind);
      const name = experimentNames.find((one) => one === own[0].experiment);
      return name ? [summaryOf(experiments[name], own)] : [];
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Writes the tables of summaries as Markdown, and a page with curves. */
export async function writeReports(out: string, summaries: readonly ExperimentSummary[]): Promise<void> {
  await writeWhole(join(out, TABLES), `${summaries.map(experimentMarkdown).join('\n\n')}\n`);
  await writeWhole(join(out, REPORT), experimentPage(summaries));
}

/**
 * Trains the cells of an experiment that have no result yet, each in a process and a folder of its own, and writes report.md and
 * report.html. A cell that was stopped, by whatever, goes on to the same numbers; two processes never train one cell.
 * @throws (rejects) SaliencyMixError ARGUMENT, OUTPUT; the signal's reason when aborted
 */
export async function runExperiment(given: ExperimentOptions): Promise<ExperimentRun> {
  const options = parse(experimentOptions, given, 'experiment options');
  const { experiment, scale, out, jobs, signal, onProgress, onWarning = emitWarning } = options;
  if (experiment in measuredExperiments) return measure(experiment as MeasuredName, options);
  const name = experiment as ExperimentName;
  const all = cellsOf(experiments[name], options);
  const cells = shardOf(all, options.shard);
  checkFresh(out, cells, options.resume);
  const grid = { experiment: name, scale, cells, out, jobs, signal, onProgress, onWarning };
  const { results, elsewhere, failed } = await runGrid(grid);
  const summaries = summariesOf(results);
  if (summaries.length > 0) await writeReports(out, summaries);
  return { summaries, tables: [], elsewhere, failed, cells: cells.length };
}

/** Measures the networks that an experiment has trained in the same folder, and writes a table for each of its columns. */
async function measure(
  name: MeasuredName,
  options: Parsed<typeof experimentOptions>,
): Promise<ExperimentRun> {
  const { data, out, limit, signal, onProgress } = options;
  const measured = measuredExperiments[name];
  const { rows, columns } = experiments[measured.of];
  const cells = cellsOf(experiments[measured.of], options);
  const lines = await runMeasured(measured, cells, {
    data,
    out,
    limit,
    signal,
    onProgress: (done, total) =>
      onProgress?.({ done, total, epochsDone: done, epochs: total, running: new Map() }),
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
    throw writeError(folder, error);
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
export async function gatherResults(folder: string, onWarning = emitWarning): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const file of await jsonFilesIn(folder)) {
    try {
      results.push(parseResult(await readFile(file, 'utf8'), file));
    } catch (error) {
      onWarning(`${(error as Error).message}: left out`);
    }
  }
  if (results.length > 0) return results;
  throw new SaliencyMixError('DATA', `${folder} has no results of experiments`, { file: folder });
}
