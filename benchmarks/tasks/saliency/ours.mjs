// saliency() of this package, at each level and number of threads.
import { readBatches } from '../../lib/batches.mjs';
import { reuseOf, variantsOf } from '../../lib/levels.mjs';

export function describe({ library }) {
  return { name: 'saliencymix', own: true, variants: variantsOf(library) };
}

export async function prepare({ method, input }, { threads }, { library }) {
  const batches = readBatches(input);
  const find = (i, options) => library.saliency(batches[i % batches.length], { method, threads, ...options });
  const first = await find(0);
  const { maps: earlier } = await find(1);
  const reuse = await reuseOf((options) => find(1, options), earlier);
  return {
    run: (i) => find(i, reuse),
    result() {
      const { maps, peaks, shape } = first;
      return { arrays: { maps: { data: maps, shape }, peaks: { data: peaks, shape: [shape[0], 2] } } };
    },
  };
}
