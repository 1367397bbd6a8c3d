/** Measures the errors of a checkpoint or an ONNX model on a data set. */
import { readFile } from 'node:fs/promises';
import type { Dataset } from '../data/dataset';
import { dataOption } from '../data/datasets';
import { checkSize, resolveSize, sizeOption } from '../data/size';
import { reasonOf, SaliencyMixError } from '../errors';
import { readMetadata } from '../graph/onnx';
import { chooseThreads, threadsOption } from '../native/backends';
import { startOrtWorker } from '../onnx/ort-worker';
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
import { learningOptions } from './train-options';
import type { TrainSettings } from './train-settings';
import { matchClasses, normalised, openTestSplit, scoreOn, type TestResult } from './test-data';
import { Trainer } from './trainer';

const { mean: trainedMean, std: trainedStd } = learningOptions;

export const evaluateOptions = {
  /** A checkpoint (.safetensors) or an ONNX model (.onnx). */
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
  seconds: number;
}

/** An opened model. `settings` are those it was trained with, where its file has them. */
interface Opened {
  settings?: Pick<TrainSettings, 'classes' | 'size' | 'mean' | 'std'>;
  predict(
    images: Float32Array,
    count: number,
    size: readonly number[],
  ): Promise<{ data: Float32Array; classes: number }>;
  close(): Promise<void>;
}

async function openCheckpoint(path: string, threads: number): Promise<Opened> {
  const trainer = await Trainer.resume(path, { threads });
  const { settings } = trainer.notes as Pick<Opened, 'settings'>;
  const { classes } = trainer.model;
  return {
    settings,
    predict: async (images) => ({ data: await trainer.predict(images), classes }),
    close: () => trainer.close(),
  };
}

async function openOnnx(path: string, threads: number): Promise<Opened> {
  const cannot = (error: unknown) => {
    const what = `Cannot open the ONNX model ${path}: ${reasonOf(error)}`;
    throw new SaliencyMixError('MODEL', what, { file: path, cause: error });
  };
  const bytes = await readFile(path).catch(cannot);
  const { notes = '{}' } = readMetadata(bytes);
  const { settings } = JSON.parse(notes) as Pick<Opened, 'settings'>;
  const worker = startOrtWorker();
  const { inputs, outputs } = await worker.add('model', bytes, threads).catch(async (error: unknown) => {
    await worker.close();
    return cannot(error);
  });
  return {
    settings,
    async predict(images, count, [height, width]) {
      const [input, output] = [inputs[0].name, outputs[0].name];
      const given = { [input]: { data: images, shape: [count, 3, height, width] } };
      const results = await worker.run({ model: 'model', inputs: given, outputs: [output] });
      const { data, shape } = results[output];
      if (shape.length !== 2 || shape[0] !== count) {
        const got = `[${shape.join(', ')}] for ${count} images`;
        throw new SaliencyMixError('MODEL', `${path} must give n × classes, but gives ${got}`, {
          file: path,
        });
      }
      return { data, classes: shape[1] };
    },
    close: () => worker.close(),
  };
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

async function scoreOpened(
  opened: Opened,
  dataset: Dataset,
  { model: path, batch, threads, strict, signal: stop, onProgress, ...chosen }: Evaluating,
): Promise<Evaluation> {
  const { settings } = opened;
  const started = Date.now();
  const trainedSize = settings?.size === undefined ? undefined : checkSize(settings.size);
  const { size } = await resolveSize(dataset, chosen.size ?? trainedSize);
  const output = normalised(
    chosen.mean ?? settings?.mean ?? (trainedMean.default as number[]),
    chosen.std ?? settings?.std ?? (trainedStd.default as number[]),
  );
  const classes = settings?.classes ?? dataset.classes;
  const tested = await scoreOn(dataset, {
    size,
    batch,
    output,
    classes: classes.length,
    classNumbers: matchClasses(dataset, classes),
    async predict(images, count) {
      const { data, classes: logits } = await opened.predict(images, count, size);
      checkCount(path, logits, dataset, settings?.classes);
      return data;
    },
    threads: chooseThreads(threads),
    strict,
    signal: stop,
    onProgress: (done) => onProgress?.({ done, total: dataset.length }),
  });
  return { model: path, classes, ...tested, seconds: (Date.now() - started) / 1000 };
}

/**
 * Top-1 and top-5 errors, loss and confusion matrix of a trained model on a data set.
 * @throws (rejects) SaliencyMixError ARGUMENT, CHECKPOINT, MODEL, DATA (no images, other classes); FILE with
 *   `strict`; the signal's reason when aborted
 */
export async function evaluate(given: EvaluateOptions): Promise<Evaluation> {
  const options = parse(evaluateOptions, given, 'evaluate options');
  const { model: path } = options;
  const threads = chooseThreads(options.threads);
  const dataset = await openTestSplit(options.data);
  try {
    const opened = await (/\.onnx$/i.test(path) ? openOnnx(path, threads) : openCheckpoint(path, threads));
    try {
      return await scoreOpened(opened, dataset, options);
    } finally {
      await opened.close();
    }
  } finally {
    await dataset.close();
  }
}
