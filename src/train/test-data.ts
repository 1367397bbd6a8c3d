/** Test images: opens them, matches their classes with the model's, and scores a model on them. */
import { openData, type Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { className } from '../data/datasets/names';
import { SaliencyMixError } from '../errors';
import { createMixer } from '../mix/mixer';
import type { OutputFormat, Signal } from '../types';
import { Scorer, type Score } from './score';

/** The form of a model's input: float32 NCHW, normalised per channel. */
export const normalised = (mean: readonly number[], std: readonly number[]): OutputFormat => ({
  layout: 'NCHW',
  dtype: 'float32',
  mean,
  std,
});

/** Opens the split test (or val) of a data set; all of it where it has no splits. */
export async function openTestSplit(options: OpenOptions): Promise<Dataset> {
  if (options.split !== undefined) return openData(options);
  try {
    return await openData({ ...options, split: 'test' });
  } catch (error) {
    const other = await openData({ ...options, split: 'train' }).catch(() => undefined);
    await other?.close();
    if (other) throw error; // there is only a split train, which is not tested on unless it is asked for
    return openData(options);
  }
}

/**
 * Opens the data to test on: what was asked for, else the split test (or val) of the training data; nothing for
 * false.
 * @throws (rejects) SaliencyMixError DATA where there is none, with what to do
 */
export async function openTest(
  data: OpenOptions,
  test: OpenOptions | false | undefined,
): Promise<Dataset | undefined> {
  if (test === false) return undefined;
  if (test !== undefined) return openTestSplit(test);
  const { path } = data;
  try {
    return await openData({ ...data, split: 'test' });
  } catch (error) {
    const advice = 'name other data to test on (--test), or train without (--no-test)';
    throw new SaliencyMixError('DATA', `${path} has no images to test on: ${advice}`, {
      file: path,
      cause: error,
    });
  }
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

export interface ScoreOptions {
  size: readonly [height: number, width: number];
  batch: number;
  output: OutputFormat;
  /** Number of the model's classes. */
  classes: number;
  /** For each class of the data, its number in the model. */
  classNumbers: readonly number[];
  predict: (images: Float32Array, count: number) => Promise<Float32Array>;
  threads: number;
  strict?: boolean;
  signal?: Signal;
  onProgress?: (images: number) => void;
}

export interface TestResult extends Score {
  /** Files that could not be read, and the data's other problems. They are not part of the score. */
  bad: { file: string; reason: string }[];
}

/** Scores a model on all images of a data set. */
export async function scoreOn(dataset: Dataset, options: ScoreOptions): Promise<TestResult> {
  const { size, batch, output, classes, classNumbers, predict, threads, strict, signal, onProgress } =
    options;
  const scorer = new Scorer(classes);
  const converter = createMixer({ method: 'none', classes: dataset.classes.length, threads });
  const bad: TestResult['bad'] = dataset.problems.map(({ file, reason }) => ({ file, reason }));
  if (strict && bad.length > 0) {
    throw new SaliencyMixError('FILE', `${bad[0].file}: ${bad[0].reason}`, { file: bad[0].file });
  }
  let done = 0;
  const onBad = strict ? 'throw' : 'skip';
  for await (const { images, labels, holes } of dataset.batches({
    size,
    batch,
    shuffle: false,
    onBad,
    signal,
  })) {
    const { images: pixels } = await converter.mix(images, labels, { output, signal });
    const logits = await predict(pixels.data as Float32Array, labels.length);
    scorer.add(
      logits,
      Array.from(labels, (label) => classNumbers[label]),
    );
    bad.push(...holes.map(({ id, error }) => ({ file: id, reason: error.message })));
    done += labels.length + holes.length;
    onProgress?.(done);
  }
  return { ...scorer.score, bad };
}
