// node ours.mjs <job.json> cpu|webgpu|cuda <steps>: prints a line of losses and of times of steps.
//
// cpu and webgpu are the package's Trainer. cuda is its graph for the processor, run by onnxruntime-node's CUDA provider ten
// steps at a time, since weights go from and to the host with every run.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { batchesOf, prepare } from '../../tasks/training/ours.mjs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const [file, way, steps] = process.argv.slice(2);
const job = JSON.parse(readFileSync(file, 'utf8'));
const WARM = 3;
/** Steps of one run by CUDA. */
const RUN = 10;

const clock = async (work) => {
  const start = performance.now();
  await work();
  return Math.round((performance.now() - start) * 1e4) / 1e4;
};

async function byTrainer() {
  const provider = { provider: way, engine: way === 'cpu' ? 'native' : 'auto' };
  const contender = await prepare(job, { threads: undefined, options: provider }, { root });
  const { losses } = (await contender.result()).facts;
  for (let i = 0; i < WARM; i++) await contender.run(i);
  const ms = [];
  // The processor's is there for its losses.
  for (let i = 0; i < (way === 'cpu' ? 2 : Number(steps)); i++) ms.push(await clock(() => contender.run(i)));
  await contender.close();
  return { losses, ms };
}

function insides() {
  const load = createRequire(`${root}/package.json`);
  const from = (name) => load(`./dist/${name}.js`);
  return {
    ...from('train/graphs'),
    ...from('train/inputs'),
    ...from('train/safetensors'),
    ...from('graph/optimizers'),
    ...from('models/index'),
    runtime: load('onnxruntime-node'),
  };
}

async function byCuda() {
  const inside = insides();
  const { InferenceSession, Tensor } = inside.runtime;
  const { count, side } = job.batch;
  const model = inside.createModel(job.model.name, job.model.options);
  const optimizer = inside.createOptimizer({ name: 'sgd', ...job.optimizer });
  const shape = { count, image: [side, side] };
  const { bytes } = inside.stepGraph(model, shape, optimizer, { several: true });
  const session = await InferenceSession.create(bytes, { executionProviders: ['cuda'], logSeverityLevel: 4 });
  const tensorOf = ({ data, shape: sides }) =>
    new Tensor(data instanceof BigInt64Array ? 'int64' : 'float32', data, sides);
  const { tensors } = await inside.readTensors(job.weights);
  let state = {};
  for (const { name, shape: sides, trained } of model.parameters) {
    state[name] = new Tensor('float32', Float32Array.from(tensors.get(name).data), sides);
    for (const slot of trained ? optimizer.slots : [])
      state[inside.slotName(slot, name)] = new Tensor(
        'float32',
        new Float32Array(state[name].data.length),
        sides,
      );
  }
  const [images, labels] = [job.inputs.images, job.inputs.labels].map(batchesOf);
  let done = 0;
  const run = async (times) => {
    const each = Array.from({ length: times }, (_, i) => ({
      images: { data: images[(done + i) % images.length], shape: [count, 3, side, side] },
      labels: { data: labels[(done + i) % labels.length], shape: [count, model.classes] },
      ...inside.optimizerScalars(optimizer, job.learningRate, done + i + 1),
    }));
    const feeds = Object.entries(inside.stackInputs(each, inside.TIMES));
    const results = await session.run({
      ...state,
      ...Object.fromEntries(feeds.map(([name, one]) => [name, tensorOf(one)])),
    });
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`next/${name}`]]));
    done += times;
    return Array.from(results.loss.data);
  };
  const losses = await run(job.compared);
  await run(RUN);
  const ms = [];
  for (let i = 0; i < Math.ceil(Number(steps) / RUN); i++) ms.push((await clock(() => run(RUN))) / RUN);
  await session.release();
  return { losses, ms };
}

try {
  console.log(JSON.stringify(await (way === 'cuda' ? byCuda() : byTrainer())));
} catch (error) {
  console.error(error.message.split('\n')[0]);
  process.exitCode = 1;
}
