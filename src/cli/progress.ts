/** Progress on standard error: a bar on a terminal, one line per second elsewhere. */
import { SingleBar } from 'cli-progress';
import type { TrainProgress } from '../train/train-options';

export interface ProgressLine {
  update(done: number, total: number, before: number): void;
  stop(): void;
}

/** What has been done since `start` per second; what an earlier run did does not count. */
function rate(done: number, start: number): string {
  const seconds = (Date.now() - start) / 1000;
  return seconds > 0.2 ? `${Math.round(done / seconds)} images/s` : '';
}

function bar(): ProgressLine {
  const start = Date.now();
  const shown = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} images | {rate} | {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stream: process.stderr,
  });
  let running = false;
  return {
    update(done, total, before) {
      if (!running) shown.start(total, before, { rate: '' });
      running = true;
      shown.update(done, { rate: rate(done - before, start) });
    },
    stop: () => shown.stop(),
  };
}

function lines(): ProgressLine {
  const start = Date.now();
  let last = start;
  return {
    update(done, total, before) {
      if (Date.now() - last < 1000) return;
      last = Date.now();
      console.error(`${done} of ${total} images, ${rate(done - before, start)}`);
    },
    stop: () => undefined,
  };
}

export const progressLine = (): ProgressLine => (process.stderr.isTTY ? bar() : lines());

/** A bar per epoch on a terminal, with loss, accuracy and speed; elsewhere a line every ten seconds and one per epoch. */
export interface TrainLine {
  update(progress: TrainProgress): void;
  stop(): void;
}

const percent = (share: number | undefined) =>
  share === undefined || Number.isNaN(share) ? '' : `${(100 * share).toFixed(1)} %`;

/** What is said of the moment besides how far it is. */
function said({ phase, loss, accuracy, imagesPerSecond, top1Error }: TrainProgress): string {
  const speed = `${Math.round(imagesPerSecond)} images/s`;
  if (phase === 'test') return speed;
  const error = percent(top1Error);
  return `loss ${loss?.toFixed(3)} | accuracy ${percent(accuracy)} | ${speed}${error && ` | test error ${error}`}`;
}

function trainBar(): TrainLine {
  const shown = new SingleBar({
    format: '{phase} {epoch}/{epochs} {bar} {value}/{total} | {said} | {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
  });
  let at = '';
  return {
    update(progress) {
      const { phase, epoch, epochs, done, total } = progress;
      const words = { phase: phase === 'train' ? 'epoch' : 'test ', epoch, epochs, said: said(progress) };
      if (at === `${phase}${epoch}`) shown.update(done, words);
      else shown.start(total, done, words);
      at = `${phase}${epoch}`;
    },
    stop: () => shown.stop(),
  };
}

const SECONDS_BETWEEN_LINES = 10;

function trainLines(): TrainLine {
  let last = Date.now();
  return {
    update(progress) {
      const { phase, epoch, epochs, done, total } = progress;
      const due = Date.now() - last >= 1000 * SECONDS_BETWEEN_LINES || (phase === 'train' && done === total);
      if (!due) return;
      last = Date.now();
      console.error(
        `${phase === 'train' ? 'epoch' : 'test'} ${epoch}/${epochs}: ${done} of ${total} images, ${said(progress)}`,
      );
    },
    stop: () => undefined,
  };
}

export const trainLine = (): TrainLine => (process.stderr.isTTY ? trainBar() : trainLines());
