// saliency() of this package, at each level and number of threads.
import { readBatches } from '../../lib/batches.mjs';
import { variantsOf } from '../../lib/levels.mjs';

export function describe({ library }) {
  return { name: 'saliencymix', own: true, variants: variantsOf(library) };
}

export async function prepare({ method, input }, { threads }, { library }) {
  const batches = readBatches(input);
  const run = (i) => library.saliency(batches[i % batches.length], { method, threads });
  return {
    run,
    async result() {
      const { maps, peaks, shape } = await run(0);
      return { arrays: { maps: { data: maps, shape }, peaks: { data: peaks, shape: [shape[0], 2] } } };
    },
  };
}
