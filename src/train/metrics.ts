/**
 * Writes the metrics of a run: metrics.jsonl, with a line per step and per epoch, and TensorBoard's event
 * files.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';
import { eventFileHeader, eventFileName, scalarEvent, textEvent } from '../report/events';
import { settingsMarkdown } from '../report/settings';
import type { TrainingRun } from '../report/training-run';
import { writeError, writeWhole } from '../run/files';

export const METRICS = 'metrics.jsonl';

type StepLine = TrainingRun['steps'][number];
type EpochLine = TrainingRun['epochs'][number] & { testLoss: number };
type Line = ({ kind: 'step' } & StepLine) | ({ kind: 'epoch' } & EpochLine);

/** How many steps and epochs the checkpoint has from which a run is resumed. */
export interface RunCounts {
  steps: number;
  epochs: number;
}

/** The numbers in each kind of line. */
const FIELDS: { readonly [K in Line['kind']]: readonly string[] } = {
  step: ['step', 'epoch', 'loss', 'accuracy', 'learningRate', 'imagesPerSecond'],
  epoch: [
    'step',
    'epoch',
    'loss',
    'accuracy',
    'top1Error',
    'top5Error',
    'testLoss',
    'seconds',
    'idle',
    'saliencySeconds',
  ],
};
/** What lines of earlier versions lack. */
const LATER: ReadonlySet<string> = new Set(['idle', 'saliencySeconds']);

/** A line as it was written; undefined for anything else. JSON has no NaN: it is written as null, for an epoch that was not tested. */
function lineIn(text: string): Line | undefined {
  try {
    const line = JSON.parse(text, (_, value: unknown) => (value === null ? NaN : value)) as Record<
      string,
      unknown
    >;
    const { kind } = line;
    if (kind !== 'step' && kind !== 'epoch') return undefined;
    const numbers = FIELDS[kind].map((name) => [name, line[name] ?? (LATER.has(name) ? NaN : undefined)]);
    const isWhole = numbers.every(([, value]) => typeof value === 'number');
    return isWhole ? ({ kind, ...Object.fromEntries(numbers) } as Line) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws (rejects) SaliencyMixError OUTPUT for a file that cannot be read, or a line that no run has written */
async function earlierLines(path: string): Promise<Line[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw new SaliencyMixError('OUTPUT', `Cannot read ${path}: ${reasonOf(error)}`, {
      file: path,
      cause: error,
    });
  });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1); // a killed run may leave an incomplete last line
  return whole.split('\n').flatMap((one, i) => {
    if (one === '') return [];
    const line = lineIn(one);
    if (line) return [line];
    const advice =
      'take the file from a copy, or delete it: the run goes on, and its report begins where it is resumed';
    throw new SaliencyMixError('OUTPUT', `${path} is damaged in line ${i + 1}: ${advice}`, { file: path });
  });
}

const now = () => Date.now() / 1000;

export class Metrics {
  readonly steps: StepLine[] = [];
  readonly epochs: EpochLine[] = [];
  readonly #lines: string;
  readonly #events: string;

  private constructor(out: string, lines: readonly Line[]) {
    this.#lines = join(out, METRICS);
    this.#events = join(out, eventFileName(now(), hostname(), process.pid));
    for (const line of lines) this.#keep(line);
  }

  /** Opens the metrics of a new or resumed run. Lines of an earlier run after `done` are removed. */
  static async open(out: string, done: RunCounts, settings: object): Promise<Metrics> {
    const path = join(out, METRICS);
    const kept = (await earlierLines(path)).filter((line) =>
      line.kind === 'step' ? line.step <= done.steps : line.epoch <= done.epochs,
    );
    await writeWhole(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const metrics = new Metrics(out, kept);
    const markdown = settingsMarkdown(settings as Record<string, unknown>);
    await metrics.#append(metrics.#events, eventFileHeader(now(), done.steps + 1));
    await metrics.#append(
      metrics.#events,
      textEvent({ wallTime: now(), step: done.steps, tag: 'settings', markdown }),
    );
    return metrics;
  }

  #keep({ kind, ...line }: Line): void {
    if (kind === 'step') this.steps.push(line as StepLine);
    else this.epochs.push(line as EpochLine);
  }

  async #append(path: string, bytes: Uint8Array | string): Promise<void> {
    await appendFile(path, bytes).catch((error: unknown) => {
      throw writeError(path, error);
    });
  }

  async #add(line: Line, scalars: Record<string, number>): Promise<void> {
    this.#keep(line);
    await this.#append(this.#lines, `${JSON.stringify(line)}\n`);
    await this.#append(this.#events, scalarEvent({ wallTime: now(), step: line.step, scalars }));
  }

  step(line: StepLine): Promise<void> {
    const { loss, accuracy, learningRate, imagesPerSecond } = line;
    return this.#add(
      { kind: 'step', ...line },
      {
        'train/loss': loss,
        'train/accuracy': accuracy,
        'train/learning_rate': learningRate,
        'speed/images_per_second': imagesPerSecond,
      },
    );
  }

  epoch(line: EpochLine): Promise<void> {
    const { top1Error, top5Error, testLoss, idle } = line;
    const tested = { 'test/top1_error': top1Error, 'test/top5_error': top5Error, 'test/loss': testLoss };
    const scalars = { 'speed/idle': idle, ...(Number.isFinite(top1Error) ? tested : {}) };
    return this.#add({ kind: 'epoch', ...line }, scalars);
  }
}
