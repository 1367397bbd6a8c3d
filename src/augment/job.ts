/**
 * The main job: reads a data set and writes a folder of mixed images with soft labels.
 *
 * The ordered list of files is shuffled by (seed, copy) and cut into batches. Each batch is loaded, mixed and
 * written. The bytes depend on the settings alone: not on threads or shards, nor on where a run was stopped and
 * resumed.
 */
import { type Dataset, openData, requireClasses } from '../data/dataset';
import { summaryOf } from '../data/describe';
import { type LoadedBatch, loadBatch } from '../data/load';
import { requireMasks } from '../data/masks';
import { readAhead } from '../data/read-ahead';
import { SaliencyMixError } from '../errors';
import * as check from '../check';
import { mixingWork, needsMasks, usesModel } from '../mix/index';
import { checkBackend } from '../native/backends';
import { chosenPolicy } from '../operations/policies/index';
import { parse } from '../option';
import { warnOfOne } from '../run/alone';
import { environment } from '../run/environment';
import { type ErrorLine, Journal, type LabelLine } from './journal';
import { errorLines, labelRecord } from './lines';
import { type AugmentOptions, augmentOptions, type Progress, prepare, type AugmentRun } from './options';
import { checkSameData, findData } from '../run/data-state';
import { continued, versionsOf, warnOfVersions } from '../run/history';
import { checkApart, claimFolder, type FolderUse, makeFolders } from '../run/out-folder';
import { folderUse } from './folder-use';
import { writePreview } from './preview';
import { newRunFile, type RunFile, writeRun } from '../run/run-file';
import type { Settings } from './settings';
import { drawsOf, partsOf, type Task, tasksOf } from './tasks';
import { emitWarning, type Warn } from '../warning';
import { writerOf } from './writers';
import type { Part, Sample } from './writers/writer';

export interface AugmentSummary {
  out: string;
  /** Images in the folder. */
  images: number;
  /** Of them, images that an earlier run had written. */
  before: number;
  /** Files that could not be read, once each. */
  bad: { file: string; reason: string }[];
  /** What else the user should know about how the data was read, one line each. */
  notices: readonly string[];
  seconds: number;
  settings: Settings;
  backend: string;
}

/** run.json of an augmentation. */
interface AugmentRunFile extends RunFile<Settings> {
  /** Images in the folder, and files that could not be read; written when the run is complete. */
  images?: number;
  bad?: AugmentSummary['bad'];
}

type Loaded = AsyncIterator<LoadedBatch>;

/** How many batches are loaded ahead while one is mixed and written. */
const AHEAD = 2;

/** Mixes a loaded batch and adds it to the part; gives its lines for labels.jsonl. */
async function writeBatch(
  run: AugmentRun,
  task: Task,
  loaded: LoadedBatch,
  part: Part,
): Promise<LabelLine[]> {
  if (!loaded.images) return [];
  const { settings, mixer, signal } = run;
  const { copy: epoch, batch } = task;
  const { slots, masks } = loaded;
  const mixed = await mixer.mix(loaded.images, loaded.labels, { epoch, batch, slots, masks, signal });
  const [height, width] = settings.size;
  const bytes = height * width * 3;
  const classes = settings.classes.length;
  const draws = drawsOf(run, task);
  const samples = loaded.positions.map((position, i): Sample => {
    const pixels = mixed.images.data.subarray(i * bytes, (i + 1) * bytes);
    const label = mixed.labels.subarray(i * classes, (i + 1) * classes);
    return {
      copy: epoch,
      position,
      pixels,
      label,
      record: labelRecord(run, task, loaded, { mixed, draws }, i),
    };
  });
  const places = await part.add(samples);
  return samples.map(({ record }, i) => ({ ...places[i], ...record }) as LabelLine);
}

/** Writes one part: all of its images and then its lines, or where anything fails nothing. */
async function writePart(
  run: AugmentRun,
  number: number,
  tasks: readonly Task[],
  loaded: Loaded,
  journal: Journal,
  report: (images: number) => void,
) {
  const part = await writerOf(run.settings).begin(run, number);
  const labels: LabelLine[] = [];
  const errors: ErrorLine[] = [];
  try {
    for (const task of tasks) {
      const batch = (await loaded.next()).value as LoadedBatch;
      errors.push(...errorLines(run, task, batch));
      labels.push(...(await writeBatch(run, task, batch, part)));
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

/** The parts of a run, and how many of them an earlier run has written; what is not certain of them is removed. */
async function recover({ settings, out }: AugmentRun, tasks: readonly Task[]) {
  const parts = partsOf(tasks, writerOf(settings).batchesPerPart(settings.batch));
  const key = ({ copy, batch }: { copy: number; batch: number }) => `${copy}/${batch}`;
  const partOf = new Map(parts.flatMap((part, i) => part.map((task) => [key(task), i] as const)));
  const journal = new Journal(out, (place) => partOf.get(key(place)) ?? -1);
  return { parts, journal, state: await journal.recover() };
}

/** Writes all parts that are not there yet. */
async function writeAll(
  run: AugmentRun,
  tasks: readonly Task[],
  { parts, journal, state }: Awaited<ReturnType<typeof recover>>,
  onProgress: (progress: Progress) => void,
) {
  const { dataset, size, signal } = run;
  const count = (some: readonly Task[]) => some.reduce((sum, { positions }) => sum + positions.length, 0);
  const before = count(parts.slice(0, state.parts).flat());
  const progress = { done: before, total: count(tasks), before };
  onProgress({ ...progress });

  const strictTo = size.strict ? size.from : undefined;
  const left = parts.slice(state.parts).flat();
  const load = (i: number) =>
    loadBatch(dataset, left[i].positions, size.size, {
      strictTo,
      signal,
      draws: drawsOf(run, left[i]),
      masks: needsMasks(run.settings.mixer),
    });
  const loaded = readAhead(left.length, AHEAD, load);
  let { images } = state;
  const errors = [...state.errors];
  try {
    for (const [number, part] of parts.entries()) {
      if (number < state.parts) continue;
      const written = await writePart(run, number, part, loaded, journal, (done) => {
        progress.done += done;
        onProgress({ ...progress });
      });
      images += written.images;
      errors.push(...written.errors);
    }
  } finally {
    await loaded.return(undefined);
  }
  return { images, before: state.images, errors };
}

/** Each bad file once: every copy of the data set reports it again. */
function onceEach(dataset: Dataset, errors: readonly ErrorLine[]): { file: string; reason: string }[] {
  const found = new Map(dataset.problems.map(({ file, reason }) => [file, reason]));
  for (const { file, reason } of errors) found.set(file, reason);
  return [...found].map(([file, reason]) => ({ file, reason }));
}

/** What a job reports, and what run.json keeps of its data. */
interface Reporting {
  onProgress: (progress: Progress) => void;
  onWarning: Warn;
  inputs: RunFile['inputs'];
}

/** Writes everything that is missing in a folder that is locked for this run. */
async function finish(
  run: AugmentRun,
  earlier: AugmentRunFile | undefined,
  { onProgress, onWarning, inputs }: Reporting,
): Promise<Omit<AugmentSummary, 'seconds'>> {
  const { dataset, settings, out, backend } = run;
  const same = { out, settings, backend, notices: dataset.notices };
  if (earlier?.status === 'complete') {
    const images = earlier.images ?? 0;
    return { ...same, images, before: images, bad: earlier.bad ?? [] };
  }
  const about = environment(backend);
  const versions = versionsOf(about, { onnx: usesModel(settings.mixer) });
  let begun: AugmentRunFile =
    earlier ??
    newRunFile('augment', { settings, environment: about, versions, inputs, data: summaryOf(dataset) });
  if (earlier) warnOfVersions(earlier, versions, out, onWarning);
  await writeRun(out, begun);
  await makeFolders(out, folderUse(settings));
  const tasks = tasksOf(run);
  const recovered = await recover(run, tasks);
  if (earlier) {
    const from = recovered.state.images;
    const history = continued(earlier, { versions, from, started: new Date().toISOString() });
    begun = { ...earlier, history, inputs: earlier.inputs ?? inputs };
    await writeRun(out, begun);
  }
  const { images, before, errors } = await writeAll(run, tasks, recovered, onProgress);
  const bad = onceEach(dataset, errors);
  // A shard without batches is no error.
  if (images === 0 && tasks.length > 0) {
    const message = `None of the images of ${dataset.path} can be read; the first: ${bad[0]?.reason}`;
    throw new SaliencyMixError('DATA', message, { file: dataset.path });
  }
  if (tasks.length > 0) await writePreview(run, tasks[0]);
  const ended: AugmentRunFile = {
    ...begun,
    status: 'complete',
    finished: new Date().toISOString(),
    images,
    bad,
  };
  await writeRun(out, ended);
  return { ...same, images, before, bad };
}

/**
 * Mixes a whole data set into a folder: images, labels.jsonl, errors.jsonl if files were bad, run.json,
 * preview.png. A run that was stopped, by whatever, can be continued with `mode: 'resume'`, to the same bytes.
 * @throws (rejects) SaliencyMixError ARGUMENT, DATA, OUTPUT, BACKEND, ADDON, MODEL; FILE with `strict`; the
 *   signal's reason when aborted
 */
export async function augment(given: AugmentOptions): Promise<AugmentSummary> {
  const options = parse(augmentOptions, given, 'augment options');
  const { out, data, mixer, onProgress = () => undefined, onData = () => undefined } = options;
  const { onWarning = emitWarning } = options;
  checkBackend(mixer.backend, mixingWork(0, [mixer]).needs);
  chosenPolicy(options);
  if (mixer.saliency === 'gradient')
    throw check.invalid('saliency', 'a method that needs no network to be trained', mixer.saliency);
  const started = Date.now();
  const dataset = await openData(data);
  try {
    requireClasses(dataset);
    if (needsMasks(mixer)) requireMasks(dataset);
    const run = await prepare(options, dataset);
    if (dataset.format !== 'demo') await checkApart(out, dataset.path);
    if (run.strict && dataset.problems.length > 0) {
      const { file, reason } = dataset.problems[0];
      throw new SaliencyMixError('FILE', `${file}: ${reason}`, { file });
    }
    onData(summaryOf(dataset));
    warnOfOne({ batch: options.batch, images: dataset.length, mixer }, onWarning);
    const found = await findData(dataset, run.strict, run.signal);
    const use: FolderUse = {
      ...folderUse(run.settings),
      check: ({ inputs, started: begun }) =>
        checkSameData(inputs?.data, found, { out, started: begun, ignoreDates: options.ignoreDates }),
    };
    const claim = await claimFolder(out, run.mode, use);
    try {
      const inputs = found && { data: found.state };
      const summary = await finish(run, claim.earlier as AugmentRunFile | undefined, {
        onProgress,
        onWarning,
        inputs,
      });
      return { ...summary, seconds: (Date.now() - started) / 1000 };
    } finally {
      await claim.release();
    }
  } finally {
    await dataset.close();
  }
}
