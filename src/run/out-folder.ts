/** The output folder: who may write to it, what is in it, what of it may be removed. */
import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SaliencyMixError } from '../errors';
import { PARTIAL, writeError } from './files';
import { LOCK, lockFolder } from './lock';
import { RUN, type RunFile, readRun, writeRun } from './run-file';
import { checkSameSettings } from './same-settings';

/** new: the folder must be empty. resume: go on where a run stopped. force: replace what an earlier run has written. */
export const modes = ['new', 'resume', 'force'] as const;
export type Mode = (typeof modes)[number];

export interface Claim {
  /** The earlier run that is gone on with. */
  earlier?: RunFile;
  release(): Promise<void>;
}

const isLeftover = (name: string) => name === LOCK || name.endsWith(PARTIAL);

/** What a command writes to its folder. */
export interface FolderUse {
  /** Which command. */
  work: NonNullable<RunFile['work']>;
  settings: unknown;
  /** Whether runs of this command write such a name. */
  owns: (name: string) => boolean;
  /** A file that is not empty once a run has done anything worth keeping. */
  firstTrace: string;
  /** Folders in it, where files are written. */
  folders: readonly string[];
}

const commandOf = ({ work = 'augment' }: RunFile) => work;

function refuse(out: string, why: string): SaliencyMixError {
  return new SaliencyMixError('OUTPUT', `${out} ${why}`, { argument: 'out', file: out });
}

/** The real path of a folder that may not exist yet. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realFolder(parent), basename(path));
  }
}

/** Images that are written into the data set would be read as part of it the next time. */
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

/** What --force removes: only what runs of this package write, and only where run.json shows that one did. */
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
      `holds ${ours[0]}, but no ${RUN} of an earlier run: not removing files that may be yours; empty it yourself`,
    );
  }
  // run.json goes last, and no longer says complete: whatever the moment, the folder is known for what it is.
  if (earlier) await writeRun(out, { ...earlier, status: 'running' });
  for (const name of [...ours.filter((one) => one !== RUN), ...ours.filter((one) => one === RUN)]) {
    await rm(join(out, name), { recursive: true, force: true });
  }
}

async function checkContent(
  out: string,
  names: readonly string[],
  mode: Mode,
  { work, settings, owns, firstTrace }: FolderUse,
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
    await clear(out, names, earlier, owns); // it failed before it had done anything: nothing is lost
    return undefined;
  }
  if (mode === 'new') {
    const hint = earlier ? ' (--resume goes on with the run there, --force replaces it)' : '';
    throw refuse(out, `is not empty${hint}; choose another folder`);
  }
  if (!earlier)
    throw refuse(out, `is not empty and holds no ${RUN}: there is no run to resume; choose another folder`);
  checkSameSettings(earlier.settings, settings, out);
  return earlier;
}

/** Files that a killed run was writing. */
async function removeLeftovers(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (name.endsWith(PARTIAL)) await rm(join(folder, name), { force: true });
  }
}

/** Makes the folders that files go to. Called after run.json is there: without it they would look like somebody else's. */
export async function makeFolders(out: string, { folders }: FolderUse): Promise<void> {
  for (const name of folders) {
    const folder = join(out, name);
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw writeError(folder, error);
    });
  }
}

/**
 * Takes the folder for a run: makes it, locks it, checks what is in it, removes leftovers of a killed run.
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
