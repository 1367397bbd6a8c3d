/** Which backends this build has, and the choice among them. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { abortSignal, later, whole } from '../option';
import { addon } from './load';
import type { BatchInput } from './batch-input';
import { isTested, UNTESTED } from './tested';

export interface Backend {
  /** What `backend` options take. */
  readonly name: string;
  readonly description: string;
  /** Whether it can be used on this machine; `reason` says why not. */
  readonly available: boolean;
  readonly reason?: string;
  /**
   * The variant of its code that runs; the bytes of the results are the same in all but `scalar`, the plain reference,
   * whose spectral-residual and frequency-tuned maps are computed in float64. On the CPU the best one that the
   * processor has, or the one that the environment variable SALIENCYMIX_CPU names. Of a graphics card its kind, as sm_90.
   */
  readonly level: string;
  /** The levels that could run here, best first. */
  readonly levels: readonly string[];
  /**
   * Whether `'auto'` may choose it where it is available: of graphics cards only those of a compute capability that the
   * backend has been tested on.
   */
  readonly auto: boolean;
  /**
   * The names of the saliency methods, kinds of mixing ('keep', 'paste', 'blend', 'erase') and dtypes that it lacks. For
   * calls that need one of them `'auto'` passes it over, and by name it is refused.
   */
  readonly lacks: readonly string[];
}

let listed: readonly Backend[] | undefined;

/** Nothing of it changes while the process runs. */
function list(): readonly Backend[] {
  listed ??= addon()
    .backends()
    .map((backend) => ({ ...backend, auto: isTested(backend) }));
  return listed;
}

/** The backends in this build, in order of preference. */
export function backends(): Backend[] {
  return list().map((backend) => ({ ...backend, levels: [...backend.levels], lacks: [...backend.lacks] }));
}

/** What a call has to do, as far as it decides where it can run, and where `'auto'` runs it. */
export interface Work {
  /** Of all images together. */
  pixels: number;
  /** Whether a native method looks for what is salient in them. */
  saliency: boolean;
  /** What the backend must have, by the names that `Backend.lacks` is made of. */
  needs: readonly string[];
}

/** Pixels that are to stay where the backend computes: they make one trip, whatever is done with them there. */
export const RESIDENT_WORK: Work = { pixels: Infinity, saliency: true, needs: [] };

/** Fewer pixels than this are found faster than they travel. To be measured on a card. */
const MIN_DEVICE_PIXELS = 2 ** 20;

/** What the work needs and the backend lacks, as words; empty where it lacks nothing. */
function lacking({ lacks }: Backend, { needs }: Work): string {
  return lacks.length === 0 ? '' : needs.filter((name) => lacks.includes(name)).join(', ');
}

/** Why `'auto'` passes a backend over; undefined where it does not. */
function whyNot(backend: Backend, work: Work): string | undefined {
  if (!backend.available) return backend.reason;
  const lacked = lacking(backend, work);
  if (lacked !== '') return `it lacks ${lacked}`;
  return backend.auto ? undefined : UNTESTED;
}

/** Which backends have what the work needs, as words. */
function backendsWith(work: Work, all: readonly Backend[]): string {
  const names = all.filter((backend) => lacking(backend, work) === '').map(({ name }) => `"${name}"`);
  return names.join(' or ');
}

/**
 * The one of `all` (in order of preference) that a `backend` option means. One that is unknown, unavailable or without
 * what the work needs is an error, never another one instead.
 *
 * `'auto'` means the first that is available, tested and has what the work needs, where the work is worth a trip to it,
 * and else the CPU. Bringing a batch to a card and back costs about as much as mixing it on the CPU does, and finding saliency ten times as much: so mixing
 * alone stays on the CPU, and so do small batches, whose calls take less time than waiting for a card.
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

/** Of the backends in this build. */
export function chooseBackend(wanted: unknown, work: Work): string {
  return pickBackend(wanted, work, list());
}

/**
 * A `backend` option that could not be used, however much the work; for jobs that know that only later.
 * @throws SaliencyMixError BACKEND
 */
export function checkBackend(wanted: unknown, needs: readonly string[]): void {
  chooseBackend(wanted, { ...RESIDENT_WORK, needs });
}

/**
 * Where a call on a batch runs: with its pixels, where a backend has them.
 * @throws SaliencyMixError BACKEND, also where another backend than theirs is asked for by name, or theirs lacks something
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

/** Threads of one call: what was asked for, or all processors. */
export const chooseThreads = (wanted: number | undefined): number => wanted ?? availableParallelism();

export const threadsOption = (about = '') => whole(1, { max: 1024, values: 'whole number ≥ 1', about });

/** How a native call runs. Which backends there are, the build tells: see chooseBackend. */
export const runOptions = {
  /** 'auto' unless given. */
  backend: later<string>(),
  /** All processors unless given. */
  threads: threadsOption(),
  signal: abortSignal(),
};
