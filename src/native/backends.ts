/** Which backends this build has, and the choice among them. */
import { availableParallelism } from 'node:os';
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { addon } from './load';

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
   * processor has, or the one that the environment variable SALIENCYMIX_CPU names.
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

/** The backends in this build, in order of preference: `'auto'` takes the first that is available. */
export function backends(): Backend[] {
  return list().map((backend) => ({ ...backend, levels: [...backend.levels] }));
}

/**
 * The backend that a `backend` option means. An unknown or unavailable one is an error, never another one instead.
 * @throws SaliencyMixError BACKEND
 */
export function chooseBackend(wanted: unknown = 'auto'): string {
  const all = list();
  if (wanted === 'auto') {
    const first = all.find((backend) => backend.available);
    if (first) return first.name;
    throw backendError('auto', `none is available: ${all.map((b) => `${b.name} (${b.reason})`).join(', ')}`);
  }
  const backend = all.find(({ name }) => name === wanted);
  if (!backend) {
    const known = ['auto', ...all.map(({ name }) => name)].map((name) => `"${name}"`).join(', ');
    throw backendError(wanted, `this build has ${known}`);
  }
  if (!backend.available) throw backendError(wanted, `not available here: ${backend.reason}`);
  return backend.name;
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
