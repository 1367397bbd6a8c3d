/** run.json: what a run was asked to do, and how it ended. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetSummary } from '../data/describe';
import { SaliencyMixError, systemCode } from '../errors';
import { isTooDeep } from '../nesting';
import type { DataState } from './data-state';
import { type Environment, version } from './environment';
import { writeWhole } from './files';
import type { Stretch, Versions } from './history';

export const RUN = 'run.json';

export interface RunFile<Settings = unknown> {
  tool: 'saliencymix';
  version: string;
  /** Which command's run it is; `augment` where it is missing. */
  work?: 'augment' | 'train';
  status: 'running' | 'complete';
  settings: Settings;
  /** When the run was begun; `history` has what wrote later. */
  environment: Environment;
  /** What was read of the data set. */
  data?: DatasetSummary;
  started: string;
  /** Every version that wrote to the folder, in order. Runs of earlier versions of this package have none. */
  history?: readonly Stretch[];
  /** The files that it reads, as they were when it was begun: of `data`, and of `test` where it has any. */
  inputs?: Readonly<Record<string, DataState>>;
  finished?: string;
}

/** run.json of a run that begins now. */
export function newRunFile<Settings>(
  work: NonNullable<RunFile['work']>,
  about: {
    settings: Settings;
    environment: Environment;
    versions: Versions;
    inputs: RunFile['inputs'];
    data: DatasetSummary;
  },
) {
  const { settings, environment, versions, inputs, data } = about;
  const started = new Date().toISOString();
  const history: readonly Stretch[] = [{ versions, from: 0, started }];
  return {
    tool: 'saliencymix' as const,
    version,
    work,
    status: 'running' as const,
    settings,
    environment,
    data,
    started,
    history,
    inputs,
  };
}

/** No run.json of this package is as large, even where all files of a million are bad. */
const LARGEST = 512 << 20;

/** Reads run.json of a folder; undefined where there is none, or it is not of this package. */
export async function readRun(out: string): Promise<RunFile | undefined> {
  let text: string;
  try {
    const { size } = await stat(join(out, RUN));
    if (size > LARGEST) return undefined;
    text = await readFile(join(out, RUN), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new SaliencyMixError('OUTPUT', `Cannot read ${join(out, RUN)}: ${systemCode(error)}`, {
      file: out,
      cause: error,
    });
  }
  try {
    const run = JSON.parse(text) as RunFile;
    return run.tool === 'saliencymix' && !isTooDeep(run) ? run : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isTexts = (value: unknown) =>
  isRecord(value) && Object.values(value).every((one) => typeof one === 'string');
const isStretch = (value: unknown) =>
  isRecord(value) &&
  isTexts(value.versions) &&
  typeof value.from === 'number' &&
  typeof value.started === 'string';
const isBad = (value: unknown) =>
  isTexts(value) && 'file' in (value as object) && 'reason' in (value as object);
const orAbsent = (test: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || test(value);

/** What going on with a run reads of its run.json; settings are compared with others, whatever they are. */
const FORMS: Readonly<Record<string, (value: unknown) => boolean>> = {
  version: (value) => typeof value === 'string',
  started: (value) => typeof value === 'string',
  environment: isRecord,
  history: orAbsent((value) => Array.isArray(value) && value.every(isStretch)),
  inputs: orAbsent((value) => isRecord(value) && Object.values(value).every(isTexts)),
  images: orAbsent(Number.isSafeInteger),
  bad: orAbsent((value) => Array.isArray(value) && value.every(isBad)),
};

/** @throws SaliencyMixError OUTPUT for a run.json that no run has written so */
export function checkRun(out: string, run: RunFile): void {
  const wrong = Object.keys(FORMS).find(
    (name) => !FORMS[name]((run as unknown as Record<string, unknown>)[name]),
  );
  if (wrong === undefined) return;
  const what = `${join(out, RUN)} is damaged or was edited: its "${wrong}" has another form; take the file from a copy, or start over with --force`;
  throw new SaliencyMixError('OUTPUT', what, { file: out });
}

export function writeRun(out: string, run: RunFile): Promise<void> {
  return writeWhole(join(out, RUN), `${JSON.stringify(run, null, 2)}\n`);
}
