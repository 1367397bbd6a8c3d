/** Progress on standard error: a bar on a terminal, one line per second elsewhere. */
import { percent } from '../report/figures';
import type { TrainProgress } from '../train/train-options';
import { Bar } from './bar';

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
  const shown = new Bar(process.stderr, 40);
  return {
    update(done, total, before) {
      const speed = rate(done - before, start);
      shown.draw({ done, total, after: `${done} of ${total} images${speed && ` | ${speed}`}` });
    },
    stop: () => shown.end(),
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

/** What is said of the moment besides how far it is. */
function said({ phase, loss, accuracy, imagesPerSecond, top1Error }: TrainProgress): string {
  const speed = `${Math.round(imagesPerSecond)} images/s`;
  if (phase === 'test') return speed;
  const error =
    top1Error === undefined || Number.isNaN(top1Error) ? '' : ` | test error ${percent(top1Error, 1)}`;
  return `loss ${loss?.toFixed(3)} | accuracy ${percent(accuracy ?? Number.NaN, 1)} | ${speed}${error}`;
}

/** A bar of its own for each epoch, and for each test. */
function trainBar(): TrainLine {
  let shown: Bar | undefined;
  let at = '';
  return {
    update(progress) {
      const { phase, epoch, epochs, done, total } = progress;
      if (at !== `${phase}${epoch}`) {
        shown?.end();
        shown = new Bar(process.stderr, 24);
        at = `${phase}${epoch}`;
      }
      const before = `${phase === 'train' ? 'epoch' : 'test '} ${epoch}/${epochs} `;
      shown?.draw({ done, total, before, after: `${done}/${total} | ${said(progress)}` });
    },
    stop: () => shown?.end(),
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
