/** Measures the errors of a checkpoint, of weights, or of an ONNX model on a data set. */
import { resolve } from 'node:path';
import { invalid } from '../check';
import type { Size } from '../data/codec';
import { type Dataset, requireClasses } from '../data/dataset';
import { heldOut, partOf } from '../data/holdout';
import { fingerprint } from '../run/data-identity';
import { dataOption } from '../data/datasets';
import { checkSize, resolveSize, sizeOption } from '../data/size';
import { SaliencyMixError } from '../errors';
import { chooseThreads, threadsOption } from '../native/backends';
import {
  abortSignal,
  callback,
  flag,
  optional,
  type OptionsOf,
  parse,
  type Parsed,
  required,
  text,
  whole,
} from '../option';
import type { Classifier } from './classifier';
import { openOnnx } from './onnx-classifier';
import { openSaved } from './saved-classifier';
import { matchClasses, normalised, openTestSplit, scoreOn, type TestResult } from './test-data';
import { learningOptions } from './train-options';

const { mean: trainedMean, std: trainedStd } = learningOptions;

export const evaluateOptions = {
  /** A checkpoint or weights (.safetensors), or an ONNX model (.onnx). */
  model: required(text('path')),
  /** The data set. Unless a split is given, its split test or val is taken where there is one. */
  data: required(dataOption),
  /**
   * Size, mean and standard deviation are those that the model was trained with, unless given. Where its file
   * does not have them: 'auto', and those of ImageNet.
   */
  size: sizeOption('pixels of a side or HEIGHTxWIDTH; as trained unless given'),
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

export type EvaluateOptions = OptionsOf<typeof evaluateOptions>;
type Evaluating = Parsed<typeof evaluateOptions>;

/** The errors of a model, and what they were measured on. */
export interface Evaluation extends TestResult {
  /** Path of the model. */
  model: string;
  /** Class names, in the order of the logits. */
  classes: readonly string[];
  /** What else the user should know about how the data was read, one line each. */
  notices: readonly string[];
  seconds: number;
  /** Which images of the data that was trained on were scored: those that training has held out; all, of other data without splits. */
  scored?: 'held out' | 'all';
}

/** @throws SaliencyMixError MODEL, CHECKPOINT; ARGUMENT for an option that is of another kind of file */
function openClassifier(options: Evaluating, { classes }: Dataset): Promise<Classifier> {
  const { model: path, logits } = options;
  const threads = chooseThreads(options.threads);
  if (/\.onnx$/i.test(path)) return openOnnx(path, { threads, logits, classes: classes.length });
  if (logits !== undefined)
    throw invalid('logits', 'nothing (only an ONNX model has outputs with names)', logits);
  return openSaved(path, threads);
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
  { model: path, size: asked }: Evaluating,
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
): { part: Dataset; scored?: Evaluation['scored'] } {
  const { holdout, data } = settings ?? {};
  const hasSplits = dataset.split !== undefined;
  const isSame =
    holdout?.fingerprint === fingerprint(dataset) ||
    (!hasSplits && data !== undefined && resolve(data.path) === resolve(dataset.path));
  if (holdout && isSame)
    return { part: partOf(dataset, heldOut(dataset.items, holdout.share)), scored: 'held out' };
  return hasSplits ? { part: dataset } : { part: dataset, scored: 'all' };
}

async function scoreOpened(
  classifier: Classifier,
  opened: Dataset,
  options: Evaluating,
): Promise<Evaluation> {
  const { part: dataset, scored } = imagesToScore(opened, classifier);
  const { model: path, batch, threads, strict, signal: stop, onProgress, ...chosen } = options;
  const { settings, layout } = classifier;
  const started = Date.now();
  const size = await sizeFor(classifier, dataset, options);
  const output = normalised(
    chosen.mean ?? settings?.mean ?? (trainedMean.default as number[]),
    chosen.std ?? settings?.std ?? (trainedStd.default as number[]),
  );
  const classes = settings?.classes ?? dataset.classes;
  const tested = await scoreOn(dataset, {
    size,
    batch,
    output: { ...output, layout },
    classes: classes.length,
    classNumbers: matchClasses(dataset, classes),
    async predict(images, count) {
      const { data, classes: logits } = await classifier.predict(images, count, size);
      checkCount(path, logits, dataset, settings?.classes);
      checkNumbers(path, data);
      return data;
    },
    threads: chooseThreads(threads),
    strict,
    signal: stop,
    onProgress: (done) => onProgress?.({ done, total: dataset.length }),
  });
  const { notices } = dataset;
  const seconds = (Date.now() - started) / 1000;
  return { model: path, classes, ...tested, notices, seconds, ...(scored && { scored }) };
}

/**
 * Top-1 and top-5 errors, loss and confusion matrix of a trained model on a data set.
 * @throws (rejects) SaliencyMixError ARGUMENT, CHECKPOINT, MODEL, DATA (no images, other classes); FILE with
 *   `strict`; the signal's reason when aborted
 */
export async function evaluate(given: EvaluateOptions): Promise<Evaluation> {
  const options = parse(evaluateOptions, given, 'evaluate options');
  const dataset = await openTestSplit(options.data);
  try {
    requireClasses(dataset);
    const classifier = await openClassifier(options, dataset);
    try {
      return await scoreOpened(classifier, dataset, options);
    } finally {
      await classifier.close();
    }
  } finally {
    await dataset.close();
  }
}
