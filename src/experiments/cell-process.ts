/** A process that trains one cell for another one: it is sent what to train, and sends how far it is. */
import { SaliencyMixError } from '../errors';
import type { TrainProgress } from '../train/train-options';
import { type CellRun, runCell } from './run-cell';

export type CellRequest = Pick<CellRun, 'experiment' | 'scale' | 'cell' | 'out'>;

export type CellMessage =
  | { kind: 'progress'; progress: TrainProgress }
  | { kind: 'warning'; message: string }
  | { kind: 'done' }
  | { kind: 'failed'; code?: string; message: string; stopped: boolean };

const tell = (message: CellMessage) => process.send?.(message);

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
        const { message, code } = error as SaliencyMixError;
        tell({ kind: 'failed', code, message, stopped: stopping.signal.aborted });
        if (!(error instanceof SaliencyMixError) && !stopping.signal.aborted) console.error(error);
      },
    )
    .finally(() => process.disconnect?.());
});
