// createMixer(…).mix and saliency() of this package, and of its copies without one of its parts.
import { availableParallelism } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare as prepareMix } from '../mix/ours.mjs';
import { prepare as prepareSaliency } from '../saliency/ours.mjs';
import { isOfThreads, PARTS, SAME } from '../../lib/parts.mjs';

/** With more threads than processors only what threads have is measured. */
const MANY = [4, 8];

export function describe() {
  const cores = availableParallelism();
  const variantsOf = (parts, threads) =>
    ['saliencymix', SAME, ...parts.map(({ name }) => `without ${name}`)].flatMap((name) =>
      threads.map((count) => ({ name, threads: count })),
    );
  const variants = [
    ...variantsOf(PARTS, [...new Set([1, cores])]),
    ...variantsOf(
      PARTS.filter(isOfThreads),
      MANY.filter((count) => count > cores),
    ),
  ];
  return { name: 'saliencymix', own: true, shared: true, variants };
}

export function prepare(job, variant, { library }) {
  const prepareJob = job.finds ? prepareSaliency : prepareMix;
  if (variant.name === 'saliencymix') return prepareJob(job, variant, { library });
  const copy = job.copies.find(({ name }) => name === variant.name);
  if (!copy) return { skip: true }; // with --quick only some are built
  const load = createRequire(join(copy.root, 'package.json'));
  return prepareJob(job, variant, { library: load('./dist/index.js') });
}
