/** What decides a training run's numbers. Written to run.json and the checkpoint; a resumed run must agree with it. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { checkSize, resolveSize } from '../data/size';
import type { Size } from '../data/codec';
import { createOptimizer, type OptimizerOptions } from '../graph/optimizers';
import type { MixerOptions } from '../mix/options';
import { createModel, modelNames, type ModelOptions, models } from '../models/index';
import type { Model } from '../models/model';
import { decidingOptions, fingerprint } from '../run/data-identity';
import type { ScheduleSettings } from './schedule';
import { learningNames, resolveLearning, type TrainOptions } from './train-options';

interface DataSettings {
  path: string;
  format: string;
  images: number;
  fingerprint: string;
  /** Of the drawn data set, whose images the fingerprint does not tell. */
  demo?: OpenOptions['demo'];
}

/** Plain data, every value present. */
export interface TrainSettings extends ScheduleSettings {
  data: DataSettings;
  test: DataSettings | null;
  classes: readonly string[];
  size: Size;
  model: { name: string; options: Readonly<Record<string, unknown>> };
  mixer: MixerOptions;
  batch: number;
  optimizer: OptimizerOptions;
  labelSmoothing: number;
  augment: { crop: number; flip: boolean };
  mean: readonly number[];
  std: readonly number[];
  seed: number;
}

export type Learning = ReturnType<typeof resolveLearning>;

const NAMES = [
  'data',
  'test',
  'out',
  'size',
  'mixer',
  'mode',
  'checkpointMinutes',
  'strict',
  'signal',
  'onProgress',
  ...learningNames,
];

/** Checks every option before anything is opened or written. */
export function checkTrainOptions(given: TrainOptions) {
  const options = check.options(given, NAMES, 'train options');
  const learning = resolveLearning(options);
  if (given.size !== undefined) checkSize(given.size);
  const mixer = check.options(given.mixer, Object.keys(given.mixer ?? {}), 'mixer') as MixerOptions;
  for (const name of ['seed', 'threads', 'classes'] as const) {
    if (mixer[name] !== undefined)
      throw check.invalid(`mixer.${name}`, `nothing (the run has ${name} of its own)`, mixer[name]);
  }
  const threads = learning.threads ?? availableParallelism();
  decidingOptions({ ...mixer, seed: learning.seed }, 2);
  return {
    out: check.text(given.out, 'out'),
    mode: check.name(given.mode ?? 'new', ['new', 'resume', 'force'] as const, 'mode'),
    checkpointMinutes: check.number(given.checkpointMinutes ?? 10, 'checkpointMinutes', 0, Number.MAX_VALUE),
    strict: check.boolean(given.strict ?? false, 'strict'),
    signal: check.signal(given.signal),
    learning,
    mixer,
    threads,
  };
}

/** Longest side of images that are treated as CIFAR's are: the stem keeps their size, and crops shift by 4 pixels. */
const SMALL = 64;

/** Options of any model; the number of classes is the data's, and the stem has a default of its own. */
const MODEL_OPTIONS = new Set(modelNames.flatMap((name): readonly string[] => models[name].takes));
for (const name of ['classes', 'stem']) MODEL_OPTIONS.delete(name);

/** The model's own options among those given; one that it does not take is refused by name. */
function createModelFor(learning: Learning, classes: number, [height, width]: Size): Model {
  const { model: name, stem } = learning;
  const given: Record<string, unknown> = { ...learning };
  const options: Record<string, unknown> = { classes };
  for (const option of MODEL_OPTIONS) if (given[option] !== undefined) options[option] = given[option];
  const byItself = stem === 'auto' && !models[name].takes.includes('stem');
  if (!byItself)
    options.stem = stem === 'auto' ? (Math.max(height, width) <= SMALL ? 'cifar' : 'imagenet') : stem;
  return createModel(name, options as unknown as ModelOptions);
}

/** Options that the optimizer does not take are refused by it, by name. */
function optimizerOf({ optimizer: name, momentum, nesterov, weightDecay }: Learning): OptimizerOptions {
  const given: Record<string, unknown> = { name, weightDecay };
  if (name === 'sgd') {
    given.momentum = momentum ?? 0.9;
    given.nesterov = nesterov ?? given.momentum !== 0;
    given.weightDecay ??= 5e-4;
  } else {
    if (momentum !== undefined) given.momentum = momentum;
    if (nesterov !== undefined) given.nesterov = nesterov;
  }
  return createOptimizer(given).options;
}

function identified(dataset: Dataset, given: TrainOptions['data']): DataSettings {
  const { path, format, length } = dataset;
  const demo = typeof given === 'object' && given.demo ? { demo: given.demo } : undefined;
  return { path, format, images: length, fingerprint: fingerprint(dataset), ...demo };
}

/** Everything that is not given, from the data and the table. */
export async function settle(
  given: TrainOptions,
  { learning, mixer }: ReturnType<typeof checkTrainOptions>,
  train: Dataset,
  test: Dataset | undefined,
): Promise<{ settings: TrainSettings; model: Model }> {
  const { size } = await resolveSize(train, given.size);
  const model = createModelFor(learning, train.classes.length, size);
  const { epochs, learningRate, schedule, gamma, warmup, labelSmoothing, flip, mean, std, seed } = learning;
  const settings: TrainSettings = {
    data: identified(train, given.data),
    test: test ? identified(test, given.test || given.data) : null,
    classes: train.classes,
    size,
    model: { name: model.name, options: model.options },
    mixer: decidingOptions({ ...mixer, seed }, train.classes.length),
    epochs,
    batch: Math.min(learning.batch, train.length),
    learningRate,
    schedule,
    milestones: learning.milestones ?? [0.3, 0.6, 0.8].map((share) => share * epochs),
    gamma,
    warmup,
    optimizer: optimizerOf(learning),
    labelSmoothing,
    augment: { crop: learning.crop ?? (Math.max(...size) <= SMALL ? 4 : 0), flip },
    mean,
    std,
    seed,
  };
  return { settings, model };
}
