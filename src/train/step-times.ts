/** How long steps of training take, and mixing by itself: with the batches, the mixer and the trainer of a run, but without its files. */
import type { Batch } from '../data/batches';
import { type Dataset, requireClasses } from '../data/dataset';
import { DeviceBatch } from '../device/batch';
import { SaliencyMixError } from '../errors';
import { chooseThreads } from '../native/backends';
import { saliency } from '../saliency/index';
import type { Signal } from '../types';
import { batchMixer, type LearningBatch, learningBatches } from './batches';
import { stepsPerEpoch } from './loop';
import { learningRateAt } from './schedule';
import { openTrainingData } from './test-data';
import { mixingBackend } from './train';
import type { TrainOptions } from './train-options';
import { parseTraining, resolveSettings, type Training, type TrainSettings } from './train-settings';
import { Trainer } from './trainer';

type Given = Omit<TrainOptions, 'out'>;

/** A run whose steps are timed. */
interface Timed {
  training: Training;
  settings: TrainSettings;
}

interface Made {
  runs: readonly Timed[];
  trainer: Trainer;
  data: Dataset;
  threads: number;
  /** All that could be trained on, where only some of each class are. */
  images: number;
  /** That is mixed by itself. */
  batch: Batch;
  close: () => Promise<void>;
}

const seconds = (since: number) => (performance.now() - since) / 1000;

/** A batch is mixed so often for one time, since it takes less than a millisecond. */
const MIXINGS = 16;

/**
 * Several runs that differ in how they mix, on the same data. One network learns from all of them in turn: how long a step takes
 * does not depend on what was learned.
 */
export class StepTimer {
  readonly #made: Made;
  /** Batches that were mixed by themselves: each gets a number of its own, so other draws. */
  #mixed = 0;

  private constructor(made: Made) {
    this.#made = made;
  }

  /**
   * @throws (rejects) SaliencyMixError DATA for data without two whole batches; else what `train` does
   */
  static async open(given: readonly Given[]): Promise<StepTimer> {
    const trainings = given.map((one) => parseTraining({ ...one, out: '.' }));
    const [first] = trainings;
    const opened = await openTrainingData(first, requireClasses);
    const { train: data, images } = opened;
    let trainer: Trainer | undefined;
    const close = async () => {
      await trainer?.close();
      await opened.close();
    };
    try {
      const resolved = [];
      for (const training of trainings)
        resolved.push({ training, ...(await resolveSettings(training, data, undefined)) });
      const [{ settings, model }] = resolved;
      if (Math.floor(data.length / settings.batch) < 2)
        throw new SaliencyMixError(
          'DATA',
          `${data.path} has ${data.length} images to train on: times take two whole batches of ${first.batch} or more`,
          { file: data.path },
        );
      const { provider, engine, convolution, precision, seed } = first;
      const threads = chooseThreads(first.threads);
      const { batch, size: image, optimizer } = settings;
      const how = { provider, engine, convolution, precision, threads, seed };
      trainer = await Trainer.create(model, { batch, image, optimizer, ...how });
      const loaded = await firstBatch(data, settings);
      return new StepTimer({ runs: resolved, trainer, data, images, threads, batch: loaded, close });
    } catch (error) {
      await close();
      throw error;
    }
  }

  get settings(): TrainSettings {
    return this.#made.runs[0].settings;
  }

  /** Of an epoch of all data: of each class all. */
  get images(): number {
    return this.#made.images;
  }

  get threads(): number {
    return this.#made.threads;
  }

  get arithmetic(): Trainer['arithmetic'] {
    return this.#made.trainer.arithmetic;
  }

  /** Seconds of one step of a run: the mean of at most `count`, after one that is not timed, of whole batches. */
  async step(run: number, { epoch, count, signal }: { epoch: number; count: number; signal?: Signal }) {
    const { settings, training } = this.#made.runs[run];
    const whole = Math.floor(this.#made.data.length / settings.batch);
    const leaving = new AbortController();
    const backend = mixingBackend(training, settings);
    const onDevice = this.#made.trainer.provider === backend && backend !== 'cpu';
    const saliencyOf = this.#made.trainer.saliency.bind(this.#made.trainer);
    const how = { threads: this.#made.threads, backend, onDevice, strict: false, saliencyOf };
    const batches = learningBatches(
      this.#made.data,
      settings,
      { epoch, from: 0 },
      { ...how, signal: leaving.signal },
    );
    const ended: number[] = [];
    let running = Promise.resolve();
    try {
      // As in training, the next batch is loaded and mixed while a step runs, and waits for it to end.
      let next = batches.next();
      for (let i = 0; i < Math.min(whole, count + 1); i++) {
        const current = await next;
        if (current.done) break;
        next = batches.next();
        next.catch(() => undefined); // where `next` is awaited it throws
        const before = running;
        running = this.#learn(settings, current.value).then(() => void ended.push(performance.now()));
        running.catch(() => undefined); // likewise
        await before;
        signal?.throwIfAborted();
      }
      await running;
    } finally {
      await Promise.allSettled([running]);
      leaving.abort();
      await batches.return();
    }
    return (ended[ended.length - 1] - ended[0]) / 1000 / (ended.length - 1);
  }

  async #learn(settings: TrainSettings, { images, labels, hidden, clean }: LearningBatch): Promise<void> {
    const learningRate = learningRateAt(settings, 0, stepsPerEpoch(settings));
    const beside = clean && { ...clean, weight: settings.cleanWeight as number };
    const made = this.#made.trainer.step({ images, labels, hidden, beside, learningRate, progress: 0 });
    for (const one of [images, clean?.images]) if (one instanceof DeviceBatch) one.free();
    await made;
  }

  /** Seconds in which a run mixes one batch that is in memory, into what the network takes; with nothing beside it. */
  async mixing(run: number, signal?: Signal): Promise<number> {
    const { settings, training } = this.#made.runs[run];
    const backend = mixingBackend(training, settings);
    const saliencyOf = this.#made.trainer.saliency.bind(this.#made.trainer);
    const mix = batchMixer(settings, { threads: this.#made.threads, backend }, saliencyOf);
    const { images, labels, masks, slots } = this.#made.batch;
    const at = () => ({ epoch: 0, batch: this.#mixed++, slots, signal });
    await mix({ images, labels, masks }, at());
    const began = performance.now();
    for (let i = 0; i < MIXINGS; i++) await mix({ images, labels, masks }, at());
    return seconds(began) / MIXINGS;
  }

  /** Seconds of the saliency maps of the first `count` images of a batch, of all unless given. */
  async saliency(count = this.#made.batch.images.shape[0]): Promise<number> {
    const { data, shape } = this.#made.batch.images;
    const [, ...others] = shape;
    const each = data.length / shape[0];
    const images = { data: data.subarray(0, count * each), shape: [count, ...others] as typeof shape };
    await saliency(images, { threads: this.#made.threads });
    const began = performance.now();
    for (let i = 0; i < MIXINGS; i++) await saliency(images, { threads: this.#made.threads });
    return seconds(began) / MIXINGS;
  }

  close(): Promise<void> {
    return this.#made.close();
  }
}

async function firstBatch(data: Dataset, { size, batch, seed, augment }: TrainSettings): Promise<Batch> {
  for await (const loaded of data.batches({ size, batch, seed, augment, onBad: 'skip' })) return loaded;
  throw new SaliencyMixError('DATA', `${data.path} has no image that can be read`, { file: data.path });
}
