// applyImageOperation of this package, at each level and number of threads.
import { readBatches } from '../../lib/batches.mjs';
import { reuseOf, variantsOf } from '../../lib/levels.mjs';

export function describe({ library }) {
  return { name: 'saliencymix', own: true, variants: variantsOf(library) };
}

export async function prepare({ operation, magnitude, input }, { threads }, { library }) {
  if (!library.applyImageOperation) return { skip: 'this commit has no operations on images' };
  const batches = readBatches(input);
  const apply = (i, options) =>
    library.applyImageOperation(batches[i % batches.length], operation, magnitude, { threads, ...options });
  const first = await apply(0);
  const { data: earlier } = await apply(1);
  const reuse = await reuseOf((options) => apply(1, options), earlier);
  return { run: (i) => apply(i, reuse), result: () => ({ arrays: { images: first } }) };
}
