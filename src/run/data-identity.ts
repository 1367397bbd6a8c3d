/** What a run that is gone on with must find again: the same files, the same draws. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset';
import { type MixerOptions, resolveOptions } from '../mix/options';

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
