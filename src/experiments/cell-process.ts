/** A process that trains one cell for another one: it is sent what to train, and sends how far it is. */
import { SaliencyMixError } from '../errors';
import { isLocked } from '../run/lock';
import type { TrainProgress } from '../train/train-options';
import { type CellRun, runCell } from './run-cell';

export type CellRequest = Pick<CellRun, 'experiment' | 'scale' | 'cell' | 'out' | 'ignoreDates'>;

export type CellMessage =
  | { kind: 'progress'; progress: TrainProgress }
  | { kind: 'warning'; message: string }
  | { kind: 'done' }
  /** elsewhere: another process has the cell's folder. */
  | { kind: 'failed'; message: string; elsewhere: boolean };

/** Whoever asked may have ended; the cell then stops at its next checkpoint. */
function tell(message: CellMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
  process.once(name, () => stopping.abort());

process.once('message', (request: CellRequest) => {
  const run = {
    ...request,
    signal: stopping.signal,
    onProgress: (progress: TrainProgress) => tell({ kind: 'progress', progress }),
    onWarning: (message: string) => tell({ kind: 'warning', message }),
  };
  runCell(run)
    .then(
      () => tell({ kind: 'done' }),
      (error: unknown) => {
        tell({ kind: 'failed', message: (error as Error).message, elsewhere: isLocked(error) });
        if (!(error instanceof SaliencyMixError) && !stopping.signal.aborted) console.error(error);
      },
    )
    .finally(() => process.connected && process.disconnect());
});
