// Trainer.step of this package.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readArray } from '../../lib/batches.mjs';

/** Each variant and what it gives to the Trainer. Another engine, or form of convolution, is one more line. */
const VARIANTS = [
  { name: 'saliencymix, standard', options: { engine: 'standard' } },
  { name: 'saliencymix, direct', options: { engine: 'native', convolution: 'direct' } },
  { name: 'saliencymix', options: { engine: 'native', convolution: 'winograd' } },
  { name: 'saliencymix, AVX2', environment: { SALIENCYMIX_CPU: 'avx2' }, options: { engine: 'native' } },
];

export function describe({ root }) {
  const { version } = createRequire(join(root, 'package.json'))('onnxruntime-node/package.json');
  const variants = VARIANTS.map((one) => ({ ...one, threads: 1 }));
  return { name: 'saliencymix', own: true, versions: { 'onnxruntime-node': version }, variants };
}

/** A commit from before these options trains with what is called standard now. */
async function createTrainer({ Trainer }, model, settings, { engine, ...others }) {
  try {
    return await Trainer.create(model, { ...settings, engine, ...others });
  } catch (error) {
    const early = /^Unknown option "(engine|convolution)"/.test(error.message);
    if (early && engine === 'standard') return Trainer.create(model, { ...settings, ...others });
    if (early) return { skip: 'this version has no such engine' };
    if (error.code === 'BACKEND') return { skip: error.message };
    throw error;
  }
}

/** The batches of a file, each with memory of its own. */
export function batchesOf(input) {
  const { data, shape } = readArray(input);
  const each = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => data.slice(i * each, (i + 1) * each));
}

export async function prepare(job, { threads, options }, { root }) {
  const library = createRequire(join(root, 'package.json'))('./dist/train/index.js');
  const { count, side } = job.batch;
  const model = library.createModel(job.model.name, job.model.options);
  const optimizer = { name: 'sgd', ...job.optimizer };
  const settings = { batch: count, image: [side, side], threads, optimizer };
  const trainer = await createTrainer(library, model, settings, options);
  if (trainer.skip) return trainer;
  await trainer.loadSafetensors(job.weights);
  const [images, labels] = [job.inputs.images, job.inputs.labels].map(batchesOf);
  const learn = (batch) => trainer.step({ ...batch, learningRate: job.learningRate });
  const step = (i) => learn({ images: images[i % images.length], labels: labels[i % labels.length] });
  return {
    run: step,
    learn,
    close: () => trainer.close(),
    async result() {
      const losses = [];
      for (let i = 0; i < job.compared; i++) losses.push((await step(i)).loss);
      return { facts: { losses } };
    },
  };
}
