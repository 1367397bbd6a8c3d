/** The backends of this build, and which of them runs a call. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { abortSignal, later, whole } from '../option';
import { addon } from './load';
import type { BatchInput } from './batch-input';
import { isTested, UNTESTED } from './tested';

export interface Backend {
  /** The value of a `backend` option that asks for this backend. */
  readonly name: string;
  readonly description: string;
  /** Whether it can be used on this machine; `reason` says why not. */
  readonly available: boolean;
  readonly reason?: string;
  /**
   * The variant of its code that runs. On the CPU: the best instruction set that the processor has, or the one
   * that the environment variable SALIENCYMIX_CPU names. On a graphics card: its compute capability, such as
   * sm_90. All CPU levels give the same bytes, except `scalar`, the plain reference: it computes
   * spectral-residual and frequency-tuned maps in float64.
   */
  readonly level: string;
  /** The levels that could run here, best first. */
  readonly levels: readonly string[];
  /**
   * Whether `'auto'` may choose it where it is available. A graphics card may be chosen only if the backend has
   * been tested on its compute capability.
   */
  readonly auto: boolean;
  /**
   * The names of the saliency methods, kinds of mixing ('keep', 'paste', 'blend', 'erase', 'resize') and dtypes
   * that it lacks. For a call that needs one of them, `'auto'` chooses another backend, and this one asked for
   * by name is an error.
   */
  readonly lacks: readonly string[];
}

let listed: readonly Backend[] | undefined;

/** The addon is asked once: the answer does not change while the process runs. */
function list(): readonly Backend[] {
  listed ??= addon()
    .backends()
    .map((backend) => ({ ...backend, auto: isTested(backend) }));
  return listed;
}

/**
 * The backends in this build, in order of preference.
 * @throws SaliencyMixError ADDON where the native addon is missing or does not load
 */
export function backends(): Backend[] {
  return list().map((backend) => ({ ...backend, levels: [...backend.levels], lacks: [...backend.lacks] }));
}

/** What the choice of a backend depends on: how much a call has to do, and what its backend must have. */
export interface Work {
  /** Pixels of all images together. */
  pixels: number;
  /** Whether a native saliency method runs on them. */
  saliency: boolean;
  /**
   * Saliency methods, kinds of mixing and dtypes that the backend must have; the same names as in
   * `Backend.lacks`.
   */
  needs: readonly string[];
}

/**
 * The work of a batch that is uploaded to stay: any size is worth it, since the pixels are copied once for many
 * calls.
 */
export const RESIDENT_WORK: Work = { pixels: Infinity, saliency: true, needs: [] };

/**
 * With fewer pixels than this, saliency on the CPU takes less time than copying them to a card. An estimate:
 * not yet measured on a card.
 */
const MIN_DEVICE_PIXELS = 2 ** 20;

/** The names that the work needs and the backend lacks, for a message; '' where it lacks nothing. */
function lacking({ lacks }: Backend, { needs }: Work): string {
  return lacks.length === 0 ? '' : needs.filter((name) => lacks.includes(name)).join(', ');
}

/** Why `'auto'` cannot choose a backend for the work; undefined where it can. */
function whyNot(backend: Backend, work: Work): string | undefined {
  if (!backend.available) return backend.reason;
  const lacked = lacking(backend, work);
  if (lacked !== '') return `it lacks ${lacked}`;
  return backend.auto ? undefined : UNTESTED;
}

/** The backends that have what the work needs, for a message. */
function backendsWith(work: Work, all: readonly Backend[]): string {
  const names = all.filter((backend) => lacking(backend, work) === '').map(({ name }) => `"${name}"`);
  return names.join(' or ');
}

/**
 * The name of the backend that a `backend` option means, among `all` (in order of preference). A backend asked
 * for by name that is unknown, unavailable or lacks what the work needs is an error: no other one is used in
 * its place.
 *
 * `'auto'` is the first backend that is available, tested and has what the work needs, if the work is saliency
 * of a large batch; else the CPU. The reason: copying a batch to a card and back takes about as long as mixing
 * it on the CPU, and saliency takes ten times as long. So mixing alone does not gain by a card, and small
 * batches wait longer for it than the CPU needs.
 * @throws SaliencyMixError BACKEND
 */
export function pickBackend(wanted: unknown, work: Work, all: readonly Backend[]): string {
  if (wanted === undefined || wanted === 'auto') {
    const worthIt = work.saliency && work.pixels >= MIN_DEVICE_PIXELS;
    const fit = worthIt ? all : all.filter(({ name }) => name === 'cpu');
    const first = fit.find((backend) => whyNot(backend, work) === undefined);
    if (first) return first.name;
    const reasons = fit.map((backend) => `${backend.name} (${whyNot(backend, work)})`);
    throw backendError('auto', `none is available: ${reasons.join(', ')}`);
  }
  const backend = all.find(({ name }) => name === wanted);
  if (!backend) {
    const known = ['auto', ...all.map(({ name }) => name)].map((name) => `"${name}"`).join(', ');
    throw backendError(wanted, `this build has ${known}`);
  }
  if (!backend.available) throw backendError(wanted, `not available here: ${backend.reason}`);
  const lacked = lacking(backend, work);
  if (lacked === '') return backend.name;
  throw backendError(
    wanted,
    `it lacks ${lacked}; use ${backendsWith(work, all)}, or leave backend at "auto"`,
  );
}

/** pickBackend among the backends of this build. */
export function chooseBackend(wanted: unknown, work: Work): string {
  return pickBackend(wanted, work, list());
}

/**
 * Refuses a `backend` option that cannot be used for any amount of work. For jobs that do not know the amount
 * yet.
 * @throws SaliencyMixError BACKEND
 */
export function checkBackend(wanted: unknown, needs: readonly string[]): void {
  chooseBackend(wanted, { ...RESIDENT_WORK, needs });
}

/**
 * The backend that runs a call on a batch: the one whose memory holds the batch, or for a batch in this process
 * the one that pickBackend gives.
 * @throws SaliencyMixError BACKEND, also for a device batch where another backend is asked for by name, or its
 *   own lacks what the call needs
 */
export function backendFor(
  wanted: unknown,
  { resident }: Pick<BatchInput, 'resident'>,
  work: Work,
  all: readonly Backend[] = list(),
): string {
  if (!resident) return pickBackend(wanted, work, all);
  const { backend } = resident;
  const own = all.find(({ name }) => name === backend);
  const lacked = own ? lacking(own, work) : '';
  if (lacked !== '') {
    const there = `it lacks ${lacked}, and the device batch is there`;
    throw backendError(backend, `${there}; upload the batch with backend: ${backendsWith(work, all)}`);
  }
  if (wanted === undefined || wanted === 'auto' || pickBackend(wanted, work, all) === backend) return backend;
  const other = check.describe(wanted);
  throw backendError(
    wanted,
    `the device batch is on "${backend}"; upload it with backend: ${other}, or leave backend at "auto"`,
  );
}

/** The level at which a backend runs. */
export function levelOf(backend: string): string {
  return list().find(({ name }) => name === backend)?.level ?? 'unknown';
}

function backendError(wanted: unknown, why: string): SaliencyMixError {
  return new SaliencyMixError('BACKEND', `Unusable backend ${check.describe(wanted)}: ${why}`, {
    argument: 'backend',
    expected: why,
    received: check.describe(wanted),
  });
}

/** The threads of one call: as many as asked for, else one per processor. */
export const chooseThreads = (wanted: number | undefined): number => wanted ?? availableParallelism();

export const threadsOption = (about = '') => whole(1, { max: 1024, values: 'whole number ≥ 1', about });

/** Options of every native call. chooseBackend checks `backend`, as only the build knows which there are. */
export const runOptions = {
  /** 'auto' unless given. */
  backend: later<string>(),
  /** All processors unless given. */
  threads: threadsOption(),
  signal: abortSignal(),
};
