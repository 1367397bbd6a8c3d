/** Trains one cell in a folder of its own, from where it was stopped, and keeps its result. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';
import { isLocked, isLockFile, lockFolder } from '../run/lock';
import { checkRun, readRun, RUN } from '../run/run-file';
import { METRICS } from '../train/metrics';
import { CHECKPOINT, train } from '../train/train';
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

/** What one of a cell's files lacks: the run cannot be gone on with, nor told of. */
const damaged = (file: string, why: string) =>
  new SaliencyMixError('CHECKPOINT', `${file} is damaged: ${why}`, { file });

/**
 * The epochs in a run's metrics: each, once and in order.
 * @throws (rejects) SaliencyMixError CHECKPOINT where one is missing or damaged, OUTPUT where the file cannot be read
 */
async function epochsIn(out: string, count: number): Promise<EpochResult[]> {
  const file = join(out, METRICS);
  let lines: Record<string, unknown>[];
  try {
    const text = await readFile(file, 'utf8');
    lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch (error) {
    const code = systemCode(error);
    if (code !== undefined && code !== 'ENOENT')
      throw new SaliencyMixError('OUTPUT', `Cannot read ${file}: ${reasonOf(error)}`, { file, cause: error });
    throw damaged(file, code === 'ENOENT' ? 'it is not there' : reasonOf(error));
  }
  const epochs = lines.filter(({ kind }) => kind === 'epoch');
  if (epochs.length !== count || epochs.some(({ epoch }, i) => epoch !== i + 1))
    throw damaged(file, `it does not tell of each of ${count} epochs once`);
  return epochs.map((line) => {
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
async function isDamaged(out: string, { code, file }: SaliencyMixError): Promise<boolean> {
  if (code === 'CHECKPOINT' || file === join(out, METRICS)) return true;
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

/** What tells whether another process has worked in a folder meanwhile: which files lie there, and which versions of them. */
async function stateOf(out: string): Promise<string> {
  const names = (await namesIn(out)).filter((name) => [CHECKPOINT, METRICS, RUN].includes(name)).toSorted();
  const files = await Promise.all(
    names.map(async (name) => [
      name,
      await stat(join(out, name)).then(({ ino, size, mtimeMs }) => [ino, size, mtimeMs]),
    ]),
  );
  return JSON.stringify(files);
}

/** Empties the folder of a damaged run, unless another process works in it, or has worked in it since it was in that state. */
async function empty(out: string, state: string): Promise<void> {
  const release = await lockFolder(out);
  try {
    if ((await stateOf(out)) !== state) return;
    for (const name of await namesIn(out))
      if (!isLockFile(name)) await rm(join(out, name), { recursive: true, force: true });
  } finally {
    await release();
  }
}

/** Trains, and gives the epochs; a run whose files are damaged is named and begun anew, once. */
async function trainCell(run: CellRun, isSecond = false): Promise<EpochResult[]> {
  const { cell, out, ignoreDates, signal, onProgress, onWarning } = run;
  const options = { ...cell.options, out, ignoreDates, signal, onProgress, onWarning };
  const isBegun = (await namesIn(out)).length > 0;
  try {
    const { settings } = await train({ ...options, mode: isBegun ? 'resume' : 'new' });
    return await epochsIn(out, settings.epochs);
  } catch (error) {
    if (!isRefused(error)) throw error;
    // Another process has begun it meanwhile, and has ended: what it has left is gone on with.
    if (!isBegun && !isSecond && (await namesIn(out)).length > 0) return trainCell(run, true);
    if (!isBegun || isSecond) throw error;
    const state = await stateOf(out);
    if (!(await isDamaged(out, error))) {
      const what = `${error.message}. In an experiment a cell starts over, as by --force, when its folder is removed`;
      throw new SaliencyMixError(error.code, what, { file: out, cause: error });
    }
    onWarning(`${error.message}; the cell is trained anew`);
    await empty(out, state);
    return trainCell(run, true);
  }
}

/**
 * Trains a cell, or goes on with it, to the same numbers.
 * @throws (rejects) what `train` does
 */
export async function runCell(run: CellRun): Promise<CellResult> {
  const { experiment, scale, cell, out } = run;
  const epochs = await trainCell(run);
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
    epochs,
    settings: settingsToShare(settings),
    environment: { saliencymix: version, ...(environment as object) },
    finished: finished as string,
  };
  await writeResult(out, result);
  return result;
}
