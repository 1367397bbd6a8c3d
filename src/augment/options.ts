/** What a run is asked to do: checked, completed, and turned into what it works with. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import { type ImageFormat, imageFormats } from '../data/codec';
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { checkSize, type ResolvedSize, resolveSize, type SizeOption } from '../data/size';
import { workOf } from '../mix/index';
import { createMixer, type Mixer } from '../mix/mixer';
import { type MixerOptions, resolveOptions } from '../mix/options';
import { checkBackend, chooseBackend } from '../native/backends';
import { checkModel } from '../saliency/learned';
import type { Mode } from '../run/out-folder';
import { decidingOptions, fingerprint } from '../run/data-identity';
import { parseShard, type Settings } from './settings';
import { type OutputKind, writerNames } from './writers';

export interface AugmentOptions {
  /** A folder, a tar, CIFAR's binary files, 'demo', or options of openDataset. */
  data: string | OpenOptions;
  out: string;
  /** 'auto' unless given: the images' own size where they share one, else 224. */
  size?: SizeOption;
  /** 64 unless given. Pairs are drawn within a batch. */
  batch?: number;
  /** Passes over the data, each with draws of its own; 1 unless given. */
  copies?: number;
  /** Options of the mixer. */
  mixer?: MixerOptions;
  /** folder unless given. */
  format?: OutputKind;
  /** png unless given. */
  encoding?: ImageFormat;
  /** 'i/n': only the batches of shard i of n. */
  shard?: string;
  /** new unless given. */
  mode?: Mode;
  /** Stop at the first bad file; unless given, bad files are reported and left out. */
  strict?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  /** Images looked at so far, bad ones too, earlier runs' too. */
  done: number;
  total: number;
  /** Of them, images that an earlier run had done. */
  before: number;
}

/** Everything that one run needs. */
export interface Run {
  dataset: Dataset;
  settings: Settings;
  size: ResolvedSize;
  mixer: Mixer;
  out: string;
  strict: boolean;
  backend: string;
  signal?: AbortSignal;
  mode: Mode;
}

const NAMES = 'data out size batch copies mixer format encoding shard mode strict signal onProgress'.split(
  ' ',
);

/** Checks every option before anything is opened or written. */
export function checkOptions(given: AugmentOptions) {
  check.options(given, NAMES, 'augment options');
  resolveOptions(given.mixer);
  if (given.size !== undefined) checkSize(given.size);
  return {
    out: check.text(given.out, 'out'),
    batch: check.integer(given.batch ?? 64, 'batch', 1, 65536),
    copies: check.integer(given.copies ?? 1, 'copies', 1, 65536),
    format: check.name(given.format ?? 'folder', writerNames, 'format'),
    encoding: check.name(given.encoding ?? 'png', imageFormats, 'encoding'),
    shard: parseShard(given.shard ?? '1/1'),
    mode: check.name(given.mode ?? 'new', ['new', 'resume', 'force'] as const, 'mode'),
    signal: check.signal(given.signal),
    mixer: { ...given.mixer },
  };
}

/** Settles size and settings, and makes the mixer. */
export async function prepare(given: AugmentOptions, dataset: Dataset): Promise<Run> {
  const { out, batch, copies, format, encoding, shard, mode, signal, mixer } = checkOptions(given);
  const classes = dataset.classes.length;
  checkBackend(mixer.backend, workOf(0, [resolveOptions(mixer)]).needs);
  if (mixer.saliency === 'learned' && mixer.saliencyModel !== undefined)
    await checkModel(mixer.saliencyModel);
  const size = await resolveSize(dataset, given.size);
  const settings: Settings = {
    data: {
      path: dataset.path,
      format: dataset.format,
      images: dataset.length,
      fingerprint: fingerprint(dataset),
      ...(typeof given.data === 'object' && given.data.demo ? { demo: given.data.demo } : undefined),
    },
    classes: dataset.classes,
    size: size.size,
    batch,
    copies,
    format,
    encoding,
    shard,
    mixer: decidingOptions(mixer, classes),
  };
  const threads = mixer.threads ?? availableParallelism();
  // Chosen once, by a whole batch: a last one that is smaller runs where the others do.
  const [height, width] = size.size;
  const work = workOf(batch * height * width, [resolveOptions(mixer)]);
  const backend = chooseBackend(mixer.backend, work);
  const made = createMixer({ ...mixer, classes, threads, backend });
  return { dataset, settings, size, mixer: made, out, strict: given.strict ?? false, backend, signal, mode };
}
