/** Dropout, threads, calls that do not wait, losses that are not finite, and the end of a trainer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { drawDropoutMasks } from '../../src/train/dropout-masks';
import { Trainer } from '../../src/train';
import {
  BATCH,
  CLASSES,
  dropoutModel,
  losses,
  SIDE,
  smallBatch,
  smallTrainer,
  stateOf,
  symmetric,
  workFolder,
} from './fixtures';

const ENTRY = resolve(__dirname, '..', '..', 'dist', 'train', 'index.js');
const folder = workFolder();

/** What a script prints that has the package as `m`, and how long it took to end. */
function inProcess(script: string, { args = [], env = {} }: { args?: string[]; env?: object } = {}) {
  const text = `const m = require(${JSON.stringify(ENTRY)}); (async () => { ${script} })();`;
  const { stdout, stderr, status } = spawnSync(process.execPath, [...args, '-e', text], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, ...env },
  });
  return { stdout, stderr, status };
}

/** A trainer in such a script, and a batch. */
const PREPARE = `
  const model = m.createModel('resnet', { layers: [1, 1], width: 4, classes: 2, stem: 'cifar' });
  const options = { batch: 2, image: [8, 8], optimizer: { name: 'sgd' }, threads: 2 };
  const batch = { images: new Float32Array(384).map((_, i) => Math.sin(i)), labels: Float32Array.of(1, 0, 0, 1), learningRate: 0.1 };`;

test('ONNX Runtime reports to nobody, and leaves no files', () => {
  const home = mkdtempSync(join(folder, 'home-'));
  const script = `${PREPARE}
    const trainer = await m.Trainer.create(model, options);
    await trainer.step(batch);
    await trainer.close();
    console.log(process.env.ORT_DISABLE_TELEMETRY);`;
  const env = { TMPDIR: home, HOME: home, XDG_CACHE_HOME: home, ORT_DISABLE_TELEMETRY: undefined };
  expect(inProcess(script, { env })).toEqual({ stdout: '1\n', stderr: '', status: 0 });
  expect(readdirSync(home)).toEqual([]);
});

describe('dropout', () => {
  const masks = [
    { name: 'a', shape: [4, 8, 16, 16], rate: 0.3, number: 0 },
    { name: 'b', shape: [4, 8, 16, 16], rate: 0.3, number: 1 },
    { name: 'odd', shape: [3, 7], rate: 0.5, number: 2 },
  ];
  const bytes = (seed: number, step: number) =>
    Object.values(drawDropoutMasks(masks, { seed, step, progress: 1 })).map(({ data }) =>
      Buffer.from(data).toString('hex'),
    );

  test('keeps 1 − p, in every image', () => {
    for (const rate of [0, 0.1, 0.5, 0.99]) {
      const { one } = drawDropoutMasks([{ name: 'one', shape: [5, 20_000], rate, number: 0 }], {
        seed: 3,
        step: 0,
        progress: 1,
      });
      for (let i = 0; i < 5; i++) {
        const kept = one.data.slice(i * 20_000, (i + 1) * 20_000).filter((value) => value === 1).length;
        const deviation = Math.sqrt(20_000 * rate * (1 - rate));
        expect(Math.abs(kept - 20_000 * (1 - rate))).toBeLessThanOrEqual(4 * deviation);
      }
      expect([...new Set(one.data)].every((value) => value === 0 || value === 1)).toBe(true);
    }
  });

  test('same seed and step, same bits; other steps, layers, images and seeds, others', () => {
    expect(bytes(1, 5)).toEqual(bytes(1, 5));
    const [a, b, odd] = bytes(1, 5);
    expect(odd).toHaveLength(2 * 21);
    expect(a).not.toBe(b);
    expect(bytes(1, 6)[0]).not.toBe(a);
    expect(bytes(2, 5)[0]).not.toBe(a);
    const image = a.length / 4;
    expect(new Set([0, 1, 2, 3].map((i) => a.slice(i * image, (i + 1) * image))).size).toBe(4);
  });

  test('acts in steps, not in evaluation, and follows the seed', async () => {
    const [dropping, same, other] = [
      await smallTrainer({ seed: 1 }, dropoutModel()),
      await smallTrainer({ seed: 1 }, dropoutModel()),
      await smallTrainer({ seed: 2 }, dropoutModel()),
    ];
    const without = await smallTrainer({ seed: 1 }, dropoutModel(0));
    const begin = await dropping.parameters();
    for (const trainer of [other, without]) await trainer.load(begin);
    const images = symmetric('eval', 3 * SIDE * SIDE, 1.7);
    expect(await dropping.predict(images)).toEqual(await without.predict(images));
    expect(await dropping.predict(images)).toEqual(await dropping.predict(images));
    const first = async (trainer: Trainer) => (await losses(trainer, [0]))[0];
    const loss = await first(dropping);
    expect(await first(same)).toBe(loss);
    expect(await first(other)).not.toBe(loss);
    expect(await first(without)).not.toBe(loss);
  });

  test('drops others in the next step', async () => {
    const batch = { ...smallBatch(0), learningRate: 1e-30 }; // too little to change a weight
    const twice = async (dropout: number) => {
      const trainer = await smallTrainer({}, dropoutModel(dropout));
      return [(await trainer.step(batch)).loss, (await trainer.step(batch)).loss];
    };
    const [first, second] = await twice(0.3);
    expect(second).not.toBe(first);
    const [same, again] = await twice(0);
    expect(again).toBe(same);
  });
});

describe('the same bits', () => {
  /** After some steps of a net and images for which the runtime splits its sums by threads. */
  const withThreads = async (threads: number, engine: 'auto' | 'standard' = 'auto') => {
    const trainer = await smallTrainer({ threads, engine, batch: 8, image: [32, 32] });
    const [images, labels] = [symmetric('threads', 8 * 3072, 1.7), smallBatch(0, 8).labels];
    for (let i = 0; i < 3; i++) await trainer.step({ images, labels, learningRate: 0.05 });
    return trainer;
  };

  test.each([1, 2, 3])('again with %d threads', async (threads) => {
    const [one, other] = [await withThreads(threads), await withThreads(threads)];
    expect(await stateOf(one)).toEqual(await stateOf(other));
  });

  test('nearly, with another number of threads, on the engine standard', async () => {
    const [one, three] = [await withThreads(1, 'standard'), await withThreads(3, 'standard')];
    const found = await three.parameters();
    for (const [name, { data }] of await one.parameters()) {
      const other = found.get(name)?.data as Float32Array;
      expect(Math.max(...data.map((value, i) => Math.abs(value - other[i])))).toBeLessThan(1e-5);
    }
  });

  test('where steps are not waited for, and calls between them see what came before', async () => {
    const [waiting, hurried] = [await smallTrainer(), await smallTrainer()];
    const images = symmetric('between', 3 * SIDE * SIDE, 1.7);
    const awaited = [];
    for (const trainer of [waiting]) {
      awaited.push(...(await losses(trainer, [0, 1])), await trainer.predict(images));
      awaited.push(...(await losses(trainer, [2])), await stateOf(trainer));
    }
    const step = async (i: number) => (await hurried.step({ ...smallBatch(i), learningRate: 0.05 })).loss;
    const all = [step(0), step(1), hurried.predict(images), step(2), stateOf(hurried)];
    expect(await Promise.all(all)).toEqual(awaited);
  });

  test('from parts of larger arrays', async () => {
    const [whole, parts] = [await smallTrainer(), await smallTrainer()];
    const { images, labels } = smallBatch(0);
    const wide = (values: Float32Array) => {
      const all = new Float32Array(values.length + 9).fill(NaN);
      all.set(values, 5);
      return all.subarray(5, 5 + values.length);
    };
    const batch = { images: wide(images), labels: wide(labels), learningRate: 0.05 };
    expect(await parts.step(batch)).toEqual(await whole.step({ images, labels, learningRate: 0.05 }));
    expect(await parts.predict(wide(images))).toEqual(await whole.predict(images));
  });
});

describe('what is not finite', () => {
  const good = { ...smallBatch(0), learningRate: 0.05 };

  test.each([
    ['a pixel that is NaN', NaN, /^Step 3 has the loss NaN: .*smaller learning rate.*before the step/],
    ['a pixel whose square overflows', 1e30, /^Step 3 would make weights or statistics that are not finite/],
  ])('%s: the step is refused and leaves everything as it was', async (_, pixel, message) => {
    const [trainer, other] = [await smallTrainer(), await smallTrainer()];
    for (const one of [trainer, other]) await losses(one, [0, 1]);
    const before = await stateOf(trainer);
    const images = good.images.slice();
    images[1000] = pixel;
    const bad = trainer.step({ ...good, images });
    await expect(bad).rejects.toMatchObject({
      name: 'SaliencyMixError',
      code: 'TRAINING',
      message: expect.stringMatching(message),
    });
    expect(trainer.steps).toBe(2);
    expect(await stateOf(trainer)).toEqual(before);
    expect(await losses(trainer, [2, 3])).toEqual(await losses(other, [2, 3]));
  });

  test.each([1e10, 1e38])(
    'a learning rate of %d: an error within a few steps, weights that stay finite',
    async (learningRate) => {
      const trainer = await smallTrainer();
      const run = async () => {
        for (let i = 0; i < 10; i++) await trainer.step({ ...smallBatch(i), learningRate });
      };
      await expect(run()).rejects.toMatchObject({
        code: 'TRAINING',
        message: expect.stringMatching(/^Step \d /),
      });
      for (const { data } of (await trainer.parameters()).values())
        expect(data.every(Number.isFinite)).toBe(true);
    },
  );
});

describe('close', () => {
  test('twice, and at once', async () => {
    const trainer = await smallTrainer();
    await Promise.all([trainer.close(), trainer.close()]);
    await trainer.close();
  });

  test('what was asked before it is done; what is asked after it says so', async () => {
    const trainer = await smallTrainer();
    const path = `${folder}/closing.ckpt`;
    const [first, second] = [0, 1].map((i) => trainer.step({ ...smallBatch(i), learningRate: 0.05 }));
    const saved = trainer.save(path);
    const closed = trainer.close();
    const late = trainer.step({ ...smallBatch(2), learningRate: 0.05 });
    await expect(late).rejects.toMatchObject({ code: 'MODEL', message: 'This trainer was closed' });
    await Promise.all([first, second, saved, closed]);
    expect(trainer.steps).toBe(2);
    const again = await Trainer.resume(path);
    expect(again.steps).toBe(2);
    await again.close();
    const after = [
      trainer.step({ ...smallBatch(0), learningRate: 1 }),
      trainer.gradients(smallBatch(0)),
      trainer.predict(smallBatch(0).images),
      trainer.parameters(),
      trainer.save(path),
      trainer.exportOnnx(`${folder}/closed.onnx`),
    ];
    for (const call of after) await expect(call).rejects.toThrow('This trainer was closed');
  });

  test('20 trainers leave no thread and little memory', () => {
    const { stdout, stderr } = inProcess(
      `${PREPARE}
      const fs = require('node:fs');
      const threads = () => fs.existsSync('/proc/self/task') ? fs.readdirSync('/proc/self/task').length : 0;
      const found = [];
      for (let i = 0; i < 21; i++) {
        const trainer = await m.Trainer.create(model, options);
        await trainer.step(batch);
        await trainer.close();
        if (i === 5 || i === 20) { gc(); found.push([threads(), process.memoryUsage().rss / 2 ** 20]); }
      }
      console.log(JSON.stringify([...found, process.getActiveResourcesInfo()]));`,
      { args: ['--expose-gc'] },
    );
    expect(stderr).toBe('');
    const [[early, small], [late, large], resources] = JSON.parse(stdout) as [number[], number[], string[]];
    expect(late).toBe(early);
    expect(large - small).toBeLessThan(40);
    expect(resources.filter((name) => /Worker|MessagePort/.test(name))).toEqual([]);
  });

  test('many steps do not gather memory', () => {
    const { stdout } = inProcess(`${PREPARE}
      const wide = m.createModel('resnet', { layers: [1, 1], width: 128, classes: 2, stem: 'cifar' });
      const trainer = await m.Trainer.create(wide, options);
      const found = [];
      for (let i = 0; i <= 60; i++) {
        await trainer.step(batch);
        if (i === 20 || i === 60) found.push(process.memoryUsage().rss / 2 ** 20);
      }
      await trainer.close();
      console.log(JSON.stringify(found));`);
    const [early, late] = JSON.parse(stdout) as number[];
    // A step makes 9 MB of weights and momentum.
    expect(late - early).toBeLessThan(120);
  });

  test.each([
    ['idle', ''],
    [
      'with a step that nobody waits for',
      'trainer.step(batch).then(({ loss }) => console.log("done", loss > 0));',
    ],
  ])('a process that forgets it ends: %s', (_, last) => {
    const { stdout, stderr, status } = inProcess(`${PREPARE}
      const trainer = await m.Trainer.create(model, options);
      console.log((await trainer.step(batch)).loss > 0);
      ${last}`);
    expect([stderr, status]).toEqual(['', 0]);
    expect(stdout).toBe(last ? 'true\ndone true\n' : 'true\n');
  });
});

test('a batch holds as many rows of logits as images', async () => {
  const trainer = await smallTrainer();
  const { logits } = await trainer.step({ ...smallBatch(0), learningRate: 0.05 });
  expect(logits).toHaveLength(BATCH * CLASSES);
});
