/**
 * Allows one writer per output folder, by a lock file. It names its process, so that the lock of a dead one is
 * recognised.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SaliencyMixError, systemCode } from '../errors';
import { PARTIAL, writeError } from './files';
import { bootId, stateOf } from './process-state';

export const LOCK = '.saliencymix.lock';

interface Holder {
  pid: number;
  host: string;
  /** Start time of the process, '' where unknown. A later process with the same pid has another. */
  born: string;
  /**
   * Names the start of the system since which `born` counts: no process outlives it. Absent in locks that earlier
   * versions of this package wrote.
   */
  boot?: string;
}

function isAlive({ pid, host, born, boot }: Holder): boolean {
  if (host !== hostname()) return true; // processes of another machine cannot be checked from here
  const now = bootId();
  if (boot && now && boot !== now) return false;
  const state = stateOf(pid);
  if (state.ended) return false;
  return born === '' || state.born === '' || born === state.born;
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) && holder.pid > 0 ? holder : undefined;
  } catch {
    return undefined;
  }
}

const refusals = new WeakSet<Error>();

/** Whether an error says that another process has a folder. */
export const isLocked = (error: unknown): boolean => error instanceof Error && refusals.has(error);

function refusal(message: string, folder: string): SaliencyMixError {
  const error = new SaliencyMixError('OUTPUT', message, { file: folder });
  refusals.add(error);
  return error;
}

function lockedBy(holder: Holder, folder: string): SaliencyMixError {
  const { pid, host } = holder;
  const advice =
    host === hostname() ? 'wait for it, or stop it' : `if it no longer runs, delete ${join(folder, LOCK)}`;
  return refusal(`${folder} is being written by process ${pid} on ${host}: ${advice}`, folder);
}

/**
 * Removes the lock of a dead process. If another process has replaced that lock meanwhile, the new lock is put
 * back.
 */
async function removeStale(lock: string, stale: string): Promise<void> {
  const aside = `${lock}.${process.pid}${PARTIAL}`;
  await rename(lock, aside).catch(() => undefined);
  const taken = await readFile(aside, 'utf8').catch(() => stale);
  if (taken !== stale) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Locks an existing folder; gives the function that unlocks it.
 * @throws (rejects) SaliencyMixError OUTPUT when a living process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = join(folder, LOCK);
  const own = `${lock}.${process.pid}${PARTIAL}`;
  const { born } = stateOf(process.pid);
  const holder: Holder = { pid: process.pid, host: hostname(), born, boot: bootId() };
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(own, JSON.stringify(holder));
      await link(own, lock); // fails where the lock exists; the lock is never seen half written
      await rm(own, { force: true });
      return () => rm(lock, { force: true });
    } catch (error) {
      await rm(own, { force: true });
      if (systemCode(error) !== 'EEXIST') throw writeError(lock, error);
    }
    const text = await readFile(lock, 'utf8').catch(() => '');
    const other = parse(text);
    if (other && isAlive(other)) throw lockedBy(other, folder);
    await removeStale(lock, text);
  }
  throw refusal(`Cannot lock ${folder}: another run is starting there`, folder);
}
