/** What a run that is gone on with must find again: the same files, the same draws. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset';
import type { MixOptions } from '../mix/options';

/** SHA-256 over the ordered ids and labels: whether a resumed run meets the same files. */
export function fingerprint(dataset: Dataset): string {
  const hash = createHash('sha256');
  for (const { id, label } of dataset.items) hash.update(`${id}\0${label}\n`);
  return hash.digest('hex');
}

/** Those options of a mixer that decide bytes: how it runs is not compared, and not kept. */
export type DecidingOptions = Omit<MixOptions, 'threads' | 'backend'>;

export function decidingOptions(options: MixOptions, classes: number): DecidingOptions {
  const { threads: _, backend: __, ...deciding } = options;
  const given = Object.entries({ ...deciding, classes }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as DecidingOptions;
}
