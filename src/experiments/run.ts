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
import type { TrainProgress } from '../train/train-options';

/** How far an experiment is. */
export interface GridProgress {
  /** Cells. */
  done: number;
  total: number;
  /** Epochs of all cells, with parts of those that run. */
  epochsDone: number;
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
  signal?: AbortSignal;
  onProgress?: (progress: GridProgress) => void;
  onWarning: (message: string) => void;
}

export interface GridSummary {
  results: CellResult[];
  /** Cells that another process is training. */
  elsewhere: string[];
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

/** Whether a cell could not be begun because another process has its folder. */
const isElsewhere = ({ code, message }: { code?: string; message: string }) =>
  code === 'OUTPUT' && /is being written by process|another run is starting/.test(message);

class Grid {
  readonly #options: GridOptions;
  readonly #summary: GridSummary = { results: [], elsewhere: [], failed: [] };
  readonly #running = new Map<string, TrainProgress>();
  readonly #children = new Set<ChildProcess>();
  #waiting: Cell[];
  #done = 0;

  constructor(options: GridOptions) {
    this.#options = options;
    this.#waiting = [...options.cells];
  }

  async run(): Promise<GridSummary> {
    const { jobs = availableParallelism(), signal, out } = this.#options;
    await writing(out, () => mkdir(out, { recursive: true }));
    const stop = () => {
      for (const child of this.#children) child.kill('SIGTERM');
    };
    signal?.addEventListener('abort', stop);
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.#work()));
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    signal?.throwIfAborted();
    return this.#summary;
  }

  /** Takes one cell after the other. */
  async #work(): Promise<void> {
    for (let cell = this.#waiting.shift(); cell; cell = this.#waiting.shift()) {
      if (this.#options.signal?.aborted) return;
      const folder = join(this.#options.out, cell.id);
      const known = await this.#resultIn(folder);
      if (known) this.#summary.results.push(known);
      else await this.#train(cell, folder);
      this.#done++;
      this.#report();
    }
  }

  /** A result that is there; a damaged one is named and made again. */
  async #resultIn(folder: string): Promise<CellResult | undefined> {
    try {
      return await readResult(folder);
    } catch (error) {
      this.#options.onWarning(`${(error as Error).message}; it is made again`);
      return undefined;
    }
  }

  async #train(cell: Cell, folder: string): Promise<void> {
    const ended = await this.#inProcess(cell, folder);
    this.#running.delete(cell.id);
    if (ended.kind === 'done') {
      const result = await readResult(folder);
      if (result) this.#summary.results.push(result);
    } else if (isElsewhere(ended)) {
      this.#summary.elsewhere.push(cell.id);
    } else if (!this.#options.signal?.aborted) {
      this.#summary.failed.push({ id: cell.id, reason: ended.message });
      this.#options.onWarning(`${cell.id}: ${ended.message}`);
    }
  }

  #inProcess(cell: Cell, out: string): Promise<Extract<CellMessage, { kind: 'done' | 'failed' }>> {
    const { experiment, scale, onWarning } = this.#options;
    const child = fork(join(__dirname, 'cell-process.js'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#children.add(child);
    return new Promise((resolve) => {
      let last: Extract<CellMessage, { kind: 'done' | 'failed' }> | undefined;
      child.on('message', (message: CellMessage) => {
        if (message.kind === 'progress') {
          this.#running.set(cell.id, message.progress);
          this.#report();
        } else if (message.kind === 'warning') onWarning(`${cell.id}: ${message.message}`);
        else last = message;
      });
      child.on('exit', (code, signal) => {
        this.#children.delete(child);
        const message = `its process ended with ${signal ?? code}`;
        resolve(last ?? { kind: 'failed', message, stopped: false });
      });
      child.send({ experiment, scale, cell, out } satisfies CellRequest);
    });
  }

  #report(): void {
    const { cells, onProgress } = this.#options;
    const epochsOf = ({ options }: Cell) => options.epochs ?? 200;
    const epochs = cells.reduce((sum, cell) => sum + epochsOf(cell), 0);
    const each = cells.length > 0 ? epochs / cells.length : 0;
    let epochsDone = this.#done * each;
    for (const { epoch, done, total, phase } of this.#running.values())
      epochsDone += epoch - 1 + (phase === 'train' ? done / total : 1);
    onProgress?.({ done: this.#done, total: cells.length, epochsDone, epochs, running: this.#running });
  }
}

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
