/**
 * The training loop: in every epoch it mixes each batch and makes a step, then it tests. Random numbers have
 * addresses (seed, epoch, batch, sample) and no state, so a resumed run only has to know its epoch and batch.
 */
import type { Dataset } from '../data/dataset';
import { DeviceBatch } from '../device/batch';
import { SaliencyMixError } from '../errors';
import type { Signal } from '../types';
import { type LearningBatch, learningBatches } from './batches';
import { EpochClock, type Spent } from './epoch-time';
import { mixedLabels } from './hidden-mix';
import type { Metrics } from './metrics';
import { learningRateAt } from './schedule';
import { accuracyOf } from './score';
import { matchClasses, normalised, scoreOn, type TestResult } from './test-data';
import type { TrainProgress } from './train-options';
import type { TrainSettings } from './train-settings';
import type { Trainer } from './trainer';

/** The next batch to train on, both numbers from 0. */
export interface Position {
  epoch: number;
  batch: number;
  /** The time of the epoch until there, where it has begun. */
  spent?: Spent;
}

/** Everything that a training run works with. */
export interface TrainRun {
  settings: TrainSettings;
  trainer: Trainer;
  train: Dataset;
  test?: Dataset;
  metrics: Metrics;
  threads: number;
  /** The backend that mixes. */
  backend: string;
  strict: boolean;
  /** Within an epoch, a checkpoint is written after so many minutes. */
  checkpointMinutes: number;
  signal?: Signal;
  /** For each file that could not be read: the reason. */
  bad: Map<string, string>;
  onProgress(progress: TrainProgress): void;
  /** Called after every epoch, within one every `checkpointMinutes`, and when the run is stopped. */
  saveCheckpoint(position: Position, tested?: TestResult): Promise<void>;
}

/** The number of steps, which is that of batches, in an epoch. */
export const stepsPerEpoch = ({ data, batch }: TrainSettings): number => Math.ceil(data.images / batch);

/** Mean over all steps of an epoch, with those of an earlier run. */
function meanOf(metrics: Metrics, epoch: number, what: 'loss' | 'accuracy'): number {
  const own = metrics.steps.filter((step) => step.epoch === epoch);
  return own.reduce((sum, step) => sum + step[what], 0) / own.length;
}

/** Images per second since a time of performance.now(). */
const rateOf = (images: number, since: number) => (1000 * images) / Math.max(1, performance.now() - since);

/** What the speed is computed from; times are those of performance.now(). */
interface Pace {
  /** When this run began or resumed the epoch. */
  readonly began: number;
  /** When the step before ended. */
  step: number;
  /** Images since `began`. */
  images: number;
}

/** One step: its batch, and what there was before. */
interface Learning {
  epoch: number;
  batch: LearningBatch;
  pace: Pace;
  /** The step before, whose metrics come first. */
  before: Promise<void>;
}

/** Begins a step at once, and when it is done reports its metrics and progress. */
async function learn(run: TrainRun, { epoch, batch, pace, before }: Learning): Promise<void> {
  const { trainer, settings, metrics } = run;
  const { images, labels, hidden, clean } = batch;
  const perEpoch = stepsPerEpoch(settings);
  const done = epoch * perEpoch + batch.batch;
  const learningRate = learningRateAt(settings, done, perEpoch);
  const progress = done / (settings.epochs * perEpoch);
  const beside = clean && { ...clean, weight: settings.cleanWeight as number };
  // The number is read before the next step can end.
  const made = trainer
    .step({ images, labels, hidden, beside, learningRate, progress })
    .then((result) => ({ ...result, step: trainer.steps }));
  // The step keeps them until it has ended.
  for (const one of [images, clean?.images]) if (one instanceof DeviceBatch) one.free();
  const [, { step, loss, logits }] = await Promise.all([before, made]);
  const classes = settings.classes.length;
  const count = labels.length / classes;
  const imagesPerSecond = rateOf(count, pace.step);
  pace.images += count;
  pace.step = performance.now();
  const accuracy = accuracyOf(logits, mixedLabels(labels, hidden, classes), classes);
  await metrics.step({ step, epoch: epoch + 1, loss, accuracy, learningRate, imagesPerSecond });
  keepBad(run, batch.bad);
  run.onProgress({
    phase: 'train',
    epoch: epoch + 1,
    epochs: settings.epochs,
    done: Math.min((batch.batch + 1) * settings.batch, settings.data.images),
    total: settings.data.images,
    loss,
    accuracy,
    imagesPerSecond: rateOf(pace.images, pace.began),
    top1Error: metrics.epochs.at(-1)?.top1Error,
  });
}

function keepBad(run: TrainRun, bad: LearningBatch['bad']): void {
  for (const { file, reason } of bad) run.bad.set(file, reason);
}

/**
 * Makes a step of each batch; `at` is kept at the next one. While a step runs the next one waits with its batch, and the
 * batch after that is loaded and mixed: so the trainer waits for nobody, unless mixing takes longer than steps.
 */
async function learnBatches(
  run: TrainRun,
  at: Position,
  batches: AsyncGenerator<LearningBatch, void, undefined>,
  clock: EpochClock,
): Promise<void> {
  const pace: Pace = { began: performance.now(), step: performance.now(), images: 0 };
  let kept = pace.began;
  /** The last step that was begun. */
  let running = Promise.resolve();
  try {
    let next = batches.next();
    for (let current = await next; !current.done; current = await next) {
      const batch = current.value;
      next = batches.next();
      next.catch(() => undefined); // where `next` is awaited it throws; until then it must not count as unhandled
      const before = running;
      running = learn(run, { epoch: at.epoch, batch, pace, before }).then(() => {
        at.batch = batch.batch + 1;
      });
      running.catch(() => undefined); // likewise
      await before;
      const isDue = performance.now() - kept >= 60_000 * run.checkpointMinutes;
      if (!isDue && !run.signal?.aborted) continue;
      await running; // a checkpoint has the steps that `at` tells
      run.signal?.throwIfAborted();
      await run.saveCheckpoint({ ...at, spent: clock.spent });
      kept = performance.now();
    }
    await running;
  } finally {
    await Promise.allSettled([running]);
  }
  run.signal?.throwIfAborted();
}

/** Trains on the rest of an epoch; gives the share in which the trainer waited for steps. */
async function learnEpoch(run: TrainRun, at: Position, clock: EpochClock): Promise<number> {
  const { train, trainer, settings, threads, backend, strict } = run;
  const leaving = new AbortController();
  const onSkipped = (bad: LearningBatch['bad']) => keepBad(run, bad);
  // On a graphics card batches stay where they are mixed and learned.
  const onDevice = trainer.provider === backend && trainer.provider !== 'cpu';
  const saliencyOf = trainer.saliency.bind(trainer);
  const options = { threads, backend, onDevice, strict, signal: leaving.signal, saliencyOf, onSkipped };
  const batches = learningBatches(train, settings, { epoch: at.epoch, from: at.batch }, options);
  try {
    await learnBatches(run, at, batches, clock);
    return clock.idle;
  } finally {
    leaving.abort();
    await batches.return();
  }
}

/** Scores the model on the test data. */
function testNow(run: TrainRun, test: Dataset, epoch: number): Promise<TestResult> {
  const { settings, trainer, threads, strict, signal } = run;
  const { size, testResize, classes, mean, std, epochs } = settings;
  const started = performance.now();
  return scoreOn(test, {
    size,
    testResize,
    batch: trainer.settings.batch,
    output: normalised(mean, std),
    classes: classes.length,
    classNumbers: matchClasses(test, classes),
    predict: (images) => trainer.predict(images),
    threads,
    strict,
    signal,
    onProgress(done) {
      const imagesPerSecond = rateOf(done, started);
      run.onProgress({ phase: 'test', epoch: epoch + 1, epochs, done, total: test.length, imagesPerSecond });
    },
  });
}

/** After the last step of an epoch: tests, then writes the metrics of the epoch and a checkpoint. */
async function endEpoch(run: TrainRun, epoch: number, clock: EpochClock, idle: number): Promise<void> {
  const { trainer, metrics, test } = run;
  const tested = test && (await testNow(run, test, epoch));
  const done = epoch + 1;
  const { seconds, saliencySeconds } = clock.spent;
  await metrics.epoch({
    epoch: done,
    step: trainer.steps,
    loss: meanOf(metrics, done, 'loss'),
    accuracy: meanOf(metrics, done, 'accuracy'),
    top1Error: tested?.top1Error ?? NaN,
    top5Error: tested?.top5Error ?? NaN,
    testLoss: tested?.loss ?? NaN,
    seconds,
    idle,
    saliencySeconds,
  });
  keepBad(run, tested?.bad ?? []);
  await run.saveCheckpoint({ epoch: done, batch: 0 }, tested);
}

/** Trains from a position to the end. If the signal stops it, it writes a checkpoint after its last step. */
export async function trainFrom(run: TrainRun, start: Position): Promise<void> {
  const at = { epoch: start.epoch, batch: start.batch };
  let clock = new EpochClock(run.trainer, start.spent);
  try {
    while (at.epoch < run.settings.epochs) {
      const idle = await learnEpoch(run, at, clock);
      await endEpoch(run, at.epoch, clock, idle);
      at.epoch++;
      at.batch = 0;
      clock = new EpochClock(run.trainer);
    }
  } catch (error) {
    // After a step that failed the next one may have been made, of which `at` does not tell.
    const isFailure = error instanceof SaliencyMixError && error.code === 'TRAINING';
    if (run.signal?.aborted && !isFailure) await run.saveCheckpoint({ ...at, spent: clock.spent });
    throw error;
  }
}
