/** Which backends this build has, and the choice among them. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { addon } from './load';
import type { Source } from './source';

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
}

let listed: readonly Backend[] | undefined;

/** Nothing of it changes while the process runs. */
function list(): readonly Backend[] {
  listed ??= addon().backends();
  return listed;
}

/** The backends in this build, in order of preference. */
export function backends(): Backend[] {
  return list().map((backend) => ({ ...backend, levels: [...backend.levels] }));
}

/** What a call has to do, as far as it decides where `'auto'` runs it. */
export interface Work {
  /** Of all images together. */
  pixels: number;
  /** Whether a native method looks for what is salient in them. */
  saliency: boolean;
}

/** Pixels that are to stay where the backend computes: they make one trip, whatever is done with them there. */
export const STAYS: Work = { pixels: Infinity, saliency: true };

/** Fewer pixels than this are found faster than they travel. To be measured on a card. */
const WORTH_THE_TRIP = 2 ** 20;

/**
 * The one of `all` (in order of preference) that a `backend` option means. An unknown or unavailable one is an error,
 * never another one instead.
 *
 * `'auto'` means the first that is available, where the work is worth a trip to it, and else the CPU. Bringing a batch to
 * a card and back costs about as much as mixing it on the CPU does, and finding saliency ten times as much: so mixing
 * alone stays on the CPU, and so do small batches, whose calls take less time than waiting for a card.
 * @throws SaliencyMixError BACKEND
 */
export function pickBackend(wanted: unknown, work: Work, all: readonly Backend[]): string {
  if (wanted === undefined || wanted === 'auto') {
    const worthIt = work.saliency && work.pixels >= WORTH_THE_TRIP;
    const fit = worthIt ? all : all.filter(({ name }) => name === 'cpu');
    const first = fit.find((backend) => backend.available);
    if (first) return first.name;
    throw backendError('auto', `none is available: ${fit.map((b) => `${b.name} (${b.reason})`).join(', ')}`);
  }
  const backend = all.find(({ name }) => name === wanted);
  if (!backend) {
    const known = ['auto', ...all.map(({ name }) => name)].map((name) => `"${name}"`).join(', ');
    throw backendError(wanted, `this build has ${known}`);
  }
  if (!backend.available) throw backendError(wanted, `not available here: ${backend.reason}`);
  return backend.name;
}

/** Of the backends in this build. */
export function chooseBackend(wanted: unknown, work: Work): string {
  return pickBackend(wanted, work, list());
}

/**
 * A `backend` option that could not be used, whatever the work; for jobs that know their work only later.
 * @throws SaliencyMixError BACKEND
 */
export function checkBackend(wanted: unknown): void {
  chooseBackend(wanted, STAYS);
}

/**
 * Where a call on a batch runs: with its pixels, where a backend has them.
 * @throws SaliencyMixError BACKEND, also where another backend than theirs is asked for by name
 */
export function backendFor(wanted: unknown, { resident }: Pick<Source, 'resident'>, work: Work): string {
  if (!resident) return chooseBackend(wanted, work);
  const { backend } = resident;
  if (wanted === undefined || wanted === 'auto' || chooseBackend(wanted, work) === backend) return backend;
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
export function chooseThreads(wanted: unknown): number {
  return wanted === undefined ? availableParallelism() : check.integer(wanted, 'threads', 1, 1024);
}
