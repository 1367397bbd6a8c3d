/** What decides a training run's numbers. Written to run.json and the checkpoint; a resumed run must agree with it. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import type { Dataset } from '../data/dataset';
import { checkSize, resolveSize } from '../data/size';
import type { Size } from '../data/codec';
import { createOptimizer, type OptimizerOptions } from '../graph/optimizers';
import type { MixerOptions } from '../mix/options';
import { createModel, type ModelOptions, models } from '../models/index';
import type { Model } from '../models/model';
import { decidingOptions, fingerprint } from '../run/data-identity';
import type { ScheduleSettings } from './schedule';
import { learningNames, resolveLearning, type TrainOptions } from './train-options';

interface DataSettings {
  path: string;
  format: string;
  images: number;
  fingerprint: string;
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

/** Small images have small objects: they keep their detail at first, and are shifted by what is usual for CIFAR. */
const SMALL = 64;

/** The model's own options among those given; one that it does not take is refused by name. */
function modelOf(learning: Learning, classes: number, [height, width]: Size): Model {
  const { model: name, stem, ...rest } = learning;
  const options: Record<string, unknown> = { classes };
  for (const option of ['width', 'block', 'layers', 'depth', 'widen', 'dropout'] as const) {
    if (rest[option] !== undefined) options[option] = rest[option];
  }
  const byItself = stem === 'auto' && !models[name].takes.includes('stem');
  if (!byItself)
    options.stem = stem === 'auto' ? (Math.max(height, width) <= SMALL ? 'cifar' : 'imagenet') : stem;
  return createModel(name, options as unknown as ModelOptions);
}

function optimizerOf({ optimizer: name, momentum, nesterov, weightDecay }: Learning): OptimizerOptions {
  const given =
    name === 'sgd'
      ? {
          name,
          momentum: momentum ?? 0.9,
          nesterov: nesterov ?? (momentum ?? 0.9) > 0,
          weightDecay: weightDecay ?? 5e-4,
        }
      : {
          name,
          weightDecay,
          ...(momentum === undefined ? {} : { momentum }),
          ...(nesterov === undefined ? {} : { nesterov }),
        };
  return createOptimizer(JSON.parse(JSON.stringify(given))).options;
}

const described = ({
  path,
  format,
  length,
  ...dataset
}: Dataset & { fingerprint: string }): DataSettings => ({
  path,
  format,
  images: length,
  fingerprint: dataset.fingerprint,
});

/** Everything that is not given, from the data and the table. */
export async function settle(
  given: TrainOptions,
  { learning, mixer }: ReturnType<typeof checkTrainOptions>,
  train: Dataset,
  test: Dataset | undefined,
): Promise<{ settings: TrainSettings; model: Model }> {
  const { size } = await resolveSize(train, given.size);
  const model = modelOf(learning, train.classes.length, size);
  const { epochs, learningRate, schedule, gamma, warmup, labelSmoothing, flip, mean, std, seed } = learning;
  const identified = (dataset: Dataset) => described({ ...dataset, fingerprint: fingerprint(dataset) });
  const settings: TrainSettings = {
    data: identified(train),
    test: test ? identified(test) : null,
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
