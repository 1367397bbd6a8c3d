/** Experiments of a kind of their own: neither cells that are trained nor figures of trained networks. */
import type { OpenOptions } from '../data/datasets/format';
import type { SingleOptions } from '../train/learning-options';
import type { RecipeName } from '../train/recipes';
import type { Warn } from '../warning';
import type { Scale } from './experiment';
import type { GridProgress } from './run';

/** Of a run's options those that such an experiment may read. */
export interface OwnOptions {
  data: OpenOptions;
  out: string;
  scale: Scale;
  recipe?: RecipeName;
  models?: readonly string[];
  methods?: readonly string[];
  seeds?: number;
  limit?: number;
  rounds: number;
  steps: number;
  pairs: number;
  seed: number;
  provider?: SingleOptions['provider'];
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (progress: GridProgress) => void;
  onWarning: Warn;
}

export interface OwnResult {
  /** For a terminal. */
  text: string;
  /** Paths of what was written. */
  files: string[];
  /** The same as plain data. */
  found: unknown;
}

export interface OwnExperiment {
  readonly name: string;
  readonly summary: string;
  /** @throws (rejects) SaliencyMixError; the signal's reason when aborted */
  readonly run: (options: OwnOptions) => Promise<OwnResult>;
}

/** Tells how many of some equal parts are done. */
export const partsDone = (
  { onProgress }: Pick<OwnOptions, 'onProgress'>,
  done: number,
  total: number,
): void =>
  onProgress?.({
    unit: 'parts',
    done,
    total,
    epochsDone: done,
    epochsBefore: 0,
    epochs: total,
    running: new Map(),
  });
