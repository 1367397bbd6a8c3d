// createMixer(…).mix of this package, at each level and number of threads.
import { readBatches } from '../../lib/batches.mjs';
import { reuseOf, variantsOf } from '../../lib/levels.mjs';

export function describe({ library }) {
  return { name: 'saliencymix', own: true, variants: variantsOf(library) };
}

export async function prepare(job, { threads }, { library }) {
  const { method, saliency, classes, normalise, input } = job;
  const batches = readBatches(input);
  const labels = Int32Array.from({ length: job.images }, (_, i) => i % classes);
  const output = job.output.dtype === 'uint8' ? job.output : { ...job.output, ...normalise };
  const mixer = library.createMixer({ method, saliency, classes, seed: 1, threads });
  // The number of the batch is that of the draw, so every round pastes other boxes.
  const mix = (i, options) =>
    mixer.mix(batches[i % batches.length], labels, { batch: i, output, ...options });
  const first = await mix(0);
  const { images } = await mix(1);
  const reuse = await reuseOf((options) => mix(1, options), images.data);
  return {
    run: (i) => mix(i, reuse),
    result() {
      const { images: pixels, labels: soft, shape, plan } = first;
      return { arrays: { images: pixels, labels: { data: soft, shape } }, facts: { plan } };
    },
  };
}
