// A step's graph run by the native engine, as the Trainer does, but with parts left out: by what is inside the package.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { batchesOf } from '../training/ours.mjs';

/** Parts whose graphs the engine can run without. */
const LEFT_OUT = ['normalisation', 'residual', 'activation', 'running statistics', 'loss', 'max pooling'];

export function describe() {
  const variants = [
    { name: 'saliencymix', form: 'winograd', without: [] },
    { name: 'with direct convolutions', form: 'direct', without: [] },
    ...LEFT_OUT.map((part) => ({ name: `without ${part}`, form: 'winograd', without: [part] })),
    { name: 'with none of these', form: 'direct', without: LEFT_OUT },
  ];
  return { name: 'saliencymix', own: true, variants: variants.map((one) => ({ ...one, threads: 1 })) };
}

/** What the package does not export. */
function insides(root) {
  const load = createRequire(join(root, 'package.json'));
  const from = (file) => load(`./dist/${file}.js`);
  return {
    ...from('train/graphs'),
    ...from('train/state-layout'),
    ...from('train/inputs'),
    ...from('train/safetensors'),
    ...from('graph/optimizers'),
    ...from('onnx/engine'),
    ...from('onnx/ort-worker'),
    ...from('models/index'),
  };
}

export async function prepare(job, { threads, form, without }, { root }) {
  const inside = insides(root);
  const { count, side } = job.batch;
  const model = inside.createModel(job.model.name, job.model.options);
  const optimizer = inside.createOptimizer({ name: 'sgd', ...job.optimizer });
  const shape = { count, image: [side, side] };
  const { bytes } = inside.stepGraph(model, shape, optimizer, { form, without: new Set(without) });
  const worker = inside.startOrtWorker(inside.chooseEngine('native'));
  await worker.add('step', bytes, { threads });

  const last = inside.parametersKeptLast(model, shape);
  const { tensors } = await inside.readTensors(job.weights);
  const write = (name, own, data, isLast) => worker.write(name, data, isLast ? inside.shapeLast(own) : own);
  for (const { name, shape: own, trained } of model.parameters) {
    const { data } = tensors.get(name);
    const values = new Float32Array(data);
    if (last.has(name)) inside.toLast(data, own, values);
    await write(name, own, values, last.has(name));
    for (const slot of trained ? optimizer.slots : [])
      await write(inside.slotName(slot, name), own, new Float32Array(data.length), last.has(name));
  }

  const [images, labels] = [job.inputs.images, job.inputs.labels].map(batchesOf);
  const step = async (i) => {
    const inputs = {
      images: { data: images[i % images.length], shape: [count, 3, side, side] },
      labels: { data: labels[i % labels.length], shape: [count, model.classes] },
      ...inside.optimizerScalars(optimizer, job.learningRate, i + 1),
      ...inside.randomInput(1, i),
    };
    const outputs = ['loss', 'finiteCheck'];
    const { loss } = await worker.run({ model: 'step', inputs, outputs, guard: 'finiteCheck' });
    return loss.data[0];
  };
  return {
    run: step,
    close: () => worker.close(),
    async result() {
      const losses = [];
      for (let i = 0; i < job.compared; i++) losses.push(await step(i));
      return { facts: { losses } };
    },
  };
}
