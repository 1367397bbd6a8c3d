import type { ImageBatch, Signal } from '../types';

export interface MadeOptions {
  saliencyModel?: string;
  mean?: readonly number[];
  std?: readonly number[];
  /** Of these images at least; of all unless given. The maps of others may have any values. */
  images?: Iterable<number>;
  /** Memory for the maps, n × h × w values. New memory unless given. */
  result?: Float32Array;
}

/** Makes the maps of a batch: n × h × w values, in a method's own units. */
export type MakeMaps = (
  batch: ImageBatch,
  options: MadeOptions,
  run: { threads: number; signal?: Signal },
) => Promise<Float32Array>;
