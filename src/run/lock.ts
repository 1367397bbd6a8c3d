/**
 * Allows one writer per output folder, by a lock file. It names its process, so that the lock of a dead one is recognised. Such a
 * lock is removed only by who holds another lock file, the guard: so nobody can take its place between a look at it and its removal.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SaliencyMixError, systemCode } from '../errors';
import { PARTIAL, writeError } from './files';
import { bootId, machineId, processSpace, stateOf } from './process-state';

export const LOCK = '.saliencymix.lock';
const GUARD = `${LOCK}.guard`;

/** Whether a file of this name is a folder's lock, or belongs to one. */
export const isLockFile = (name: string): boolean => name.startsWith(LOCK);

interface Holder {
  pid: number;
  host: string;
  /** Start time of the process, '' where unknown. A later process with the same pid has another. */
  born: string;
  /** Names the start of the system since which `born` counts: no process outlives it. */
  boot?: string;
  /** Tells machines of one name apart, '' where unknown; absent, as the next two, in locks of earlier versions. */
  machine?: string;
  /** The container or the like whose processes `pid` counts, '' where unknown. */
  space?: string;
  /** No two locks are the same. */
  token?: string;
}

const holderHere = (): Holder => ({
  pid: process.pid,
  host: hostname(),
  born: stateOf(process.pid).born,
  boot: bootId(),
  machine: machineId(),
  space: processSpace(),
  token: randomBytes(8).toString('hex'),
});

/** beyond: of another machine or container, whose processes cannot be asked for from here. */
type Fate = 'lives' | 'ended' | 'beyond';

function fateOf({ pid, host, born, boot, machine, space }: Holder): Fate {
  if (host !== hostname()) return 'beyond';
  if (machine !== undefined && machine !== machineId()) return 'beyond';
  const now = bootId();
  if (boot && now && boot !== now) return machine === '' ? 'beyond' : 'ended';
  if (space !== undefined && space !== processSpace()) return 'beyond';
  const state = stateOf(pid);
  if (state.ended) return 'ended';
  return born === '' || state.born === '' || born === state.born ? 'lives' : 'ended';
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

function lockedBy({ pid, host }: Holder, fate: Fate, folder: string): SaliencyMixError {
  const advice =
    fate === 'lives' ? 'wait for it, or stop it' : `if it no longer runs, delete ${join(folder, LOCK)}`;
  const where = fate === 'beyond' && host === hostname() ? `${host}, in another container or machine` : host;
  return refusal(`${folder} is being written by process ${pid} on ${where}: ${advice}`, folder);
}

/** Writes a lock file; false where there is one. It is never seen half written. */
async function put(lock: string, text: string): Promise<boolean> {
  const own = `${lock}.${randomBytes(8).toString('hex')}${PARTIAL}`;
  try {
    await writeFile(own, text);
    await link(own, lock);
    return true;
  } catch (error) {
    const code = systemCode(error);
    // Who holds the folder removes unfinished files, and then also this one.
    const isThere = () =>
      stat(dirname(lock)).then(
        () => true,
        () => false,
      );
    if (code === 'EEXIST' || (code === 'ENOENT' && (await isThere()))) return false;
    throw writeError(lock, error);
  } finally {
    await rm(own, { force: true });
  }
}

/** A lock file's content; undefined where there is none. */
const textOf = (lock: string): Promise<string | undefined> =>
  readFile(lock, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw writeError(lock, error);
  });

async function removeIf(lock: string, text: string): Promise<void> {
  if ((await textOf(lock)) === text) await rm(lock, { force: true });
}

/** Removes the lock of a dead process, unless it has been replaced or another process is about to remove it. */
async function removeStale(folder: string, stale: string): Promise<void> {
  const guard = join(folder, GUARD);
  const own = JSON.stringify(holderHere());
  if (!(await put(guard, own))) {
    await delay(5 + Math.random() * 20);
    return;
  }
  try {
    await removeIf(join(folder, LOCK), stale);
  } finally {
    await removeIf(guard, own);
  }
}

/** Why a lock that nobody holds could not be had. */
async function notHad(folder: string): Promise<SaliencyMixError> {
  const guard = join(folder, GUARD);
  const holder = parse((await textOf(guard)) ?? '');
  const isLeft = holder !== undefined && fateOf(holder) !== 'lives';
  const advice = isLeft ? `; if no other run starts there, delete ${guard}` : '';
  return refusal(`Cannot lock ${folder}: another run is starting there${advice}`, folder);
}

const ATTEMPTS = 20;

/**
 * Locks an existing folder; gives the function that unlocks it.
 * @throws (rejects) SaliencyMixError OUTPUT when another process holds it, or may hold it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = join(folder, LOCK);
  const own = JSON.stringify(holderHere());
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await put(lock, own)) return () => removeIf(lock, own);
    const text = await textOf(lock);
    if (text === undefined) continue; // released meanwhile
    const other = parse(text);
    const fate = other ? fateOf(other) : 'ended';
    if (other && fate !== 'ended') throw lockedBy(other, fate, folder);
    await removeStale(folder, text);
  }
  throw await notHad(folder);
}
