/**
 * The main job: a data set in, a folder of saliency-mixed images with soft labels out.
 *
 * The ordered list of files is shuffled by (seed, copy), cut into batches, and each batch is loaded, mixed and written.
 * What is written depends on the settings alone: not on threads, on shards, or on where a run was stopped and resumed.
 */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import { type Dataset, openDataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { type LoadedBatch, loadBatch } from '../data/load';
import { cut, order } from '../data/order';
import { type ResolvedSize, resolveSize, type SizeOption } from '../data/size';
import { SaliencyMixError } from '../errors';
import { createMixer, type MixedBatch, type Mixer } from '../mix/mixer';
import { type MixerOptions, optionTable } from '../mix/options';
import { chooseBackend } from '../native/backends';
import { environment, version } from './environment';
import { type ErrorLine, Journal, type LabelLine, type Place } from './journal';
import { checkApart, claimFolder, type Mode } from './out-folder';
import { writePreview } from './preview';
import { type RunFile, writeRun } from './run-file';
import {
  decidingOptions,
  type Encoding,
  fingerprint,
  type OutputKind,
  parseShard,
  type Settings,
} from './settings';
import { writerNames, writers } from './writers';
import type { Part, Sample } from './writers/writer';

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
  encoding?: Encoding;
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

export interface AugmentSummary {
  out: string;
  /** Images in the folder. */
  images: number;
  /** Images that an earlier run had written. */
  before: number;
  /** Files that could not be read, once each. */
  bad: { file: string; reason: string }[];
  seconds: number;
  settings: Settings;
  backend: string;
}

/** A batch of the run: which items, in which order. */
interface Task extends Place {
  positions: Uint32Array;
}

/** Everything that one run needs. */
interface Run {
  dataset: Dataset;
  settings: Settings;
  size: ResolvedSize;
  mixer: Mixer;
  out: string;
  strict: boolean;
  backend: string;
  signal?: AbortSignal;
}

function tasksOf({ dataset, settings }: Run): Task[] {
  const { batch, copies, shard, mixer } = settings;
  return Array.from({ length: copies }, (_, copy) => {
    const positions = order(dataset.length, { shuffle: true, seed: mixer.seed ?? 0, epoch: copy });
    return cut(positions, batch).map((at, b): Task => ({ copy, batch: b, positions: at }));
  })
    .flat()
    .filter((task) => (task.batch % shard.of) + 1 === shard.index);
}

/** Tasks are written and redone in groups: all of a group's images are in place before its lines are. */
function partsOf(tasks: readonly Task[], perPart: number): Task[][] {
  const count = Math.ceil(tasks.length / perPart);
  return Array.from({ length: count }, (_, part) => tasks.slice(part * perPart, (part + 1) * perPart));
}

/** Runs `start` for each item in order with up to `ahead` more already under way. */
async function* readAhead<T, R>(
  items: readonly T[],
  ahead: number,
  start: (item: T) => Promise<R>,
): AsyncGenerator<[T, R]> {
  const pending: Promise<R>[] = [];
  let next = 0;
  try {
    for (const item of items) {
      while (next < items.length && pending.length <= ahead) {
        const promise = start(items[next++]);
        promise.catch(() => undefined); // reported when its turn comes
        pending.push(promise);
      }
      yield [item, await (pending.shift() as Promise<R>)];
    }
  } finally {
    await Promise.allSettled(pending);
  }
}

/** Shortest decimal that reads back as the same float32. */
const shortened = (value: number) => Number(value.toPrecision(9));

function recordOf(run: Run, task: Task, loaded: LoadedBatch, mixed: MixedBatch, i: number) {
  const { dataset, settings } = run;
  const sample = mixed.plan.samples[i];
  const described = (at: number) => {
    const { id, label } = dataset.items[loaded.positions[at]];
    return { id, class: dataset.classes[label] };
  };
  const classes = settings.classes.length;
  return {
    copy: task.copy,
    batch: task.batch,
    method: sample.method,
    mixed: sample.mixed,
    target: described(sample.target),
    source: described(sample.source),
    lambda: sample.lambda,
    from: sample.from ?? null,
    to: sample.to ?? null,
    peak: sample.peak ?? null,
    label: Array.from(mixed.labels.subarray(i * classes, (i + 1) * classes), shortened),
  };
}

/** Mixes a loaded batch and hands it to the part; gives its lines for the journal. */
async function writeBatch(run: Run, task: Task, loaded: LoadedBatch, part: Part): Promise<LabelLine[]> {
  if (!loaded.images) return [];
  const { settings, mixer, signal } = run;
  const { slots } = loaded;
  const mixed = await mixer.mix(loaded.images, loaded.labels, {
    epoch: task.copy,
    batch: task.batch,
    slots,
    signal,
  });
  const [height, width] = settings.size;
  const bytes = height * width * 3;
  const samples = loaded.positions.map((position, i): Sample => {
    const pixels = (mixed.images.data as Uint8Array).subarray(i * bytes, (i + 1) * bytes);
    const label = mixed.labels.subarray(i * settings.classes.length, (i + 1) * settings.classes.length);
    return { copy: task.copy, position, pixels, label, record: recordOf(run, task, loaded, mixed, i) };
  });
  const places = await part.add(samples);
  return samples.map(({ record }, i) => ({ ...places[i], ...record }) as LabelLine);
}

function errorLines(run: Run, task: Task, loaded: LoadedBatch): ErrorLine[] {
  if (run.strict && loaded.holes.length > 0) throw loaded.holes[0].error;
  return loaded.holes.map(({ id, error }) => ({
    copy: task.copy,
    batch: task.batch,
    file: id,
    reason: error.message,
  }));
}

/** Writes one part as a whole, or nothing of it. */
async function writePart(
  run: Run,
  number: number,
  tasks: readonly Task[],
  journal: Journal,
  report: (images: number) => void,
) {
  const { dataset, size, signal } = run;
  const part = await writers[run.settings.format].begin(run, number);
  const labels: LabelLine[] = [];
  const errors: ErrorLine[] = [];
  const load = (task: Task) =>
    loadBatch(dataset, task.positions, size.size, { strictTo: size.strict ? size.from : undefined, signal });
  try {
    for await (const [task, loaded] of readAhead(tasks, 1, load)) {
      errors.push(...errorLines(run, task, loaded));
      labels.push(...(await writeBatch(run, task, loaded, part)));
      report(task.positions.length);
    }
    await part.commit();
  } catch (error) {
    await part.abandon();
    throw error;
  }
  await journal.append(labels, errors);
  return { images: labels.length, errors };
}

/** Writes all parts that are not there yet. */
async function writeAll(run: Run, onProgress: (progress: Progress) => void) {
  const tasks = tasksOf(run);
  const parts = partsOf(tasks, writers[run.settings.format].batchesPerPart(run.settings.batch));
  const partOf = new Map(
    parts.flatMap((part, i) => part.map(({ copy, batch }) => [`${copy}/${batch}`, i] as const)),
  );
  const journal = new Journal(run.out, ({ copy, batch }) => partOf.get(`${copy}/${batch}`) ?? -1);
  const state = await journal.recover();
  const size = (some: readonly Task[]) => some.reduce((sum, { positions }) => sum + positions.length, 0);
  const before = size(parts.slice(0, state.parts).flat());
  const progress = { done: before, total: size(tasks), before };
  onProgress({ ...progress });
  let images = state.images;
  const errors = [...state.errors];
  for (const [number, part] of parts.entries()) {
    if (number < state.parts) continue;
    const written = await writePart(run, number, part, journal, (count) => {
      progress.done += count;
      onProgress({ ...progress });
    });
    images += written.images;
    errors.push(...written.errors);
  }
  return { images, before: state.images, errors, firstTask: tasks[0] };
}

/** Each bad file once, though every copy meets it. */
function onceEach(dataset: Dataset, errors: readonly ErrorLine[]): { file: string; reason: string }[] {
  const found = new Map(dataset.problems.map(({ file, reason }) => [file, reason]));
  for (const { file, reason } of errors) found.set(file, reason);
  return [...found].map(([file, reason]) => ({ file, reason }));
}

/** Checks every option before anything is opened or written. */
function checkOptions(given: AugmentOptions) {
  const known = [
    'data',
    'out',
    'size',
    'batch',
    'copies',
    'mixer',
    'format',
    'encoding',
    'shard',
    'mode',
    'strict',
  ];
  check.options(given, [...known, 'signal', 'onProgress'], 'augment options');
  check.options(given.mixer, Object.keys(optionTable), 'mixer options');
  return {
    out: check.text(given.out, 'out'),
    batch: check.integer(given.batch ?? 64, 'batch', 1, 65536),
    copies: check.integer(given.copies ?? 1, 'copies', 1, 65536),
    format: check.name(given.format ?? 'folder', writerNames, 'format'),
    encoding: check.name(given.encoding ?? 'png', ['png', 'jpeg', 'webp'] as const, 'encoding'),
    shard: parseShard(given.shard ?? '1/1'),
    mode: check.name(given.mode ?? 'new', ['new', 'resume', 'force'] as const, 'mode'),
    signal: check.signal(given.signal),
    mixer: { ...given.mixer },
  };
}

async function prepare(given: AugmentOptions, dataset: Dataset): Promise<Run & { mode: Mode }> {
  const { out, batch, copies, format, encoding, shard, mode, signal, mixer } = checkOptions(given);
  const classes = dataset.classes.length;
  const backend = chooseBackend(mixer.backend);
  const size = await resolveSize(dataset, given.size);
  const settings: Settings = {
    data: {
      path: dataset.path,
      format: dataset.format,
      images: dataset.length,
      fingerprint: fingerprint(dataset),
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
  const made = createMixer({ ...mixer, classes, threads });
  return { dataset, settings, size, mixer: made, out, strict: given.strict ?? false, backend, signal, mode };
}

/**
 * Mixes a whole data set into a folder: images, labels.jsonl, errors.jsonl where files were bad, run.json, preview.png.
 * @throws (rejects) SaliencyMixError ARGUMENT, DATA, OUTPUT, BACKEND, ADDON, MODEL; FILE with `strict`; the signal's
 *   reason when aborted. Whatever stops it, `mode: 'resume'` goes on to the same bytes.
 */
export async function augment(given: AugmentOptions): Promise<AugmentSummary> {
  const { out } = checkOptions(given);
  const started = Date.now();
  const dataset = await openDataset(given.data);
  try {
    const run = await prepare(given, dataset);
    if (dataset.format !== 'demo') await checkApart(out, dataset.path);
    if (run.strict && dataset.problems.length > 0) {
      const { file, reason } = dataset.problems[0];
      throw new SaliencyMixError('FILE', `${file}: ${reason}`, { file });
    }
    const claim = await claimFolder(out, run.mode, run.settings);
    try {
      return await finish(run, claim.earlier, started, given.onProgress ?? (() => undefined));
    } finally {
      await claim.release();
    }
  } finally {
    await dataset.close();
  }
}

async function finish(
  run: Run,
  earlier: RunFile | undefined,
  started: number,
  onProgress: (progress: Progress) => void,
): Promise<AugmentSummary> {
  const { dataset, settings, out, backend } = run;
  const seconds = () => (Date.now() - started) / 1000;
  if (earlier?.status === 'complete') {
    const images = earlier.images ?? 0;
    return { out, images, before: images, bad: earlier.bad ?? [], seconds: seconds(), settings, backend };
  }
  const begun: RunFile = earlier ?? {
    tool: 'saliencymix',
    version,
    status: 'running',
    settings,
    environment: environment(backend),
    started: new Date(started).toISOString(),
  };
  await writeRun(out, begun);
  const { images, before, errors, firstTask } = await writeAll(run, onProgress);
  const bad = onceEach(dataset, errors);
  if (images === 0 && dataset.length > 0 && firstTask) {
    throw new SaliencyMixError(
      'DATA',
      `None of the images of ${dataset.path} can be read; the first: ${bad[0]?.reason}`,
      {
        file: dataset.path,
      },
    );
  }
  if (firstTask) await writePreview(run, firstTask);
  await writeRun(out, { ...begun, status: 'complete', finished: new Date().toISOString(), images, bad });
  return { out, images, before, bad, seconds: seconds(), settings, backend };
}
