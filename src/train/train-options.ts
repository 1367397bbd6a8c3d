/**
 * The options of a training run. Their type, checks, command line and documentation are all made from these
 * tables.
 */
import * as check from '../check';
import { dataOption } from '../data/datasets';
import type { DatasetSummary } from '../data/describe';
import type { OpenOptions } from '../data/datasets/format';
import { sizeOption } from '../data/size';
import { type CheckedMixerOptions, type MixerOptions, mixerOptions } from '../mix/options';
import {
  abortSignal,
  callback,
  checked,
  custom,
  named,
  type OptionsOf,
  real,
  required,
  text,
  whole,
} from '../option';
import { ignoreDatesOption, strictOption } from '../run/data-options';
import { modes } from '../run/out-folder';
import type { Warn } from '../warning';
import { singleOptions } from './learning-options';
import { recipeNames, recipes } from './recipes';

export interface TrainProgress {
  phase: 'train' | 'test';
  /** From 1. */
  epoch: number;
  epochs: number;
  /** Images of the epoch or of the test that are done, out of `total`. */
  done: number;
  total: number;
  /** Loss and accuracy (0 to 1, on mixed labels) of the last step; undefined while testing. */
  loss?: number;
  accuracy?: number;
  imagesPerSecond: number;
  /** Error of the last test, 0 to 1. */
  top1Error?: number;
}

const recipeSummaries = recipeNames.map((name) => `${name}: ${recipes[name].summary}`).join('; ');

/** The options that decide how a model learns, with those that a recipe may set. All are optional. */
export const learningOptions = {
  recipe: named(recipeNames, {
    about: `options of a published run, before which those go that are given (${recipeSummaries}); with other \`epochs\` its milestones move`,
  }),
  ...singleOptions,
};

/** A mixer option that must not be given because the run has an option of that name. */
const notHere = (name: string) =>
  custom<undefined>((value) => {
    throw check.invalid(`mixer.${name}`, `nothing (the run has ${name} of its own)`, value);
  });

const runMixerOptions = {
  ...mixerOptions,
  seed: notHere('seed'),
  threads: notHere('threads'),
  classes: notHere('classes'),
  mean: notHere('mean'),
  std: notHere('std'),
};

type RunMixerOptions = Omit<MixerOptions, 'seed' | 'threads' | 'classes' | 'mean' | 'std'>;
const checkMixerOptions = (value: unknown) => checked(runMixerOptions, value, 'mixer options');

/** The other options of a run: its data, its output, and how it runs. */
export const jobOptions = {
  /** A folder, a tar, CIFAR's files, 'demo', or options of openDataset. */
  data: required(dataOption),
  /**
   * The data to test on after every epoch, as `data`. Unless given: the split test or val of `data`; false: no
   * test.
   */
  test: custom<OpenOptions | false, string | OpenOptions | false>(
    (value, argument) => value !== false && dataOption.check(value, argument),
  ),
  /** Share of the images of each class that is not trained but tested on. */
  holdout: real('0 … 0.9', [0, 0.9], {
    about: 'share of each class that is held out to test on; 0.1 unless given, where the data has no splits',
  }),
  /** Only the first images of each class, in the order of their names, are trained on. */
  perClass: whole(1, { about: 'train on the first so many images of each class only' }),
  /** The output folder. */
  out: required(text('path')),
  /** 'auto' unless given: the images' own size where they share one, else 224. */
  size: sizeOption('pixels of a side, HEIGHTxWIDTH, keep, or auto: own size where all share one, else 224'),
  /** Options of the mixer; its seed, threads, mean and std are those of the run. */
  mixer: custom<CheckedMixerOptions, RunMixerOptions, CheckedMixerOptions>(checkMixerOptions, {
    default: {},
  }),
  /** new unless given. */
  mode: named(modes, { default: 'new' }),
  /** A checkpoint is written after every epoch, and within one after so many minutes; 10 unless given. */
  checkpointMinutes: real('minutes', [0, Number.MAX_VALUE], {
    default: 10,
    about: 'a checkpoint after every epoch, and within one after so many minutes',
  }),
  /** A folder for ONNX Runtime's profiles, see the trainer's option. */
  profile: text('folder', { about: 'where ONNX Runtime writes how long each node takes' }),
  /** Stop at the first bad file; unless given, bad files are reported and left out. Resuming compares what files hold. */
  strict: strictOption(),
  /** Resume although files have other dates than when the run was begun, if their sizes are the same. */
  ignoreDates: ignoreDatesOption(),
  signal: abortSignal(),
  onProgress: callback<(progress: TrainProgress) => void>(),
  /** Called once, before the first step, with what was found in the data set. */
  onData: callback<(found: DatasetSummary) => void>(),
  /** Called with what is worth a look and stops nothing. Unless given, it is a warning of the process. */
  onWarning: callback<Warn>(),
};

export const trainOptions = { ...jobOptions, ...learningOptions };

export type LearningOptions = OptionsOf<typeof learningOptions>;
export type TrainOptions = OptionsOf<typeof trainOptions>;
