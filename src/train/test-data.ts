/** Test images: opens them, matches their classes with the model's, and scores a model on them. */
import type { Batch } from '../data/batches';
import { openData, type Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { className } from '../data/datasets/names';
import { SaliencyMixError } from '../errors';
import { fingerprint } from '../run/data-identity';
import { createMixer } from '../mix/mixer';
import { invalid } from '../check';
import type { FailedItem } from '../data/fill';
import { firstOfEach, heldOut, othersThan, partOf } from '../data/holdout';
import { classNumbersOf } from '../data/load';
import type { Parsed } from '../option';
import { counted } from '../report/figures';
import type { trainOptions } from './train-options';
import type { OutputFormat, Signal } from '../types';
import { Scorer, type Score } from './score';

/** The form of a model's input: float32 NCHW, normalised per channel. */
export const normalised = (
  mean: readonly number[],
  std: readonly number[],
): OutputFormat<'float32'> & { dtype: 'float32' } => ({
  layout: 'NCHW',
  dtype: 'float32',
  mean,
  std,
});

/** The splits to test on, in the order in which they are looked for. */
export const TEST_SPLITS = ['test', 'val'];

/**
 * Opens the split test of a data set, or val where there is no test; undefined where it has neither. Only of data that
 * has splits: asked for one, classes of such names would be taken for splits.
 */
async function openSplitToTest(options: OpenOptions): Promise<Dataset | undefined> {
  for (const split of TEST_SPLITS) {
    try {
      return await openData({ ...options, split });
    } catch (error) {
      if (!(error instanceof SaliencyMixError) || error.argument !== 'split') throw error;
    }
  }
  return undefined;
}

/**
 * Opens the split test (or val) of a data set; all of it where it has no splits. A split train is not tested on unless
 * it is asked for.
 */
export const openTestSplit = (options: OpenOptions): Promise<Dataset> =>
  openData({ ...options, prefer: TEST_SPLITS });

/** The data of a training run: what is trained on, and what is tested on after every epoch. */
export interface TrainingData {
  train: Dataset;
  test?: Dataset;
  /** The share that is held out to test on, and the fingerprint of all images; where it is. */
  holdout?: { share: number; fingerprint: string };
}

/** Held out of data without splits, unless another share is asked for. */
const SHARE = 0.1;

/**
 * Finds the data to test on: what was asked for, else a share of the data that is held out, where that was asked
 * for or the data has no splits, else its split test (or val); nothing for false, or a share of 0.
 * @throws (rejects) SaliencyMixError ARGUMENT for both; DATA where there is none, with what to do
 */
export async function trainingData(
  whole: Dataset,
  { data, test, holdout }: Pick<Parsed<typeof trainOptions>, 'data' | 'test' | 'holdout'>,
): Promise<TrainingData> {
  if (test !== undefined) {
    if (holdout) throw invalid('holdout', 'nothing beside other data to test on, or --no-test', holdout);
    return test === false ? { train: whole } : { train: whole, test: await openTestSplit(test) };
  }
  if (holdout === 0) return { train: whole };
  const split = holdout === undefined && whole.splits ? await openSplitToTest(data) : undefined;
  if (split) return { train: whole, test: split };
  const share = holdout ?? (whole.splits === undefined ? SHARE : 0);
  const held = share > 0 ? heldOut(whole.items, share) : [];
  if (held.length === 0) {
    const advice = 'name other data to test on (--test), or train without (--no-test)';
    const isLeft = whole.splits === undefined ? '' : ', or hold out a share of its images (--holdout 0.1)';
    throw new SaliencyMixError('DATA', `${whole.path} has no images to test on: ${advice}${isLeft}`, {
      file: whole.path,
    });
  }
  return {
    train: partOf(whole, othersThan(held, whole.length)),
    test: partOf(whole, held),
    holdout: { share, fingerprint: fingerprint(whole) },
  };
}

/** The data of a training run, opened. */
export interface OpenedData extends TrainingData {
  /** All of it. */
  whole: Dataset;
  /** Images that could be trained on, of which `train` may have the first of each class alone. */
  images: number;
  close(): Promise<void>;
}

/**
 * Opens the data of a training run, as trainingData finds it, and of each class its first images where so few are asked for.
 * @param check what is asked of the whole first: it throws where that is not so
 */
export async function openTrainingData(
  options: Pick<Parsed<typeof trainOptions>, 'data' | 'test' | 'holdout' | 'perClass'>,
  check: (whole: Dataset) => void = () => undefined,
): Promise<OpenedData> {
  const whole = await openData(options.data);
  try {
    check(whole);
    const used = await trainingData(whole, options);
    const { train, test } = used;
    const close = async () => {
      await whole.close();
      await test?.close();
    };
    const { perClass } = options;
    const part = perClass === undefined ? train : firstOfEach(train, perClass);
    return { ...used, train: part, whole, images: train.length, close };
  } catch (error) {
    await whole.close();
    throw error;
  }
}

/** What is said of test images whose labels name several classes, as those of mixed images do; undefined where there are none. */
export function severalClassesNotice({ items, path }: Dataset): string | undefined {
  const mixed = items.filter(({ soft }) => soft?.every((weight) => weight < 1)).length;
  if (mixed === 0) return undefined;
  const share = mixed === items.length ? 'The' : `${counted(mixed, 'image')} of the`;
  return `${share} test images of ${path} have labels of several classes, as mixed images have: the one with most weight counts as right, so the error is not that on real images`;
}

/**
 * For each class of the test data, its number in the model; −1 for a class without images that the model does
 * not know.
 * @throws SaliencyMixError DATA for a class that the model does not know
 */
export function matchClasses(test: Dataset, classes: readonly string[]): number[] {
  const numbers = new Map(classes.map((name, number) => [className(name), number]));
  return test.classes.map((name, label) => {
    const number = numbers.get(className(name)) ?? -1;
    if (number >= 0 || !test.items.some((item) => item.label === label)) return number;
    const known = `${classes.slice(0, 5).join(', ')}${classes.length > 5 ? ', …' : ''}`;
    throw new SaliencyMixError(
      'DATA',
      `${test.path} has the class "${name}", which the model was not trained on (its ${classes.length} classes: ${known})`,
      { file: test.path },
    );
  });
}

/** How a data set is gone through. */
export interface TestOptions {
  size: readonly [height: number, width: number];
  /** The length that the shorter side is resized to before `size` is cropped; they just cover that unless given. */
  testResize?: number;
  batch: number;
  /** For each class of the data, its number in the model. */
  classNumbers: readonly number[];
  strict?: boolean;
  signal?: Signal;
  onProgress?: (images: number) => void;
}

export interface ScoreOptions extends TestOptions {
  output: OutputFormat;
  /** Number of the model's classes. */
  classes: number;
  predict: (images: Float32Array, count: number) => Promise<Float32Array>;
  threads: number;
}

/** Files that could not be read, and the data's other problems. They are not part of the score. */
export type BadFiles = { file: string; reason: string }[];

export interface TestResult extends Score {
  bad: BadFiles;
}

export interface TestBatch extends Pick<Batch, 'images' | 'labels'> {
  /** The class of each image, as the model numbers them. */
  numbers: readonly number[];
  /** Where each image stands in the data set. */
  positions: readonly number[];
}

/**
 * All images of a data set in their order.
 * @param bad what could not be read is added to it
 * @throws (rejects) SaliencyMixError FILE where `strict` is asked for and a file is bad
 */
export async function* testBatches(
  dataset: Dataset,
  { size, testResize: resize, batch, classNumbers, strict, signal, onProgress }: TestOptions,
  bad: BadFiles,
): AsyncGenerator<TestBatch, void, undefined> {
  bad.push(...dataset.problems.map(({ file, reason }) => ({ file, reason })));
  if (strict && bad.length > 0) {
    throw new SaliencyMixError('FILE', `${bad[0].file}: ${bad[0].reason}`, { file: bad[0].file });
  }
  let done = 0;
  const onBad = strict ? 'throw' : 'skip';
  const onSkipped = (holes: FailedItem[]) => {
    bad.push(...holes.map(({ id, error }) => ({ file: id, reason: error.message })));
    done += holes.length;
  };
  const all = dataset.batches({ size, resize, batch, shuffle: false, onBad, onSkipped, signal });
  for await (const { images, labels, holes, slots, batch: number } of all) {
    const numbers = Array.from(
      classNumbersOf(labels, dataset.classes.length),
      (label) => classNumbers[label],
    );
    const positions = Array.from(slots.of, (slot) => number * batch + slot);
    yield { images, labels, numbers, positions };
    onSkipped(holes);
    done += numbers.length;
    onProgress?.(done);
  }
}

/** Scores a model on all images of a data set. */
export async function scoreOn(dataset: Dataset, options: ScoreOptions): Promise<TestResult> {
  const { output, classes, predict, threads, signal } = options;
  const scorer = new Scorer(classes);
  const converter = createMixer({ method: 'none', classes: dataset.classes.length, threads });
  const bad: BadFiles = [];
  for await (const { images, labels, numbers } of testBatches(dataset, options, bad)) {
    const { images: pixels } = await converter.mix(images, labels, { output, signal });
    scorer.add(await predict(pixels.data as Float32Array, numbers.length), numbers);
  }
  return { ...scorer.score, bad };
}
