/** The engines that run training graphs: the same numbers, and what each says of itself. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Graph, sizeOf } from '../../src/graph/graph';
import { update } from '../../src/graph/native-ops';
import { encodeModel } from '../../src/graph/onnx';
import { add } from '../../src/graph/ops';
import { createOptimizer } from '../../src/graph/optimizers';
import { backends } from '../../src/native/backends';
import { addon } from '../../src/native/load';
import { chooseEngine } from '../../src/onnx/engine';
import { libraryPath } from '../../src/onnx/library';
import { startOrtWorker } from '../../src/onnx/ort-worker';
import type { RunFile } from '../../src/run/run-file';
import { createModel, train, Trainer } from '../../src/train';
import { readCheckpoint } from '../../src/train/checkpoint';
import { engineToResume } from '../../src/train/engine';
import { colourFolder } from '../cli/colours';
import { symmetric, workFolder } from './fixtures';

const ROOT = resolve(__dirname, '..', '..');
const work = workFolder();

const model = createModel('wrn', { classes: 3, depth: 10, widen: 1, dropout: 0.3 });
const batch = 5;
const images = Float32Array.from({ length: batch * 3 * 8 * 8 }, (_, i) => Math.sin(i * 0.37) + (i % 7) / 9);
const labels = Float32Array.from({ length: batch * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
const options = {
  batch,
  image: [8, 8],
  threads: 1,
  seed: 4,
  optimizer: { name: 'sgd', momentum: 0.9 },
} as const;

/** Losses of steps, and everything that a trainer knows after them. */
async function trained(trainer: Trainer, steps: number) {
  const losses: number[] = [];
  for (let step = 0; step < steps; step++)
    losses.push((await trainer.step({ images, labels, learningRate: 0.05 })).loss);
  return {
    losses,
    parameters: await trainer.parameters(),
    gradients: await trainer.gradients({ images, labels }),
    logits: await trainer.predict(images.subarray(0, 3 * 3 * 8 * 8)),
  };
}

test('auto is the native engine where it can be had', () => {
  const { engine, ort, library, reason } = chooseEngine('auto');
  expect({ engine, reason }).toEqual({ engine: 'native', reason: undefined });
  const { version } = JSON.parse(readFileSync(require.resolve('onnxruntime-node/package.json'), 'utf8')) as {
    version: string;
  };
  expect(ort).toBe(version);
  expect(library).toBe(libraryPath());
});

/** All numbers that a trainer gave, by name. */
function numbersOf({ losses, parameters, gradients, logits }: Awaited<ReturnType<typeof trained>>) {
  return new Map<string, ArrayLike<number>>([
    ['losses', losses],
    ['logits', logits],
    ['loss', [gradients.loss]],
    ['gradient of images', gradients.images],
    ...[...parameters].map(([name, { data }]) => [name, data] as const),
    ...[...gradients.parameters].map(([name, data]) => [`gradient of ${name}`, data] as const),
  ]);
}

const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));

test.each([1, 3])(
  'steps, gradients and logits are near one another, %i steps per run',
  async (stepsPerRun) => {
    const [native, standard] = await Promise.all(
      (['native', 'standard'] as const).map(async (engine) => {
        const trainer = await Trainer.create(model, { ...options, engine, stepsPerRun });
        expect(trainer.engine).toBe(engine);
        const found = await trained(trainer, 6);
        await trainer.close();
        return found;
      }),
    );
    expect(native.losses[5]).toBeLessThan(native.losses[0]);
    const [found, wanted] = [numbersOf(native), numbersOf(standard)];
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    for (const [name, values] of wanted) {
      const miss = Array.from(found.get(name) as ArrayLike<number>, (value, i) => value - values[i]);
      expect([name, largest(miss) <= 1e-4 * largest(values) + 1e-6]).toEqual([name, true]);
    }
  },
);

test('steps per run change no bit', async () => {
  const results = await Promise.all(
    [1, 4].map(async (stepsPerRun) => {
      const trainer = await Trainer.create(model, { ...options, engine: 'native', stepsPerRun });
      const steps = Array.from({ length: 6 }, () => trainer.step({ images, labels, learningRate: 0.05 }));
      const losses = (await Promise.all(steps)).map(({ loss }) => loss);
      const parameters = await trainer.parameters();
      await trainer.close();
      return { losses, parameters };
    }),
  );
  expect(results[0]).toEqual(results[1]);
});

test('a step that is not finite changes nothing, and the next one goes on from there', async () => {
  const trainer = await Trainer.create(model, { ...options, engine: 'native' });
  await trained(trainer, 2);
  const before = await trainer.parameters();
  const bad = images.slice();
  bad[17] = NaN;
  await expect(trainer.step({ images: bad, labels, learningRate: 0.05 })).rejects.toThrow(
    /Step 3 has the loss NaN/,
  );
  expect(await trainer.parameters()).toEqual(before);
  expect(trainer.steps).toBe(2);
  const other = await Trainer.create(model, { ...options, engine: 'native' });
  await trained(other, 2);
  expect(await trained(trainer, 1)).toEqual(await trained(other, 1));
  await trainer.close();
  await other.close();
});

test('a checkpoint says its engine, and goes on with the same bits on it', async () => {
  const path = join(work, 'native.safetensors');
  const trainer = await Trainer.create(model, { ...options, engine: 'native' });
  await trained(trainer, 2);
  await trainer.save(path);
  const expected = await trained(trainer, 2);
  await trainer.close();
  const resumed = await Trainer.resume(path);
  expect(resumed.engine).toBe('native');
  expect((await readCheckpoint(path)).arithmetic).toEqual({
    engine: 'native',
    provider: 'cpu',
    convolution: 'winograd',
    level: resumed.level,
  });
  expect(backends().find(({ name }) => name === 'cpu')?.levels).toContain(resumed.level);
  expect(await trained(resumed, 2)).toEqual(expected);
  await resumed.close();
});

/** Logits that an exported model gives of three images, by onnxruntime-node. */
async function predicted(path: string): Promise<Float32Array> {
  const worker = startOrtWorker();
  try {
    const { inputs } = await worker.add('model', path, { threads: 1 });
    const shape = [3, ...(inputs[0].shape.slice(1) as number[])];
    const three = { data: symmetric('three', sizeOf(shape), 1.7), shape };
    const { logits } = await worker.run({ model: 'model', inputs: { images: three }, outputs: ['logits'] });
    return logits.data;
  } finally {
    await worker.close();
  }
}

test('a run says in run.json on which engine it trained', async () => {
  const data = join(work, 'data');
  await colourFolder(data, { train: 12, test: 6 });
  const run = { data, model: 'resnet', layers: [1], width: 4, epochs: 1, batch: 4, threads: 1 } as const;
  for (const engine of ['auto', 'standard'] as const) {
    const out = join(work, engine);
    await train({ ...run, engine, out });
    const { environment } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunFile;
    const { level } = chooseEngine(engine);
    const native = { engine: 'native', provider: 'cpu', convolution: 'winograd', trainingLevel: level };
    expect(environment).toMatchObject(engine === 'auto' ? native : { engine: 'standard', provider: 'cpu' });
    expect(environment.trainingLevel).toBe(level);
  }
  // What differs are last digits of the weights.
  const logits = (engine: string) => predicted(join(work, engine, 'model.onnx'));
  const [auto, standard] = await Promise.all(['auto', 'standard'].map(logits));
  expect(auto.length).toBeGreaterThan(3);
  expect(auto.every(Number.isFinite)).toBe(true);
  auto.forEach((value, i) => expect(Math.abs(value - standard[i])).toBeLessThan(1e-3));
});

/** An entry of a profile: what ran, when and for how long. */
interface Traced {
  name: string;
  cat: string;
  dur: number;
  args: { op_name?: string };
}

test.each(['native', 'standard'] as const)('%s: profiles say how long each node took', async (engine) => {
  const profile = join(work, `profile of ${engine}`);
  const trainer = await Trainer.create(model, { ...options, engine, profile });
  await trained(trainer, 3);
  await trainer.save(join(work, 'profiled.safetensors'));
  await trainer.close();
  expect(readdirSync(profile).toSorted()).toEqual([
    'gradients-of-5.json',
    'prediction-of-5.json',
    'step-of-5.json',
  ]);
  const traced = JSON.parse(readFileSync(join(profile, 'step-of-5.json'), 'utf8')) as Traced[];
  const convolutions = traced.filter(({ cat, args }) => cat === 'Node' && args.op_name === 'Conv');
  // Forward there are 7 and two shortcuts, in three steps.
  expect(convolutions.length).toBeGreaterThanOrEqual(27);
  if (engine === 'native') {
    // Weights' gradients are made as soon as they can be, not all of them at the end of the step.
    const nodes = traced.filter(({ name }) => name.endsWith('_kernel_time'));
    const step = nodes.slice(nodes.length - nodes.length / 3);
    const places = step.flatMap(({ args }, i) => (args.op_name?.endsWith('ConvWeightGradient') ? [i] : []));
    expect(places.length).toBe(9);
    expect((places.at(-1) as number) - places[0]).toBeGreaterThan(2 * places.length);
  }
  // A checkpoint does not keep where profiles went.
  const resumed = await Trainer.resume(join(work, 'profiled.safetensors'));
  expect(resumed.settings.profile).toBeUndefined();
  await resumed.close();
});

describe('the addon’s calls', () => {
  const path = join(work, 'sum.onnx');
  const engine = () => addon().newOrtEngine({ path: libraryPath() });
  const one = { name: 'x', type: 'float32', shape: [2], data: Float32Array.of(1, 2.5) };
  beforeAll(() => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    graph.output('next/w', add(graph.input('w', [2]), x));
    graph.output('y', add(x, x));
    writeFileSync(path, encodeModel(graph));
  });

  test('a model from a file, with state that a run replaces', () => {
    const made = engine();
    expect(addon().ortAdd({ engine: made, model: 'sum', source: path, threads: 1 })).toEqual({
      inputs: [
        { name: 'x', type: 'float32', shape: [2] },
        { name: 'w', type: 'float32', shape: [2] },
      ],
      outputs: [
        { name: 'next/w', type: 'float32', shape: [2] },
        { name: 'y', type: 'float32', shape: [2] },
      ],
    });
    const state = () => new Float32Array(addon().ortRead({ engine: made, names: ['w'] })[0].bytes);
    addon().ortWrite({ engine: made, tensors: [{ ...one, name: 'w', data: Float32Array.of(10, 20) }] });
    const call = { engine: made, model: 'sum', inputs: [one], outputs: ['y'], guard: 'y' };
    for (const expected of [
      [11, 22.5],
      [12, 25],
      [13, 27.5],
    ]) {
      const [y] = addon().ortRun(call);
      expect([y.name, [...new Float32Array(y.bytes)]]).toEqual(['y', [2, 5]]);
      expect([...state()]).toEqual(expected);
    }
    addon().ortRun({ ...call, inputs: [{ ...one, data: Float32Array.of(Infinity, 0) }] });
    expect([...state()]).toEqual([13, 27.5]);
    addon().ortClose({ engine: made });
    expect(() => addon().ortRun(call)).toThrow(/engine must be one that is not closed/);
  });

  test('a step of SGD that is written over its weights, and one that is refused', () => {
    const graph = new Graph();
    const [rate, w, g] = [graph.input('rate', []), graph.input('w', [2]), graph.input('g', [2])];
    const { fused } = createOptimizer({ name: 'sgd', momentum: 0, weightDecay: 0 });
    const { finite, weights } = update(fused, [rate], { weights: [w], gradients: [g], slots: [] }, []);
    graph.output('over/w', weights[0]);
    graph.output('finite', finite);
    const made = engine();
    addon().ortAdd({ engine: made, model: 'sgd', source: encodeModel(graph), threads: 1 });
    const state = () => [...new Float32Array(addon().ortRead({ engine: made, names: ['w'] })[0].bytes)];
    const step = (...gradient: number[]) => {
      const inputs = [
        { name: 'rate', type: 'float32', shape: [], data: Float32Array.of(0.5) },
        { ...one, name: 'g', data: Float32Array.from(gradient) },
      ];
      const call = { engine: made, model: 'sgd', inputs, outputs: ['finite'], guard: 'finite' };
      return [new Float32Array(addon().ortRun(call)[0].bytes)[0], ...state()];
    };
    addon().ortWrite({ engine: made, tensors: [{ ...one, name: 'w', data: Float32Array.of(10, 20) }] });
    expect(step(2, 4)).toEqual([0, 9, 18]);
    expect(step(Infinity, 4)).toEqual([NaN, 9, 18]);
    expect(step(2, 4)).toEqual([0, 8, 16]);
    addon().ortClose({ engine: made });
  });

  test('what does not fit is refused in words, and changes nothing', () => {
    const made = engine();
    const source = readFileSync(path);
    expect(() =>
      addon().ortAdd({ engine: made, model: 'sum', source: source.subarray(0, 40), threads: 1 }),
    ).toThrow(/protobuf parsing failed/);
    expect(() =>
      addon().ortAdd({ engine: made, model: 'sum', source: join(work, 'none.onnx'), threads: 1 }),
    ).toThrow(/none\.onnx/);
    addon().ortAdd({ engine: made, model: 'sum', source, threads: 1 });
    const call = { engine: made, model: 'sum', inputs: [one], outputs: ['y'] };
    expect(() => addon().ortRun(call)).toThrow(/the input "w" of "sum" is missing/);
    expect(() => addon().ortRun({ ...call, model: 'other' })).toThrow(/no model is named "other"/);
    expect(() => addon().ortRead({ engine: made, names: ['w'] })).toThrow(/no tensor is named "w"/);
    addon().ortWrite({ engine: made, tensors: [{ ...one, name: 'w' }] });
    const long = { ...one, shape: [3], data: new Float32Array(3) };
    expect(() => addon().ortRun({ ...call, inputs: [long] })).toThrow(/invalid dimensions|INVALID_ARGUMENT/i);
    expect(() => addon().ortRun({ ...call, inputs: [{ ...one, shape: [3] }] })).toThrow(
      /data must be 3 elements/,
    );
    expect(() => addon().ortRun({ ...call, inputs: [{ ...one, shape: [-2] }] })).toThrow(
      /a side that it cannot/,
    );
    expect(() => addon().ortRun({ ...call, inputs: [{ ...one, type: 'string' }] })).toThrow(/type must be/);
    expect([...new Float32Array(addon().ortRead({ engine: made, names: ['w'] })[0].bytes)]).toEqual([1, 2.5]);
  });
});

test('going on with another engine is told', () => {
  const said: string[] = [];
  const tell = (message: string) => void said.push(message);
  expect(engineToResume({ engine: 'standard' }, {}, tell)).toEqual({ engine: 'standard' });
  const { level } = chooseEngine('native');
  expect(engineToResume({ engine: 'native', level }, {}, tell)).toEqual({ engine: 'native' });
  const direct = { engine: 'native', convolution: 'direct' } as const;
  expect(engineToResume({ ...direct, level }, {}, tell)).toEqual(direct);
  // Checkpoints of versions that had one engine only.
  expect(engineToResume({}, {}, tell)).toEqual({ engine: 'standard' });
  expect(said).toEqual([]);
  expect(engineToResume({}, { engine: 'native' }, tell)).toEqual({ engine: 'native' });
  expect(engineToResume({ engine: 'native', level: 'other' }, {}, tell)).toEqual({ engine: 'native' });
  expect(engineToResume(direct, { convolution: 'winograd' }, tell)).toEqual({
    ...direct,
    convolution: 'winograd',
  });
  expect(engineToResume({ ...direct, level }, { provider: 'webgpu' }, tell)).toEqual({ engine: 'standard' });
  const card = { engine: 'standard', provider: 'webgpu' };
  expect(engineToResume(card, { provider: 'webgpu' }, tell)).toEqual({ engine: 'standard' });
  expect(engineToResume(card, { provider: 'cpu' }, tell)).toEqual({ engine: 'native' });
  expect(said).toEqual([
    expect.stringMatching(/trained on the engine "standard" and goes on on "native": last digits may differ/),
    `The checkpoint was trained by other code and goes on with ${level} code: last digits may differ from those of a run that was not stopped`,
    expect.stringMatching(
      /with convolutions in the form "direct" and goes on in the form "winograd": last digits/,
    ),
    expect.stringMatching(/trained on the provider "cpu" and goes on on "webgpu": last digits may differ/),
    expect.stringMatching(/trained on the provider "webgpu" and goes on on "cpu": last digits may differ/),
  ]);
});

test('an engine that cannot be had is told before anything is read or written', () => {
  const out = join(work, 'never made');
  const words = ['bin/saliencymix.js', 'train', '--data', join(work, 'no data'), '--out', out];
  const { stderr, status } = spawnSync(process.execPath, [...words, '--engine', 'native'], {
    cwd: ROOT,
    env: { ...process.env, SALIENCYMIX_ORT: join(work, 'nowhere') },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/There is no native training engine: .*nowhere/);
  expect(existsSync(out)).toBe(false);
});

/** What a process of its own says of its engines, with this folder as SALIENCYMIX_ORT. */
function inFolder(folder: string) {
  const script = `
    const { chooseEngine } = require('./dist/onnx/engine');
    console.log(JSON.stringify(chooseEngine('auto')));
    try { chooseEngine('native'); } catch (error) { console.log(error.code, error.message); }
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: ROOT,
    env: { ...process.env, SALIENCYMIX_ORT: folder },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const [auto, native] = stdout.trim().split('\n');
  return { auto: JSON.parse(auto) as ReturnType<typeof chooseEngine>, native };
}

test('another folder’s library is taken, and one that cannot be used is refused with the reason', () => {
  const name = libraryPath().split(/[\\/]/).at(-1) as string;
  copyFileSync(libraryPath(), join(work, name));
  expect(inFolder(work)).toEqual({
    auto: { ...chooseEngine('auto'), library: join(work, name) },
    native: undefined,
  });
  const wrong: [string, (folder: string) => void, RegExp][] = [
    ['none', () => undefined, /holds no library of ONNX Runtime/],
    [
      'cut short',
      (folder) => writeFileSync(join(folder, name), 'text'),
      /cannot be loaded: .*(short|header)/,
    ],
    ['another', (folder) => copyFileSync(addonPath, join(folder, name)), /does not export OrtGetApiBase/],
  ];
  const addonPath = join(ROOT, 'build', 'Release', 'saliencymix.node');
  for (const [what, fill, reason] of wrong) {
    const folder = mkdtempSync(join(work, `${what} `));
    fill(folder);
    const { auto, native } = inFolder(folder);
    expect(auto.engine).toBe('standard');
    expect(auto.reason).toMatch(reason);
    expect(native).toMatch(/^BACKEND There is no native training engine: /);
    expect(native).toMatch(reason);
  }
});
