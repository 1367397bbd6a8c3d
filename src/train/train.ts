/**
 * The training job: trains a network on a data set and writes to a folder: run.json, checkpoint.safetensors,
 * metrics.jsonl, TensorBoard's event files, report.html, and at the end model.onnx.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, requireClasses } from '../data/dataset';
import { type DatasetSummary, summaryOf } from '../data/describe';
import { SaliencyMixError } from '../errors';
import { requireMasks } from '../data/masks';
import { mixingWork, needsMasks } from '../mix/index';
import type { Model } from '../models/model';
import { checkBackend, chooseBackend, chooseThreads } from '../native/backends';
import { chooseEngine } from '../onnx/engine';
import { warnOfOne } from '../run/alone';
import { type Environment, environment } from '../run/environment';
import { checkSameData, findEach } from '../run/data-state';
import { continued, type Versions, versionsOf, warnOfVersions } from '../run/history';
import { checkApart, claimFolder, type FolderUse } from '../run/out-folder';
import { newRunFile, type RunFile, writeRun } from '../run/run-file';
import { isSpent } from './epoch-time';
import { type Position, type TrainRun, trainFrom } from './loop';
import { METRICS, Metrics } from './metrics';
import { findProvider } from './provider';
import { drawSamples, REPORT, type ReportParts, writeReport } from './run-report';
import { matchClasses, openTrainingData, severalClassesNotice, type TestResult } from './test-data';
import type { TrainOptions } from './train-options';
import {
  defaultSettings,
  parseTraining,
  resolveSettings,
  type Training,
  type TrainSettings,
} from './train-settings';
import { Trainer } from './trainer';
import { emitWarning } from '../warning';

export const CHECKPOINT = 'checkpoint.safetensors';
export const MODEL = 'model.onnx';

export interface TrainSummary {
  out: string;
  settings: TrainSettings;
  /** Epochs and steps done, with those before the run was resumed. */
  epochs: number;
  steps: number;
  /** Errors of the last test, 0 to 1; NaN where nothing was tested. */
  top1Error: number;
  top5Error: number;
  /** Files that could not be read, once each. */
  bad: { file: string; reason: string }[];
  /** What else the user should know about how the data was read, one line each. */
  notices: readonly string[];
  seconds: number;
}

/** run.json of a training run. */
interface TrainRunFile extends RunFile<TrainSettings> {
  epochs?: number;
  steps?: number;
  top1Error?: number | null;
  top5Error?: number | null;
  bad?: TrainSummary['bad'];
}

/** The `notes` in a run's checkpoint. `evaluate` reads them, too. */
export interface RunNotes extends Record<string, unknown> {
  settings: TrainSettings;
  position: Position;
  bad: [file: string, reason: string][];
}

const folderUse = (settings: TrainSettings, check: FolderUse['check']): FolderUse => ({
  work: 'train',
  settings,
  defaults: defaultSettings(settings),
  check,
  owns: (name) =>
    [METRICS, CHECKPOINT, MODEL, REPORT].includes(name) || name.startsWith('events.out.tfevents.'),
  firstTrace: METRICS,
  folders: [],
});

interface Job {
  options: Training;
  settings: TrainSettings;
  model: Model;
  data: Dataset;
  test?: Dataset;
  found: DatasetSummary;
  environment: Environment;
  versions: Versions;
  inputs: RunFile['inputs'];
  onProgress: TrainRun['onProgress'];
}

/**
 * The backend that mixes. It is chosen once, for a full batch: a smaller last batch is mixed on the same one.
 */
export function mixingBackend(
  { mixer }: Pick<Training, 'mixer'>,
  { batch, size: [height, width] }: TrainSettings,
): string {
  return chooseBackend(mixer.backend, mixingWork(batch * height * width, [mixer]));
}

/** The trainer of a run's checkpoint, which says where the run was. */
async function resumed(path: string, options: Parameters<typeof Trainer.resume>[1]): Promise<Trainer> {
  const trainer = await Trainer.resume(path, options);
  const { position, bad } = trainer.notes as Partial<RunNotes>;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const isPair = (value: unknown) =>
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string');
  const isPosition = isCount(position?.epoch) && isCount(position?.batch) && isSpent(position?.spent);
  if (isPosition && Array.isArray(bad) && bad.every(isPair)) return trainer;
  await trainer.close();
  const what = `${path} is a checkpoint, but does not say where a training run was: take the one that the run has written, or start over with --force`;
  throw new SaliencyMixError('CHECKPOINT', what, { file: path });
}

/** The trainer of the folder's checkpoint, or a new one. */
async function trainerFor({ options, settings, model }: Job, resuming: boolean): Promise<Trainer> {
  const { out, threads, provider, precision, engine, convolution, profile } = options;
  // The bits of the standard engine's sums depend on the number of threads: the checkpoint's is taken unless one is
  // given.
  if (resuming)
    return resumed(join(out, CHECKPOINT), {
      threads,
      model,
      provider,
      precision,
      engine: engine === 'auto' ? undefined : engine,
      convolution,
      profile,
    });
  const { batch, size, optimizer, seed } = settings;
  const trainer = await Trainer.create(model, {
    batch,
    image: size,
    optimizer,
    provider,
    precision,
    engine,
    convolution,
    threads,
    seed,
    profile,
  });
  trainer.notes = { settings, position: { epoch: 0, batch: 0 }, bad: [] } satisfies RunNotes;
  return trainer;
}

/** Whether there is a checkpoint to resume from: the earlier run may have been stopped before its first. */
const hasCheckpoint = (out: string, earlier: RunFile | undefined) =>
  earlier !== undefined && existsSync(join(out, CHECKPOINT));

/** Makes what the run works with, and the report that is written with every checkpoint. */
async function prepare(job: Job, trainer: Trainer): Promise<{ run: TrainRun; report: ReportParts }> {
  const { options, settings, model, data, test } = job;
  const { out } = options;
  const notes = trainer.notes as RunNotes;
  const done = { steps: trainer.steps, epochs: notes.position.epoch };
  const metrics = await Metrics.open(out, done, settings);
  const problems = [...data.problems, ...(test?.problems ?? [])];
  const bad = new Map([...problems.map(({ file, reason }) => [file, reason] as const), ...notes.bad]);
  const saliencyOf = trainer.saliency.bind(trainer);
  const samples = await drawSamples(data, settings, saliencyOf);
  const report: ReportParts = {
    settings,
    model,
    metrics,
    samples,
    environment: job.environment,
    status: 'running',
  };
  const saveCheckpoint = async (at: Position, tested?: TestResult) => {
    trainer.notes = { settings, position: { ...at }, bad: [...bad] } satisfies RunNotes;
    await trainer.save(join(out, CHECKPOINT));
    report.confusion = tested?.confusion ?? report.confusion;
    await writeReport(out, report);
  };
  const { backend } = job.environment;
  const { strict, signal, checkpointMinutes } = options;
  const threads = chooseThreads(options.threads);
  const run = { ...job, threads, backend, strict, signal, checkpointMinutes, train: data };
  return { run: { ...run, trainer, metrics, bad, saveCheckpoint }, report };
}

/** What run.json says while the run goes on. */
function begunOf(job: Job, earlier: TrainRunFile | undefined, from: number): TrainRunFile {
  const { versions, inputs } = job;
  if (!earlier) return newRunFile('train', { ...job, data: job.found });
  const history = continued(earlier, { versions, from, started: new Date().toISOString() });
  return { ...earlier, history, inputs: earlier.inputs ?? inputs };
}

async function runIn(
  prepared: Job,
  earlier: TrainRunFile | undefined,
): Promise<Omit<TrainSummary, 'seconds'>> {
  const { options, settings } = prepared;
  const { out } = options;
  const trainer = await trainerFor(prepared, hasCheckpoint(out, earlier));
  const { level: trainingLevel, ...ran } = trainer.arithmetic;
  const job = { ...prepared, environment: { ...prepared.environment, ...ran, trainingLevel } };
  const begun = begunOf(job, earlier, trainer.steps);
  try {
    await writeRun(out, { ...begun, status: 'running' });
    const { run, report } = await prepare(job, trainer);
    await trainReported(run, (trainer.notes as RunNotes).position, out, report);
    await trainer.exportOnnx(join(out, MODEL));
    const last = run.metrics.epochs.at(-1);
    const results = {
      epochs: settings.epochs,
      steps: trainer.steps,
      top1Error: last?.top1Error ?? NaN,
      top5Error: last?.top5Error ?? NaN,
      bad: [...run.bad].map(([file, reason]) => ({ file, reason })),
    };
    const finished = new Date().toISOString();
    await writeRun(out, { ...begun, status: 'complete', finished, ...results } satisfies TrainRunFile);
    return { out, settings, ...results, notices: noticesOf(job) };
  } finally {
    await trainer.close();
  }
}

/** Of training and test data, each once. */
const noticesOf = ({ data, test }: Job) => [...new Set([...data.notices, ...(test?.notices ?? [])])];

/** Trains, and writes a report that says how the run ended. */
async function trainReported(
  run: TrainRun,
  start: Position,
  out: string,
  report: ReportParts,
): Promise<void> {
  try {
    await trainFrom(run, start);
    report.status = 'complete';
  } catch (error) {
    report.status = run.signal?.aborted ? 'stopped' : 'failed';
    await writeReport(out, report).catch(() => undefined); // the error that stopped the run is the one to throw
    throw withCheckpoint(error, out);
  }
  await writeReport(out, report);
}

/** Adds to the error of a run that diverged where its last good checkpoint is. */
function withCheckpoint(error: unknown, out: string): unknown {
  if (!(error instanceof SaliencyMixError) || error.code !== 'TRAINING') return error;
  const path = join(out, CHECKPOINT);
  const kept = existsSync(path) ? `the last good checkpoint is ${path}` : 'there was no checkpoint yet';
  return new SaliencyMixError('TRAINING', `${error.message}; ${kept}`, { file: path, cause: error });
}

/** The files of the data: what run.json keeps of them, and how a run that is gone on with is compared with them. */
async function findInputs(
  { out, strict, ignoreDates, signal }: Training,
  datasets: { data: Dataset; test?: Dataset },
): Promise<{ inputs: RunFile['inputs']; check: FolderUse['check'] }> {
  const found = await findEach(datasets, strict, signal);
  return {
    inputs: Object.fromEntries([...found].map(([name, { state }]) => [name, state])),
    check({ inputs, started }) {
      for (const [name, data] of found) checkSameData(inputs?.[name], data, { out, started, ignoreDates });
    },
  };
}

/**
 * Trains a network on mixed images of a data set. A run that was stopped can be continued with `mode:
 * 'resume'`, to the same numbers.
 * @throws (rejects) SaliencyMixError ARGUMENT, DATA, OUTPUT, MODEL, CHECKPOINT, BACKEND, ADDON; TRAINING where
 *   loss or weights are no longer finite; FILE with `strict`; the signal's reason when aborted
 */
export async function train(given: TrainOptions): Promise<TrainSummary> {
  const parsed = parseTraining(given);
  const { onProgress = () => undefined, onWarning = emitWarning, mixer, engine } = parsed;
  // What cannot be had is told before data is read and a folder made.
  checkBackend(mixer.backend, mixingWork(0, [mixer]).needs);
  if (engine === 'native') chooseEngine('native');
  const { precision, mode } = parsed;
  // A run that goes on has its checkpoint's, unless one is given.
  const wanted = parsed.provider ?? (mode === 'resume' ? undefined : 'cpu');
  const provider = wanted && (await findProvider({ provider: wanted, engine, precision }, onWarning));
  const options: Training = { ...parsed, provider };
  const started = Date.now();
  const opened = await openTrainingData(options, (all) => {
    requireClasses(all);
    if (needsMasks(mixer)) requireMasks(all);
  });
  try {
    const { whole, train: data, test, holdout } = opened;
    if (test) requireClasses(test);
    if (test) matchClasses(test, data.classes);
    const notice = test && severalClassesNotice(test);
    if (notice !== undefined) onWarning(`${notice}; name others to test on (--test)`);
    const found = { ...summaryOf(whole), ...(holdout && { heldOut: test?.length }) };
    options.onData?.(found);
    const { settings, model } = await resolveSettings(options, data, test, holdout);
    for (const dataset of [data, test]) {
      if (dataset && dataset.format !== 'demo') await checkApart(options.out, dataset.path);
      const problem = options.strict ? dataset?.problems[0] : undefined;
      if (problem)
        throw new SaliencyMixError('FILE', `${problem.file}: ${problem.reason}`, { file: problem.file });
    }
    warnOfOne({ batch: options.batch, images: data.length, mixer }, onWarning);
    // What is held out is among the files of the data.
    const stored = await findInputs(options, holdout ? { data: whole } : { data, test });
    const claim = await claimFolder(options.out, options.mode, folderUse(settings, stored.check));
    try {
      const earlier = claim.earlier as TrainRunFile | undefined;
      const about = environment(mixingBackend(options, settings));
      const versions = versionsOf(about, { onnx: true });
      if (earlier) warnOfVersions(earlier, versions, options.out, onWarning);
      const { inputs } = stored;
      const of = { options, settings, model, data, test, versions, inputs, found };
      const summary = await runIn({ ...of, environment: about, onProgress }, earlier);
      return { ...summary, seconds: (Date.now() - started) / 1000 };
    } finally {
      await claim.release();
    }
  } finally {
    await opened.close();
  }
}
