/** Trains one cell in a folder of its own, from where it was stopped, and keeps its result. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SaliencyMixError, systemCode } from '../errors';
import { isLocked } from '../run/lock';
import { checkRun, readRun, RUN } from '../run/run-file';
import { METRICS } from '../train/metrics';
import { train } from '../train/train';
import type { TrainProgress } from '../train/train-options';
import type { Cell } from './cells';
import { type CellResult, type EpochResult, writeResult } from './result';

export interface CellRun {
  experiment: string;
  scale: string;
  cell: Cell;
  /** The cell's folder. */
  out: string;
  /** Whether a cell goes on although the files of its data have other dates. */
  ignoreDates: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: TrainProgress) => void;
  /** Told what is odd and stops nothing. */
  onWarning: (message: string) => void;
}

const FIELDS = ['loss', 'top1Error', 'top5Error', 'testLoss', 'seconds', 'saliencySeconds'] as const;

/** The epochs in a run's metrics. */
async function epochsIn(out: string): Promise<EpochResult[]> {
  const lines = (await readFile(join(out, METRICS), 'utf8')).trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return parsed
    .filter(({ kind }) => kind === 'epoch')
    .map((line) => {
      if (typeof line.top1Error !== 'number')
        throw new SaliencyMixError('DATA', `${out} was trained without a test: there is no error to tell`, {
          file: out,
        });
      return Object.fromEntries(FIELDS.map((name) => [name, line[name] ?? 0])) as unknown as EpochResult;
    });
}

/** Whether a run was refused for what its folder holds, and neither another process nor the system is in the way. */
const isRefused = (error: unknown): error is SaliencyMixError =>
  error instanceof SaliencyMixError &&
  ['CHECKPOINT', 'OUTPUT'].includes(error.code) &&
  !isLocked(error) &&
  systemCode(error.cause) === undefined;

/** Whether nobody could go on with a refused run: another run's data or settings would be no reason to throw it away. */
async function isDamaged(out: string, { code }: SaliencyMixError): Promise<boolean> {
  if (code === 'CHECKPOINT') return true;
  const run = await readRun(out);
  if (!run) return true;
  try {
    checkRun(out, run);
    return false;
  } catch {
    return true;
  }
}

/** The names of what is in a folder. */
const namesIn = (folder: string) => readdir(folder).catch(() => []);

/** A run's settings as others may see them: of its data the name, and not where it lies on this machine. */
export function settingsToShare(settings: unknown): unknown {
  const { data, test, ...others } = settings as Record<string, { path?: string } | null>;
  const named = (one: { path?: string } | null) => one && { ...one, path: one.path && basename(one.path) };
  return { data: named(data), test: named(test), ...others };
}

/** Trains; a run whose files are damaged is named and begun anew. */
async function trainCell(run: CellRun): Promise<void> {
  const { cell, out, ignoreDates, signal, onProgress, onWarning } = run;
  const options = { ...cell.options, out, ignoreDates, signal, onProgress, onWarning };
  const isBegun = (await namesIn(out)).length > 0;
  try {
    await train({ ...options, mode: isBegun ? 'resume' : 'new' });
  } catch (error) {
    if (!isRefused(error)) throw error;
    // Another process has begun it meanwhile, and has ended: what it has left is gone on with.
    if (!isBegun && (await namesIn(out)).length > 0) return trainCell(run);
    if (!isBegun) throw error;
    if (!(await isDamaged(out, error))) {
      const what = `${error.message}. In an experiment a cell starts over, as by --force, when its folder is removed`;
      throw new SaliencyMixError(error.code, what, { file: out, cause: error });
    }
    onWarning(`${error.message}; the cell is trained anew`);
    for (const name of await namesIn(out)) await rm(join(out, name), { recursive: true, force: true });
    await train({ ...options, mode: 'new' });
  }
}

/**
 * Trains a cell, or goes on with it, to the same numbers.
 * @throws (rejects) what `train` does
 */
export async function runCell(run: CellRun): Promise<CellResult> {
  const { experiment, scale, cell, out } = run;
  await trainCell(run);
  const { id, model, row, column, seed } = cell;
  const { settings, environment, version, finished } = JSON.parse(
    await readFile(join(out, RUN), 'utf8'),
  ) as Record<string, unknown>;
  const result: CellResult = {
    version: 1,
    experiment,
    scale,
    recipe: cell.options.recipe,
    id,
    model,
    row,
    column,
    seed,
    epochs: await epochsIn(out),
    settings: settingsToShare(settings),
    environment: { saliencymix: version, ...(environment as object) },
    finished: finished as string,
  };
  await writeResult(out, result);
  return result;
}
