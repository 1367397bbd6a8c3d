/**
 * The settings that decide the bytes of an augmentation run. They are written to run.json; a resumed run must
 * have the same.
 */
import * as check from '../check';
import type { ImageFormat } from '../data/codec';
import type { OpenOptions } from '../data/datasets/format';
import type { ChosenPolicy } from '../operations/policies/index';
import type { DecidingOptions } from '../run/data-identity';

/** Shard i (`index`) of n (`of`) does the batches b with (b mod n) + 1 = i. */
export interface Shard {
  index: number;
  of: number;
}

/** Everything that the images and labels depend on; plain data, every value present. */
export interface Settings {
  data: { path: string; format: string; images: number; fingerprint: string; demo?: OpenOptions['demo'] };
  classes: readonly string[];
  size: readonly [height: number, width: number];
  batch: number;
  copies: number;
  /** Name of the writer. */
  format: string;
  encoding: ImageFormat;
  shard: Shard;
  /** The policy of random operations before mixing, where there is one. */
  augment?: ChosenPolicy;
  mixer: DecidingOptions;
}

/** `"2/4"` → { index: 2, of: 4 }. */
export function parseShard(text: unknown): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(String(text));
  const [index, of] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
  if (index < 1 || index > of) throw check.invalid('shard', 'i/n with 1 ≤ i ≤ n, for example 2/4', text);
  return { index, of };
}
