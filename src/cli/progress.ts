/** Progress on standard error: a bar on a terminal, one line per second elsewhere. */
import { percent } from '../report/figures';
import type { TrainProgress } from '../train/train-options';
import { Bar } from './bar';

export interface ProgressLine {
  update(done: number, total: number, before: number): void;
  stop(): void;
}

/** Images per second since `start`, as text; '' in the first moments. */
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

/**
 * Progress of training: a bar per epoch on a terminal, elsewhere a line every ten seconds and at the end of an
 * epoch.
 */
export interface TrainLine {
  update(progress: TrainProgress): void;
  stop(): void;
}

/** Loss, accuracy, speed and the last test error, as text. */
function statusText({ phase, loss, accuracy, imagesPerSecond, top1Error }: TrainProgress): string {
  const speed = `${Math.round(imagesPerSecond)} images/s`;
  if (phase === 'test') return speed;
  const error =
    top1Error === undefined || Number.isNaN(top1Error) ? '' : ` | test error ${percent(top1Error, 1)}`;
  return `loss ${loss?.toFixed(3)} | accuracy ${percent(accuracy ?? Number.NaN, 1)} | ${speed}${error}`;
}

/** Each epoch and each test has its own bar. */
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
      shown?.draw({ done, total, before, after: `${done}/${total} | ${statusText(progress)}` });
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
        `${phase === 'train' ? 'epoch' : 'test'} ${epoch}/${epochs}: ${done} of ${total} images, ${statusText(progress)}`,
      );
    },
    stop: () => undefined,
  };
}

export const trainLine = (): TrainLine => (process.stderr.isTTY ? trainBar() : trainLines());
