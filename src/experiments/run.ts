/** Runs the cells of an experiment: each in a process of its own, several side by side, from where they were stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { writing } from '../run/files';
import type { Cell } from './cells';
import type { CellMessage, CellRequest } from './cell-process';
import { type CellResult, readResult } from './result';
import { recipes } from '../train/recipes';
import type { TrainProgress } from '../train/train-options';

/** How far an experiment is. */
export interface GridProgress {
  /** Of what is counted: cells unless it is named. */
  unit?: string;
  done: number;
  total: number;
  /** Epochs of all cells, with parts of those that run. */
  epochsDone: number;
  /** Those of them that had been done before this run. */
  epochsBefore: number;
  epochs: number;
  /** What runs now, by cell. */
  running: ReadonlyMap<string, TrainProgress>;
}

export interface GridOptions {
  experiment: string;
  scale: string;
  cells: readonly Cell[];
  out: string;
  /** Cells side by side; as many as there are processors unless given. */
  jobs?: number;
  /** Whether cells go on although the files of the data have other dates. */
  ignoreDates?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: GridProgress) => void;
  onWarning: (message: string) => void;
}

export interface GridSummary {
  results: CellResult[];
  /** Cells that another process is training, or was when its machine was stopped; the reason says which and what to do. */
  elsewhere: { id: string; reason: string }[];
  failed: { id: string; reason: string }[];
}

/**
 * Those of the cells that are this machine's: every n-th, beginning with the i-th.
 * @param shard 'i/n', i from 1
 * @throws SaliencyMixError ARGUMENT
 */
export function shardOf(cells: readonly Cell[], shard: string | undefined): readonly Cell[] {
  if (shard === undefined) return cells;
  const [, part, of] = /^(\d+)\/(\d+)$/.exec(shard) ?? [];
  if (part === undefined || Number(part) < 1 || Number(part) > Number(of))
    throw check.invalid('shard', 'i/n, with i from 1 to n, as 1/3', shard);
  return cells.filter((_, i) => i % Number(of) === Number(part) - 1);
}

type Ended = Extract<CellMessage, { kind: 'done' | 'failed' }>;

class Grid {
  readonly #options: GridOptions;
  readonly #summary: GridSummary = { results: [], elsewhere: [], failed: [] };
  readonly #running = new Map<string, TrainProgress>();
  readonly #children = new Set<ChildProcess>();
  #epochs: number;
  #cells: number;
  #waiting: Cell[];
  #done = 0;
  #epochsDone = 0;
  #epochsBefore = 0;
  /** What a callback has thrown: then nothing more is begun. */
  #fault?: unknown;

  constructor(options: GridOptions) {
    this.#options = options;
    this.#waiting = [...options.cells];
    this.#cells = options.cells.length;
    this.#epochs = options.cells.reduce((sum, cell) => sum + epochsOf(cell), 0);
  }

  async run(): Promise<GridSummary> {
    const { jobs = availableParallelism(), signal, out } = this.#options;
    await writing(out, () => mkdir(out, { recursive: true }));
    const stop = () => this.#stop();
    signal?.addEventListener('abort', stop);
    try {
      await this.#takeKnown();
      // Each ends only when its children have.
      await Promise.all(Array.from({ length: jobs }, () => this.#work()));
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    signal?.throwIfAborted();
    if (this.#fault !== undefined) throw this.#fault;
    return this.#summary;
  }

  get #isStopped(): boolean {
    return this.#fault !== undefined || this.#options.signal?.aborted === true;
  }

  /** Children write a checkpoint, and end. */
  #stop(): void {
    for (const child of this.#children) child.kill('SIGTERM');
  }

  /** Calls a function of the caller; if it throws, the run ends with that. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#fault ??= error;
      this.#stop();
    }
  }

  #warn(message: string): void {
    this.#call(() => this.#options.onWarning(message));
  }

  /** First of all what is done, so that progress tells what is left. A damaged result is left for its turn. */
  async #takeKnown(): Promise<void> {
    const waiting: Cell[] = [];
    for (const cell of this.#waiting) {
      const known = await readResult(join(this.#options.out, cell.id)).catch(() => undefined);
      if (known) {
        this.#addKnown(cell, known);
        this.#countDone(cell);
      } else waiting.push(cell);
    }
    this.#waiting = waiting;
    if (this.#done > 0) this.#report();
  }

  #addKnown(cell: Cell, result: CellResult): void {
    this.#summary.results.push(result);
    this.#epochsBefore += epochsOf(cell);
  }

  #countDone(cell: Cell): void {
    this.#done++;
    this.#epochsDone += epochsOf(cell);
  }

  /** A cell that has no result here is no part of what is left to do. */
  #leaveOut(cell: Cell): void {
    this.#cells--;
    this.#epochs -= epochsOf(cell);
  }

  /** Takes one cell after the other. */
  async #work(): Promise<void> {
    for (let cell = this.#waiting.shift(); cell && !this.#isStopped; cell = this.#waiting.shift()) {
      const isDone = await this.#take(cell, join(this.#options.out, cell.id));
      this.#running.delete(cell.id);
      if (isDone) this.#countDone(cell);
      else this.#leaveOut(cell);
      this.#report();
    }
  }

  /** Gives whether the cell has a result. */
  async #take(cell: Cell, folder: string): Promise<boolean> {
    try {
      // Another process may have finished it meanwhile.
      const known = await this.#resultIn(folder);
      if (known) this.#addKnown(cell, known);
      return known !== undefined || (!this.#isStopped && (await this.#train(cell, folder)));
    } catch (error) {
      this.#fail(cell, (error as Error).message);
      return false;
    }
  }

  /** A result that is there; a damaged one is named and made again. */
  async #resultIn(folder: string): Promise<CellResult | undefined> {
    try {
      return await readResult(folder);
    } catch (error) {
      if (!(error instanceof SaliencyMixError)) throw error;
      this.#warn(`${error.message}; it is made again`);
      return undefined;
    }
  }

  async #train(cell: Cell, folder: string): Promise<boolean> {
    const before = this.#epochsBefore;
    const ended = await this.#inProcess(cell, folder);
    if (ended.kind === 'done') {
      const result = await readResult(folder);
      if (result) this.#summary.results.push(result);
      return result !== undefined;
    }
    this.#epochsBefore = before;
    if (ended.elsewhere) this.#summary.elsewhere.push({ id: cell.id, reason: ended.message });
    else if (!this.#isStopped) this.#fail(cell, ended.message);
    return false;
  }

  #fail({ id }: Cell, reason: string): void {
    this.#summary.failed.push({ id, reason });
    this.#warn(`${id}: ${reason}`);
  }

  #inProcess(cell: Cell, out: string): Promise<Ended> {
    const { experiment, scale, ignoreDates = false } = this.#options;
    const child = fork(join(__dirname, 'cell-process.js'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#children.add(child);
    return new Promise((resolve) => {
      let last: Ended | undefined;
      const end = (how: string) => {
        this.#children.delete(child);
        resolve(last ?? { kind: 'failed', message: `its process ${how}`, elsewhere: false });
      };
      child.on('message', (message: CellMessage) => {
        if (message.kind === 'progress') {
          if (!this.#running.has(cell.id)) this.#epochsBefore += message.progress.epoch - 1;
          this.#running.set(cell.id, message.progress);
          this.#report();
        } else if (message.kind === 'warning') this.#warn(`${cell.id}: ${message.message}`);
        else last = message;
      });
      child.on('error', (error) => end(`could not be started: ${error.message}`));
      child.on('exit', (code, signal) => end(`ended with ${signal ?? code}`));
      const request: CellRequest = { experiment, scale, cell, out, ignoreDates };
      child.send(request, () => undefined); // what went wrong is told by 'error' or 'exit'
    });
  }

  #report(): void {
    let epochsDone = this.#epochsDone;
    for (const { epoch, done, total, phase } of this.#running.values())
      epochsDone += epoch - 1 + (phase === 'train' ? done / total : 1);
    const { onProgress } = this.#options;
    const epochs = { epochsDone, epochsBefore: this.#epochsBefore, epochs: this.#epochs };
    this.#call(() =>
      onProgress?.({ done: this.#done, total: this.#cells, ...epochs, running: this.#running }),
    );
  }
}

const epochsOf = ({ options: { epochs, recipe } }: Cell): number =>
  epochs ?? (recipe ? recipes[recipe].learning.epochs : 1);

/**
 * Refuses a folder in which an experiment was begun, unless it is to be gone on with.
 * @throws SaliencyMixError OUTPUT
 */
export function checkFresh(out: string, cells: readonly Cell[], resume: boolean): void {
  const begun = cells.find(({ id }) => existsSync(join(out, id)));
  if (resume || begun === undefined) return;
  throw new SaliencyMixError(
    'OUTPUT',
    `${out} holds cells of this experiment (${begun.id}): --resume goes on with them, another --out begins anew`,
    { argument: 'out', file: out },
  );
}

/**
 * Runs cells, several side by side; those that have a result are left as they are.
 * @throws (rejects) SaliencyMixError OUTPUT; the signal's reason when aborted
 */
export const runGrid = (options: GridOptions): Promise<GridSummary> => new Grid(options).run();
