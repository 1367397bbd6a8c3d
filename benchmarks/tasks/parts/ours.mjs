// createMixer(…).mix of this package, and of its copies without one of its parts.
import { availableParallelism } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare as prepareMix } from '../mix/ours.mjs';
import { PARTS, SAME } from '../../lib/parts.mjs';

export function describe() {
  const names = ['saliencymix', SAME, ...PARTS.map(({ name }) => `without ${name}`)];
  const threads = [...new Set([1, availableParallelism()])];
  const variants = names.flatMap((name) => threads.map((count) => ({ name, threads: count })));
  return { name: 'saliencymix', own: true, shared: true, variants };
}

export function prepare(job, variant, { library }) {
  if (variant.name === 'saliencymix') return prepareMix(job, variant, { library });
  const copy = job.copies.find(({ name }) => name === variant.name);
  if (!copy) return { skip: true }; // with --quick only some are built
  const load = createRequire(join(copy.root, 'package.json'));
  return prepareMix(job, variant, { library: load('./dist/index.js') });
}
