/** The output folder: locks it for a run, checks what is in it, and removes what may be removed. */
import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SaliencyMixError } from '../errors';
import { PARTIAL, writeError } from './files';
import { isLockFile, lockFolder } from './lock';
import { checkRun, RUN, type RunFile, readRun, writeRun } from './run-file';
import { checkSameSettings } from './same-settings';

/**
 * new: the folder must be empty. resume: continue a run that was stopped. force: replace what an earlier run
 * has written.
 */
export const modes = ['new', 'resume', 'force'] as const;
export type Mode = (typeof modes)[number];

/** A folder that is locked for a run. */
export interface Claim {
  /** run.json of the earlier run that is continued. */
  earlier?: RunFile;
  release(): Promise<void>;
}

const isLeftover = (name: string) => isLockFile(name) || name.endsWith(PARTIAL);

/** What a command writes to its folder. */
export interface FolderUse {
  /** Which command. */
  work: NonNullable<RunFile['work']>;
  settings: unknown;
  /** Of settings that an earlier version may not have known. */
  defaults?: unknown;
  /** Refuses to resume a run whose settings are the same, but something else is not. */
  check?: (earlier: RunFile) => void;
  /** Whether runs of this command make a file or folder of this name. */
  owns: (name: string) => boolean;
  /** A file that is not empty once a run has written anything worth keeping. */
  firstTrace: string;
  /** Folders in the output folder that files are written to. */
  folders: readonly string[];
}

const commandOf = ({ work = 'augment' }: RunFile) => work;

function refuse(out: string, why: string): SaliencyMixError {
  return new SaliencyMixError('OUTPUT', `${out} ${why}`, { argument: 'out', file: out });
}

/** `run.json`, or, where a file of that name is there, one that can be read. */
const readable = (names: readonly string[]) => (names.includes(RUN) ? `${RUN} that can be read` : RUN);

/** The real path of a folder that may not exist yet. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realFolder(parent), basename(path));
  }
}

/** Refuses an output folder inside the data set: what is written there would be read as data the next time. */
export async function checkApart(out: string, data: string): Promise<void> {
  const inside = relative(await realFolder(resolve(data)), await realFolder(resolve(out)));
  if (inside === '' || !/^\.\.(?:[\\/]|$)/.test(inside)) {
    throw refuse(out, `lies inside the data (${data}); choose a folder outside it`);
  }
}

async function list(out: string): Promise<string[]> {
  try {
    await mkdir(out, { recursive: true });
    return (await readdir(out)).filter((name) => !isLeftover(name));
  } catch (error) {
    throw writeError(out, error);
  }
}

async function holds(path: string): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}

/**
 * Removes what an earlier run has written: only names that this package writes, and only if there is a
 * run.json.
 */
async function clear(
  out: string,
  names: readonly string[],
  earlier: RunFile | undefined,
  owns: FolderUse['owns'],
): Promise<void> {
  const ours = names.filter((name) => name === RUN || owns(name));
  if (ours.length > 0 && !earlier) {
    throw refuse(
      out,
      `holds ${ours[0]}, but no ${readable(names)} of an earlier run: not removing files that may be yours; empty it yourself`,
    );
  }
  // run.json is removed last, and does not say 'complete' from now on. So the folder is recognised even if this
  // is interrupted.
  if (earlier) await writeRun(out, { ...earlier, status: 'running' });
  for (const name of [...ours.filter((one) => one !== RUN), ...ours.filter((one) => one === RUN)]) {
    await rm(join(out, name), { recursive: true, force: true });
  }
}

/**
 * Checks what is in the folder, by mode. Gives the run.json of the run to resume; undefined for a new run, for
 * which the folder is then empty.
 */
async function checkContent(
  out: string,
  names: readonly string[],
  mode: Mode,
  { work, settings, defaults, check, owns, firstTrace }: FolderUse,
): Promise<RunFile | undefined> {
  const earlier = await readRun(out);
  if (earlier && commandOf(earlier) !== work)
    throw refuse(out, `holds a run of "${commandOf(earlier)}", not of "${work}"; choose another folder`);
  if (mode === 'force') {
    await clear(out, names, earlier, owns);
    return undefined;
  }
  if (names.length === 0) return undefined;
  if (mode === 'new' && earlier && !(await holds(join(out, firstTrace)))) {
    await clear(out, names, earlier, owns); // the earlier run failed before it had written anything: nothing is lost
    return undefined;
  }
  if (mode === 'new') {
    const hint = earlier ? ' (--resume goes on with the run there, --force replaces it)' : '';
    throw refuse(out, `is not empty${hint}; choose another folder`);
  }
  if (!earlier)
    throw refuse(
      out,
      `is not empty and holds no ${readable(names)}: there is no run to resume; choose another folder`,
    );
  checkRun(out, earlier);
  check?.(earlier);
  checkSameSettings(earlier.settings, settings, { out, defaults });
  return earlier;
}

/** Removes files that a killed run was writing. */
async function removeLeftovers(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (name.endsWith(PARTIAL)) await rm(join(folder, name), { force: true });
  }
}

/**
 * Makes the folders that files are written to. Call it after run.json is written, which shows that they are
 * ours.
 */
export async function makeFolders(out: string, { folders }: FolderUse): Promise<void> {
  for (const name of folders) {
    const folder = join(out, name);
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw writeError(folder, error);
    });
  }
}

/**
 * Prepares the output folder for a run: makes and locks it, checks what is in it, removes unfinished files of a
 * killed run.
 * @throws (rejects) SaliencyMixError OUTPUT
 */
export async function claimFolder(out: string, mode: Mode, use: FolderUse): Promise<Claim> {
  await list(out);
  const release = await lockFolder(out);
  try {
    const earlier = await checkContent(out, await list(out), mode, use);
    await removeLeftovers([out, ...use.folders.map((name) => join(out, name))]);
    return { earlier, release };
  } catch (error) {
    await release();
    throw error;
  }
}
