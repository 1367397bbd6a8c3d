/** Measures how a trained network fares beside clean images: attacked, occluded, and in how sure it is of what it says. */
import * as check from '../../check';
import type { Dataset } from '../../data/dataset';
import { partOf } from '../../data/holdout';
import { SaliencyMixError } from '../../errors';
import { custom, namedList, type OptionsOf, parse, type Parsed, required, whole } from '../../option';
import { permutation, Purpose } from '../../rng';
import { ErrorCount, type Errors } from '../score';
import { type GivenModel, type Scored, type Scoring, scoringOptions, withScoring } from '../scoring';
import { type BadFiles, testBatches } from '../test-data';
import { Trainer } from '../trainer';
import { type MeasureName, measureNames, measureOptions, type MeasureResults, measures } from './index';
import type { Meter } from './measure';
import { pixelsOf, subjectOf } from './subject';

export const robustnessOptions = {
  /**
   * A checkpoint or weights (.safetensors), or a Trainer, which stays open; or an ONNX model (.onnx), of which the measures
   * that need gradients cannot be had.
   */
  model: required(
    custom((value, argument): GivenModel => {
      if (value instanceof Trainer || (typeof value === 'string' && value.length > 0)) return value;
      throw check.invalid(argument, 'a path or a Trainer', value);
    }),
  ),
  /** All unless given. */
  measures: namedList(measureNames, { about: 'what is measured; all unless given' }),
  ...measureOptions,
  /** They are drawn from all classes. */
  limit: whole(1, { about: 'so many of the images, drawn at random; all unless given' }),
  seed: whole(0, { default: 0, about: 'of what is drawn at random' }),
  ...scoringOptions,
};

export type RobustnessOptions = OptionsOf<typeof robustnessOptions>;
type Measuring = Parsed<typeof robustnessOptions>;

/** The errors on clean images, and what each measure found on the same ones. */
export interface Robustness extends Partial<MeasureResults> {
  /** Path of the model; of a trainer the name of its network. */
  model: string;
  images: number;
  clean: Omit<Errors, 'images'>;
  seed: number;
  /** Class names, in the order of the logits. */
  classes: readonly string[];
  /** Files that could not be read, and the data's other problems. They are not part of the figures. */
  bad: BadFiles;
  /** What else the user should know about how the data was read, one line each. */
  notices: readonly string[];
  seconds: number;
  /** As `evaluate` says it. */
  scored?: Scored;
}

/** Which images are measured, as positions in the data; all of them unless there is a limit. */
function drawn(dataset: Dataset, { limit, seed }: Measuring): Uint32Array | undefined {
  if (limit === undefined || limit >= dataset.length) return undefined;
  const order = permutation(dataset.length, seed, Purpose.subset, { epoch: 0, batch: 0 });
  return order.subarray(0, limit).toSorted();
}

function checkGradients({ classifier, model }: Scoring, asked: readonly MeasureName[]): void {
  const needing = asked.filter((name) => measures[name].needsGradients);
  if (needing.length === 0 || classifier.gradients) return;
  const others = measureNames.filter((name) => !measures[name].needsGradients);
  const what = `${model} is an ONNX model, of which there are no gradients here; ${needing.join(' and ')} need them`;
  const advice = `give checkpoint.safetensors of the training, or leave them out (--measures ${others.join(',')})`;
  throw new SaliencyMixError('MODEL', `${what}: ${advice}`, { file: model, argument: 'measures' });
}

/** Progress in images: of a batch that is not done, the share that its runs of the network are of all its runs. */
function progressOf(total: number, passes: number, tell: Measuring['onProgress']) {
  let before = 0;
  let passed = 0;
  return {
    pass: (count: number) => {
      passed++;
      tell?.({ done: before + Math.floor(Math.min(passed / passes, 1) * count), total });
    },
    images: (done: number) => {
      [before, passed] = [done, 0];
      tell?.({ done, total });
    },
  };
}

/** Goes through the images once, with all measures. */
async function goThrough(scoring: Scoring, options: Measuring, names: readonly MeasureName[]) {
  const { batch, strict, signal, onProgress } = options;
  const chosen = drawn(scoring.dataset, options);
  const dataset = chosen ? partOf(scoring.dataset, [...chosen]) : scoring.dataset;
  const passes = names.reduce((sum, name) => sum + measures[name].passes(options), 1);
  const progress = progressOf(dataset.length, passes, onProgress);
  let count = 0;
  const subject = subjectOf(scoring, () => {
    signal?.throwIfAborted();
    progress.pass(count);
  });
  const begun = (name: MeasureName): Meter<unknown> => measures[name].begin(subject, options);
  const meters = names.map((name) => [name, begun(name)] as const);
  const clean = new ErrorCount(subject.classes);
  const bad: BadFiles = [];
  const { size, testResize, classNumbers } = scoring;
  const how = { size, testResize, batch, classNumbers, strict, signal, onProgress: progress.images };
  for await (const { images, numbers, positions } of testBatches(dataset, how, bad)) {
    count = numbers.length;
    const pixels = pixelsOf(images, subject.layout);
    const values = subject.normalised(pixels);
    const logits = await subject.predict(values, count);
    clean.add(logits, numbers);
    const places = chosen ? positions.map((position) => chosen[position]) : positions;
    for (const [, meter] of meters) await meter.add({ pixels, values, logits, numbers, positions: places });
  }
  const results: Partial<MeasureResults> = Object.fromEntries(
    meters.map(([name, meter]) => [name, meter.result]),
  );
  return { clean: clean.errors, results, bad };
}

async function measured(scoring: Scoring, options: Measuring): Promise<Robustness> {
  const { measures: names = measureNames, seed } = options;
  const { model, classes, dataset, scored } = scoring;
  checkGradients(scoring, names);
  const started = Date.now();
  const { clean, results, bad } = await goThrough(scoring, options, names);
  const { images, ...errors } = clean;
  const seconds = (Date.now() - started) / 1000;
  const { notices } = dataset;
  return {
    model,
    images,
    clean: errors,
    ...results,
    seed,
    classes,
    bad,
    notices,
    seconds,
    ...(scored && { scored }),
  };
}

/**
 * Calibration, and top-1 and top-5 errors under attacks and occlusion, of a trained model on a data set. What is drawn at
 * random depends on the seed and on where an image stands in the data, not on `batch` or `threads`.
 * @throws (rejects) SaliencyMixError as `evaluate`; MODEL also where a measure needs gradients that the model has not
 */
export async function robustness(given: RobustnessOptions): Promise<Robustness> {
  const options = parse(robustnessOptions, given, 'robustness options');
  return withScoring(options, (scoring) => measured(scoring, options));
}
