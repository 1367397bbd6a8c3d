/** What decides the bytes of an augmentation run. Written to run.json; a resumed run must agree with it. */
import { createHash } from 'node:crypto';
import * as check from '../check';
import type { ImageFormat } from '../data/codec';
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { SaliencyMixError } from '../errors';
import { resolveOptions } from '../mix/options';
import type { MixerOptions } from '../mix/options';

/** Shard i of n does the batches b with (b mod n) + 1 = i. */
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
  mixer: MixerOptions;
}

/** Mixer options that change no byte: not compared, not kept. */
const HOW_IT_RUNS = new Set(['threads', 'backend']);

/** SHA-256 over the ordered ids and labels: whether a resumed run meets the same files. */
export function fingerprint(dataset: Dataset): string {
  const hash = createHash('sha256');
  for (const { id, label } of dataset.items) hash.update(`${id}\0${label}\n`);
  return hash.digest('hex');
}

/** The mixer options with defaults and preset filled in, as far as they decide bytes. */
export function decidingOptions(options: MixerOptions, classes: number): MixerOptions {
  const resolved = Object.entries(resolveOptions({ ...options, classes }));
  return Object.fromEntries(
    resolved.filter(([name, value]) => value !== undefined && !HOW_IT_RUNS.has(name)),
  );
}

/** `"2/4"` → { index: 2, of: 4 }. */
export function parseShard(text: unknown): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(String(text));
  const [index, of] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
  if (index < 1 || index > of) throw check.invalid('shard', 'i/n with 1 ≤ i ≤ n, for example 2/4', text);
  return { index, of };
}

function leaves(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) leaves(inner, path ? `${path}.${key}` : key, into);
  } else {
    into.set(path, JSON.stringify(value));
  }
  return into;
}

/** The same files may lie elsewhere: the fingerprint tells. */
const MAY_DIFFER = new Set(['data.path']);

/** Refuses to go on with a run that was started with other settings, naming each that differs. */
export function checkSameSettings(first: Settings, now: Settings, out: string): void {
  const before = leaves(first, '', new Map());
  const after = leaves(JSON.parse(JSON.stringify(now)), '', new Map());
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const different = names.filter((name) => before.get(name) !== after.get(name) && !MAY_DIFFER.has(name));
  if (different.length === 0) return;
  const shown = different
    .slice(0, 5)
    .map((name) => `${name} was ${before.get(name)} and is now ${after.get(name)}`);
  const more = different.length > 5 ? `, and ${different.length - 5} more` : '';
  throw new SaliencyMixError(
    'OUTPUT',
    `${out} was begun with other settings: ${shown.join('; ')}${more}. Resume with the first ones, or start over with --force`,
    { file: out },
  );
}
