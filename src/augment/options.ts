/** The options of an augmentation run, and what is made of them: settings, mixer and backend. */
import { imageFormats } from '../data/codec';
import type { Dataset } from '../data/dataset';
import type { DatasetSummary } from '../data/describe';
import { dataOption } from '../data/datasets';
import { type ResolvedSize, resolveSize, sizeOption } from '../data/size';
import { checkSides } from '../mix/options';
import { mixingWork } from '../mix/index';
import { type Mixer, mixerFor } from '../mix/mixer';
import { mixerOption } from '../mix/options';
import { chooseBackend, chooseThreads } from '../native/backends';
import { chosenPolicy, policyOptions } from '../operations/policies/index';
import {
  abortSignal,
  callback,
  custom,
  named,
  type OptionsOf,
  type Parsed,
  required,
  text,
  whole,
} from '../option';
import { decidingOptions, fingerprint } from '../run/data-identity';
import { modes } from '../run/out-folder';
import { ignoreDatesOption, strictOption } from '../run/data-options';
import { checkSaliencyModel } from '../saliency/learned';
import type { Warn } from '../warning';
import { parseShard, type Settings, type Shard } from './settings';
import { writerNames, writers } from './writers';

export interface Progress {
  /** Images done so far, with bad ones and those of earlier runs. */
  done: number;
  total: number;
  /** Of them, images that an earlier run had done. */
  before: number;
}

const forms = Object.values(writers).map(({ name, summary }) => `${name}: ${summary}`);

export const augmentOptions = {
  /** A folder, a tar, CIFAR's files, 'demo', or options of openDataset. */
  data: required(dataOption),
  /** The output folder. */
  out: required(text('path')),
  /** 'auto' unless given: the images' own size where they share one, else 224. */
  size: sizeOption('pixels of a side, HEIGHTxWIDTH, keep, or auto: own size where all share one, else 224'),
  /** 64 unless given. Pairs are drawn within a batch. */
  batch: whole(1, { max: 65536, default: 64, about: 'images per batch; pairs are drawn within it' }),
  /** Passes over the data, each with draws of its own; 1 unless given. */
  copies: whole(1, { max: 65536, default: 1, about: 'passes over the data, each with draws of its own' }),
  ...policyOptions,
  /** Options of the mixer. */
  mixer: mixerOption,
  /** folder unless given. */
  format: named(writerNames, { default: 'folder', values: forms.join('; '), about: 'what is written' }),
  /** png unless given. */
  encoding: named(imageFormats, { default: 'png', about: 'of written images' }),
  /** 'i/n': only the batches of shard i of n. */
  shard: custom<Shard, string, Shard>(parseShard, {
    default: { index: 1, of: 1 },
    about: 'only shard i of n: the batches b with (b mod n) + 1 = i',
  }),
  /** new unless given. */
  mode: named(modes, { default: 'new' }),
  /** Stop at the first bad file; unless given, bad files are reported and left out. Resuming compares what files hold. */
  strict: strictOption(),
  /** Resume although files have other dates than when the run was begun, if their sizes are the same. */
  ignoreDates: ignoreDatesOption(),
  signal: abortSignal(),
  onProgress: callback<(progress: Progress) => void>(),
  /** Called once, before the first image is read, with what was found in the data set. */
  onData: callback<(found: DatasetSummary) => void>(),
  /** Called with what is worth a look and stops nothing. Unless given, it is a warning of the process. */
  onWarning: callback<Warn>(),
};

export type AugmentOptions = OptionsOf<typeof augmentOptions>;
export type Augmenting = Parsed<typeof augmentOptions>;

/** Everything that an augmentation run works with. */
export interface AugmentRun extends Pick<Augmenting, 'out' | 'strict' | 'signal' | 'mode'> {
  dataset: Dataset;
  settings: Settings;
  size: ResolvedSize;
  mixer: Mixer;
  backend: string;
}

/** The policy that images are augmented by before they are mixed, where there is one. */
function augmentSetting(options: Augmenting): Pick<Settings, 'augment'> {
  const augment = chosenPolicy(options);
  return Object.keys(augment).length > 0 ? { augment } : {};
}

/** Finds the image size, and makes settings and mixer. */
export async function prepare(options: Augmenting, dataset: Dataset): Promise<AugmentRun> {
  const { data, out, batch, copies, format, encoding, shard, mode, strict, signal: stop, mixer } = options;
  const classes = dataset.classes.length;
  if (mixer.saliency === 'learned' && mixer.saliencyModel !== undefined)
    await checkSaliencyModel(mixer.saliencyModel);
  const size = await resolveSize(dataset, options.size);
  checkSides(mixer, size.size);
  const settings: Settings = {
    data: {
      path: dataset.path,
      format: dataset.format,
      images: dataset.length,
      fingerprint: fingerprint(dataset),
      ...(data.demo && { demo: data.demo }),
    },
    classes: dataset.classes,
    size: size.size,
    batch,
    copies,
    format,
    encoding,
    shard,
    ...augmentSetting(options),
    mixer: decidingOptions(mixer, classes),
  };
  // Chosen once, for a full batch: a smaller last batch runs on the same backend.
  const [height, width] = size.size;
  const work = mixingWork(batch * height * width, [mixer]);
  const backend = chooseBackend(mixer.backend, work);
  const made = mixerFor({ ...mixer, classes, threads: chooseThreads(mixer.threads), backend });
  return { dataset, settings, size, mixer: made, out, strict, backend, signal: stop, mode };
}
