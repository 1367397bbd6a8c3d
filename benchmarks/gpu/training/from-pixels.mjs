// Steps on batches that are uploaded as bytes and mixed by SaliencyMix where the trainer computes, each while the step before runs.
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Gives a function that makes one step, which ends when its loss is here. */
export function stepsFromPixels(root, { batch: { count, side }, model }, learn, backend) {
  const { createMixer, uploadBatch } = createRequire(join(root, 'package.json'))('./dist/index.js');
  const { classes } = model.options;
  const mixer = createMixer({ classes, probability: 1, backend });
  const output = { layout: 'NCHW', dtype: 'float32', mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] };
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const data = Uint8Array.from({ length: count * side * side * 3 }, (_, i) => (i * 31 + (i >> 7) * 17) & 255);
  const batchOf = async (number) => {
    const uploaded = await uploadBatch({ data, shape: [count, side, side, 3] }, { backend });
    const mixed = await mixer.mix(uploaded, labels, { batch: number, output });
    uploaded.free();
    return mixed;
  };
  let next = batchOf(0);
  return async (i) => {
    const { images, labels: soft } = await next;
    const made = learn({ images, labels: soft });
    images.free(); // the step keeps them
    next = batchOf(i + 1);
    await made;
  };
}
