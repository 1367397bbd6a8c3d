/** The options of a training run: one table that the checks, the command line and the README's table are made from. */
import * as check from '../check';
import { flag, list, named, type Option, real, whole } from '../option';
import { type SizeOption } from '../data/size';
import type { OpenOptions } from '../data/datasets/format';
import { type OptimizerOptions, optimizerNames } from '../graph/optimizers';
import type { MixerOptions } from '../mix/options';
import { type ModelName, modelNames, type ModelOptions } from '../models/index';
import type { Mode } from '../run/out-folder';
import { type Provider, providers } from './options';
import { type ScheduleName, scheduleNames, schedules } from './schedule';

/** What decides how a model learns; every one is optional. */
export interface LearningOptions extends Omit<ModelOptions, 'classes' | 'stem'> {
  model?: ModelName;
  stem?: 'auto' | 'cifar' | 'imagenet';
  epochs?: number;
  batch?: number;
  learningRate?: number;
  schedule?: ScheduleName;
  milestones?: readonly number[];
  gamma?: number;
  warmup?: number;
  optimizer?: OptimizerOptions['name'];
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
  labelSmoothing?: number;
  crop?: number;
  flip?: boolean;
  mean?: readonly number[];
  std?: readonly number[];
  seed?: number;
  provider?: Provider;
  threads?: number;
}

export interface TrainOptions extends LearningOptions {
  /** A folder, a tar, CIFAR's binary files, 'demo', or options of openDataset. */
  data: string | OpenOptions;
  /** What is tested after every epoch: the same forms; the split test or val of `data` unless given; false for nothing. */
  test?: string | OpenOptions | false;
  out: string;
  /** 'auto' unless given: the images' own size where they share one, else 224. */
  size?: SizeOption;
  /** Options of the mixer; its seed and threads are those of the run. */
  mixer?: Omit<MixerOptions, 'seed' | 'threads' | 'classes'>;
  /** new unless given. */
  mode?: Mode;
  /** A checkpoint is written after every epoch, and within one after so many minutes; 10 unless given. */
  checkpointMinutes?: number;
  /** Stop at the first bad file; unless given, bad files are reported and left out. */
  strict?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: TrainProgress) => void;
}

export interface TrainProgress {
  phase: 'train' | 'test';
  /** From 1. */
  epoch: number;
  epochs: number;
  /** Images of the epoch, or of the test, that are done. */
  done: number;
  total: number;
  /** Of the last step; absent while testing. */
  loss?: number;
  accuracy?: number;
  imagesPerSecond: number;
  /** Of the last test. */
  top1Error?: number;
}

const most = Number.MAX_VALUE;
const inSchedules = scheduleNames.map((name) => `${name}: ${schedules[name].summary}`).join('; ');

export const learningTable: {
  [K in keyof Required<LearningOptions>]: Option<NonNullable<LearningOptions[K]>>;
} = {
  model: named(modelNames, 'the network', 'resnet20'),
  stem: named(['auto', 'cifar', 'imagenet'], 'how it begins: auto is cifar up to 64 pixels', 'auto'),
  width: whole(1, 'channels of the first stage (resnets)'),
  block: named(['basic', 'bottleneck'], 'of `resnet`'),
  layers: list('numbers', 'blocks per stage of `resnet`', (one, name) => check.integer(one, name, 1)),
  depth: whole(10, '6n + 4, of `wrn`; 28 unless given'),
  widen: whole(1, 'of `wrn`; 10 unless given'),
  dropout: real('0 … 0.99', [0, 0.99], 'of `wrn`; the paper’s is 0.3'),
  epochs: whole(1, 'passes over the data', 200, 0xffff),
  batch: whole(1, 'images of a step; pairs are drawn within it', 128),
  learningRate: { ...real('number > 0', [0, most, 'open'], 'the full rate', 0.1), alias: 'lr' },
  schedule: named(scheduleNames, inSchedules, 'steps'),
  milestones: list('epochs', 'of `steps`; 0.3, 0.6 and 0.8 of all unless given', (one, name) =>
    check.number(one, name, 0, most),
  ),
  gamma: real('0 … 1', [0, 1, 'open'], 'of `steps`: what the rate is multiplied with', 0.2),
  warmup: real('epochs', [0, most], 'over which the rate rises', 0),
  optimizer: named(optimizerNames, 'as PyTorch has them', 'sgd'),
  momentum: real('0 … 1', [0, 1], 'of `sgd`; 0.9 unless given'),
  nesterov: flag('of `sgd`; true unless given'),
  weightDecay: real('0 … 1', [0, 1], '5e-4 unless given; of `adamw` 0.01'),
  labelSmoothing: real('0 … 0.99', [0, 0.99], 'this share of every label goes to all classes alike', 0),
  crop: whole(0, 'shift by up to so many pixels, zeros coming in; 4 up to 64 pixels, else 0, unless given'),
  flip: flag('mirror with a chance of one half', true),
  mean: list('3 numbers', 'per channel, of [0, 1]', (one, name) => check.number(one, name, 0, 1), {
    count: 3,
    byDefault: [0.485, 0.456, 0.406],
  }),
  std: list('3 numbers > 0', 'per channel', (one, name) => check.number(one, name, 0, 1, 'open'), {
    count: 3,
    byDefault: [0.229, 0.224, 0.225],
  }),
  seed: whole(0, 'of every random choice', 0),
  provider: named(providers, 'where ONNX Runtime computes', 'cpu'),
  threads: whole(1, 'all processors unless given', undefined, 1024),
};

export const learningNames = Object.keys(learningTable) as (keyof LearningOptions)[];

/** Given options checked, and the table's defaults where there are any. */
export function resolveLearning(given: Record<string, unknown>) {
  const entries = learningNames.map((name) => {
    const value = given[name];
    return [name, value === undefined ? learningTable[name].default : learningTable[name].check(value, name)];
  });
  type Defaulted =
    | 'model'
    | 'stem'
    | 'epochs'
    | 'batch'
    | 'learningRate'
    | 'schedule'
    | 'gamma'
    | 'warmup'
    | 'optimizer'
    | 'labelSmoothing'
    | 'flip'
    | 'mean'
    | 'std'
    | 'seed'
    | 'provider';
  return Object.fromEntries(entries) as LearningOptions & Required<Pick<LearningOptions, Defaulted>>;
}
