/** A trained model and the images to score it on: found, opened, and matched with each other. */
import { resolve } from 'node:path';
import { invalid } from '../check';
import type { Size } from '../data/codec';
import { type Dataset, requireClasses } from '../data/dataset';
import { dataOption } from '../data/datasets';
import { heldOut, partOf } from '../data/holdout';
import { checkResize, checkSize, resolveSize, sizeOption, testResizeOption } from '../data/size';
import { SaliencyMixError } from '../errors';
import { chooseThreads, threadsOption } from '../native/backends';
import { abortSignal, callback, flag, optional, type Parsed, required, text, whole } from '../option';
import { fingerprint } from '../run/data-identity';
import type { Classifier, Trained } from './classifier';
import { openOnnx } from './onnx-classifier';
import { classifierOf, openSaved } from './saved-classifier';
import { matchClasses, openTestSplit } from './test-data';
import { learningOptions } from './train-options';
import type { Trainer } from './trainer';

const { mean: trainedMean, std: trainedStd } = learningOptions;

export const scoredResizeOption = testResizeOption(
  'the shorter side of images before `size` is cropped about their centre; as trained unless given, and for another size they just cover it',
);

/**
 * The length that the shorter side is resized to: the one that was asked for, else as it was trained, for the size that it was
 * trained with.
 * @throws SaliencyMixError ARGUMENT where that does not cover the size
 */
export function testResizeFor(
  size: Size,
  asked: number | undefined,
  { size: trained, testResize }: Trained = {},
): number | undefined {
  const own =
    trained?.join() === size.join() && (testResize ?? 0) >= Math.max(...size) ? testResize : undefined;
  checkResize(asked, size, 'testResize');
  return asked ?? own;
}

/** What all that score a model on data are told. */
export const scoringOptions = {
  /** The data set. Unless a split is given, its split test or val is taken where there is one. */
  data: required(dataOption),
  /**
   * Size, mean and standard deviation are those that the model was trained with, unless given. Where its file
   * does not have them: 'auto', and those of ImageNet.
   */
  size: sizeOption('pixels of a side or HEIGHTxWIDTH; as trained unless given'),
  testResize: scoredResizeOption,
  mean: optional(trainedMean, 'per channel, of [0, 1]; as trained unless given'),
  std: optional(trainedStd, 'per channel; as trained unless given'),
  /** 128 unless given. */
  batch: whole(1, { default: 128, about: 'images at once' }),
  /** Which of the outputs of an ONNX model the logits are; needed where its shapes and names do not tell. */
  logits: text('name', { about: 'which output of an ONNX model, where several could be the logits' }),
  threads: threadsOption('all processors unless given'),
  strict: flag({ default: false, about: 'stop at the first bad file, with exit code 1' }),
  signal: abortSignal(),
  onProgress: callback<(progress: { done: number; total: number }) => void>(),
};

/** A model as a file, or as a trainer, which stays open. */
export type GivenModel = string | Trainer;
export type ScoringSettings = Parsed<typeof scoringOptions> & { model: GivenModel };

/** Which images of the data that was trained on are scored: those that training has held out; all, of other data without splits. */
export type Scored = 'held out' | 'all';

/** What is scored, and on what. */
export interface Scoring {
  classifier: Classifier;
  /** In words: its path, or the name of a trainer's network. */
  model: string;
  dataset: Dataset;
  scored?: Scored;
  size: Size;
  testResize?: number;
  mean: readonly number[];
  std: readonly number[];
  /** Class names, in the order of the logits. */
  classes: readonly string[];
  /** For each class of the data, its number in the model. */
  classNumbers: readonly number[];
  /** Logits, of images as the classifier takes them; checked. */
  predict(images: Float32Array, count: number): Promise<Float32Array>;
}

/** @throws SaliencyMixError MODEL, CHECKPOINT; ARGUMENT for an option that is of another kind of file */
async function openClassifier(
  { model, logits, threads }: ScoringSettings,
  { classes }: Dataset,
): Promise<Classifier> {
  const isOnnx = typeof model === 'string' && /\.onnx$/i.test(model);
  if (logits !== undefined && !isOnnx)
    throw invalid('logits', 'nothing (only an ONNX model has outputs with names)', logits);
  if (typeof model !== 'string') return classifierOf(model);
  const count = chooseThreads(threads);
  return isOnnx
    ? openOnnx(model, { threads: count, logits, classes: classes.length })
    : openSaved(model, count);
}

/**
 * Checks that there is a logit per class: per class of the model where its file names them, else of the data.
 */
function checkCount(
  path: string,
  logits: number,
  dataset: Dataset,
  known: readonly string[] | undefined,
): void {
  const count = (known ?? dataset.classes).length;
  if (logits === count) return;
  const message = `${path} tells ${logits} classes apart, but ${dataset.path} has ${count}`;
  throw new SaliencyMixError('DATA', message, { file: dataset.path });
}

const bySide = ([height, width]: readonly unknown[]) => `${String(height)} × ${String(width)}`;

/** The size that was asked for, else the one that the model's input is fixed to, else as it was trained. */
async function sizeFor(
  { fixed: [height, width], settings }: Classifier,
  dataset: Dataset,
  path: string,
  asked: ScoringSettings['size'],
): Promise<Size> {
  const trained = settings?.size === undefined ? undefined : checkSize(settings.size);
  const side = height ?? width;
  const own = side === undefined ? trained : checkSize([height ?? side, width ?? side]);
  const { size } = await resolveSize(dataset, asked ?? own);
  const fits = (height ?? size[0]) === size[0] && (width ?? size[1]) === size[1];
  if (fits) return size;
  const only = `${path} takes images of ${bySide([height ?? 'any', width ?? 'any'])} pixels only`;
  throw new SaliencyMixError('MODEL', `${only}, not of ${bySide(size)}: leave --size (size) out`, {
    file: path,
    argument: 'size',
  });
}

/** Of two numbers of which one is NaN none is larger: such an image would count as right. */
function checkNumbers(path: string, values: Float32Array): void {
  if (!values.some(Number.isNaN)) return;
  const what = `${path} gives values that are no numbers (NaN): its weights are not finite, or its numbers overflow (float16)`;
  throw new SaliencyMixError('MODEL', `${what}; export it as float32, and see --mean and --std`, {
    file: path,
  });
}

/**
 * The images to score: of the data that training has held out a share of, those, where the model's file says so. Data
 * without splits is the same where its path is, although files were added; a split only where its files are.
 */
export function imagesToScore(
  dataset: Dataset,
  { settings }: Pick<Classifier, 'settings'>,
): { part: Dataset; scored?: Scored } {
  const { holdout, data } = settings ?? {};
  const hasSplits = dataset.split !== undefined;
  const isSame =
    holdout?.fingerprint === fingerprint(dataset) ||
    (!hasSplits && data !== undefined && resolve(data.path) === resolve(dataset.path));
  if (holdout && isSame)
    return { part: partOf(dataset, heldOut(dataset.items, holdout.share)), scored: 'held out' };
  return hasSplits ? { part: dataset } : { part: dataset, scored: 'all' };
}

async function match(
  classifier: Classifier,
  opened: Dataset,
  { model: given, mean, std, size: asked, testResize }: ScoringSettings,
): Promise<Scoring> {
  const model = typeof given === 'string' ? given : given.model.name;
  const { settings } = classifier;
  const { part: dataset, scored } = imagesToScore(opened, classifier);
  const size = await sizeFor(classifier, dataset, model, asked);
  const classes = settings?.classes ?? dataset.classes;
  return {
    classifier,
    model,
    dataset,
    scored,
    size,
    testResize: testResizeFor(size, testResize, settings),
    mean: mean ?? settings?.mean ?? (trainedMean.default as number[]),
    std: std ?? settings?.std ?? (trainedStd.default as number[]),
    classes,
    classNumbers: matchClasses(dataset, classes),
    async predict(images, count) {
      const { data, classes: logits } = await classifier.predict(images, count, size);
      checkCount(model, logits, dataset, settings?.classes);
      checkNumbers(model, data);
      return data;
    },
  };
}

/**
 * Opens data and model, does some work with them, and closes them.
 * @throws (rejects) SaliencyMixError ARGUMENT, CHECKPOINT, MODEL, DATA (no images, other classes)
 */
export async function withScoring<T>(
  settings: ScoringSettings,
  work: (scoring: Scoring) => Promise<T>,
): Promise<T> {
  const dataset = await openTestSplit(settings.data);
  try {
    requireClasses(dataset);
    const classifier = await openClassifier(settings, dataset);
    try {
      return await work(await match(classifier, dataset, settings));
    } finally {
      await classifier.close();
    }
  } finally {
    await dataset.close();
  }
}
