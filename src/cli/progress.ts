/** Progress on standard error: a bar on a terminal, one line per second elsewhere. */
import { SingleBar } from 'cli-progress';

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
