/** What must be the same when a run is resumed: the files, and the options that draws depend on. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset';
import type { MixOptions } from '../mix/options';

/** SHA-256 of the ordered ids, labels and weights, by which a resumed run knows that the files are the same. */
export function fingerprint(dataset: Dataset): string {
  const hash = createHash('sha256');
  for (const { id, label, soft } of dataset.items) {
    hash.update(`${id}\0${label}\n`);
    if (soft) hash.update(soft);
  }
  return hash.digest('hex');
}

/**
 * The options of a mixer that its bytes depend on. How it runs (threads, backend) is neither kept nor compared.
 */
export type DecidingOptions = Omit<MixOptions, 'threads' | 'backend'>;

export function decidingOptions(options: MixOptions, classes: number): DecidingOptions {
  const { threads: _, backend: __, ...deciding } = options;
  const given = Object.entries({ ...deciding, classes }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as DecidingOptions;
}
