/** Options are parsed once for a call, before anything of it happens, and what is parsed is what counts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { applyPlan, augment, createMixer, oneOf, openDataset, saliency, uploadBatch } from '../src';
import { parse, required, text, whole } from '../src/option';
import { createModel, evaluate, robustness, train, Trainer } from '../src/train';
import { classNumbers, noise } from './batches';
import { workFolder } from './cli/fixtures';

const work = workFolder();
const batch = noise(1, [4, 16, 16, 3]);
const labels = classNumbers(4, 2);

const isPlain = (value: unknown): value is object =>
  value instanceof Object && Object.getPrototypeOf(value) === Object.prototype;

/** Options that count how often each of them, and of those within them, is read. */
function counting<T extends object>(options: T): { given: T; reads: Record<string, number> } {
  const reads: Record<string, number> = {};
  const wrap = <U extends object>(value: U, path: string): U =>
    new Proxy(value, {
      get(target, key: string) {
        const name = path + key;
        reads[name] = (reads[name] ?? 0) + 1;
        const found: unknown = Reflect.get(target, key);
        return isPlain(found) ? wrap(found, `${name}.`) : found;
      },
    });
  return { given: wrap(options, ''), reads };
}

const names = (options: object, path = ''): string[] =>
  Object.entries(options).flatMap(([name, value]: [string, unknown]) =>
    isPlain(value) ? [path + name, ...names(value, `${path}${name}.`)] : [path + name],
  );

async function eachOnce<T extends object>(options: T, call: (given: T) => unknown): Promise<void> {
  const { given, reads } = counting(options);
  await call(given);
  expect(reads).toMatchObject(Object.fromEntries(names(options).map((name) => [name, 1])));
  expect(Object.entries(reads).filter(([, times]) => times !== 1)).toEqual([]);
}

describe('each option is read once', () => {
  const mixer = createMixer({ classes: 2 });
  const { signal } = new AbortController();
  const demo = { path: 'demo', format: 'demo', split: 'train', demo: { count: 20, size: 16, seed: 1 } };

  test('of a mixer', async () => {
    await eachOnce(
      { method: 'cutmix', alpha: 2, seed: 3, preset: 'released', threads: 1 } as const,
      createMixer,
    );
    const entry = { method: 'mixup', alpha: 2, seed: 3, classes: 2 } as const;
    await eachOnce(entry, (given) => oneOf([[given, 1]]));
    await eachOnce(entry, (given) => oneOf([[{}, 1]], given));
  });

  test('of calls on batches', async () => {
    const output = { layout: 'NCHW', dtype: 'float32', mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const slots = { of: [0, 2, 3, 5], count: 6 };
    const into = new Float32Array(batch.data.length);
    const mixing = { epoch: 1, batch: 2, slots, signal, output, into };
    await eachOnce(mixing, (given) => mixer.mix(batch, labels, given));
    await eachOnce({ epoch: 1, batch: 2, slots, signal }, (given) => mixer.plan(batch, given));
    const plan = await mixer.plan(batch);
    const how = { backend: 'cpu', threads: 1, signal };
    await eachOnce({ output, fill: 3, minVisibility: 0.2, ...how }, (given) => applyPlan(plan, batch, given));
    await eachOnce({ method: 'spectral-residual', ...how } as const, (given) => saliency(batch, given));
    await eachOnce(how, (given) => uploadBatch(batch, given));
    const there = await uploadBatch(batch);
    await eachOnce({ maps: false, threads: 1, signal } as const, (given) => there.saliency(given));
    await eachOnce({ into: new Uint8Array(batch.data.length), signal }, (given) => there.download(given));
    there.free();
  });

  test('of a data set and its batches', async () => {
    await eachOnce(demo, async (given) => (await openDataset(given)).close());
    const dataset = await openDataset(demo);
    const augmenting = { flip: true, crop: 2 };
    await eachOnce(
      { size: 16, batch: 8, seed: 1, onBad: 'skip', augment: augmenting } as const,
      async (given) => {
        for await (const { images } of dataset.batches(given)) expect(images.shape[1]).toBe(16);
      },
    );
    await dataset.close();
  });

  test('of augment', async () => {
    const options = {
      data: demo,
      out: join(work, 'augmented'),
      size: 16,
      batch: 8,
      copies: 2,
      mixer: { method: 'saliencymix', seed: 5, backend: 'cpu', threads: 1 },
      format: 'folder',
      encoding: 'png',
      shard: '1/2',
      mode: 'new',
      strict: true,
      signal,
      onProgress: () => undefined,
    } as const;
    await eachOnce(options, augment);
  });

  test('of train, of evaluate and of robustness', async () => {
    const out = join(work, 'trained');
    const learning = {
      model: 'resnet',
      block: 'basic',
      layers: [1],
      width: 8,
      epochs: 1,
      batch: 10,
    } as const;
    const mixing = { method: 'cutmix', probability: 0.5 } as const;
    await eachOnce({ data: demo, test: demo, out, mixer: mixing, threads: 1, ...learning, signal }, train);
    const model = join(out, 'model.onnx');
    await eachOnce({ model, data: demo, batch: 10, threads: 1, signal }, evaluate);
    const few = { epsilons: [2], steps: 1, bins: 5, grid: 4, dropped: [50], limit: 10, seed: 1 };
    const checkpoint = join(out, 'checkpoint.safetensors');
    await eachOnce({ model: checkpoint, data: demo, batch: 10, threads: 1, signal, ...few }, robustness);
  }, 60_000);

  test('of a trainer and its steps', async () => {
    const model = createModel('resnet', { classes: 2, layers: [1], width: 8 });
    const optimizer = { name: 'sgd', momentum: 0.5 } as const;
    let trainer: Trainer | undefined;
    await eachOnce({ batch: 4, image: [8, 8] as const, optimizer, threads: 1 }, async (given) => {
      trainer = await Trainer.create(model, given);
    });
    const step = { images: new Float32Array(4 * 3 * 64), labels: new Float32Array(8).fill(0.5) };
    await eachOnce({ ...step, learningRate: 0.1 }, (given) => trainer?.step(given));
    await eachOnce(step, (given) => trainer?.gradients(given));
    await trainer?.close();
  });
});

describe('what is parsed', () => {
  const table = { out: required(text('path')), count: whole(1, { default: 3 }), most: whole(1) };

  test('is complete and frozen', () => {
    const parsed = parse(table, { out: 'here' }, 'options');
    expect(parsed).toEqual({ out: 'here', count: 3, most: undefined });
    expect(Object.isFrozen(parsed)).toBe(true);
  });

  test.each([
    [{ count: 1 }, 'Expected a non-empty string for out but received undefined'],
    [{ out: 'here', count: null }, 'Expected a whole number of at least 1 for count but received null'],
    [
      { out: 'here', cuont: 1 },
      'Unknown option "cuont" in options (did you mean "count"?); known: out, count, most',
    ],
    [['here'], 'Expected an object of options for options but received ["here"]'],
  ])('is refused otherwise: %j', (given, message) => {
    expect(() => parse(table, given, 'options')).toThrow(message);
  });
});

describe('nothing of a call happens before its arguments are checked', () => {
  const wrong = [{ strict: 1 }, { onProgress: 'yes' }, { mixer: { alpha: 0 } }, { signal: {} }, { size: 0 }];

  test.each([...wrong, { shard: '3/2' }, { copies: 0 }])('augment with %j writes nothing', async (more) => {
    const out = join(work, 'refused');
    await expect(augment({ data: 'demo', out, ...more } as never)).rejects.toThrow(/^Expected /);
    expect(existsSync(out)).toBe(false);
  });

  test.each([...wrong, { lr: 1 }, { momentum: 2 }, { mixer: { mean: [0, 0, 0] } }])(
    'train with %j writes nothing',
    async (more) => {
      const out = join(work, 'refused');
      await expect(train({ data: 'demo', out, ...more } as never)).rejects.toThrow(
        /^(Expected|Unknown option) /,
      );
      expect(existsSync(out)).toBe(false);
    },
  );

  test('an option that the optimizer does not take is refused before data is looked for', async () => {
    const options = { data: join(work, 'not there'), out: work, optimizer: 'adamw', momentum: 0.5 } as const;
    await expect(train(options)).rejects.toThrow('Unknown option "momentum" in optimizer');
  });

  test('a call that is refused does not count', async () => {
    const [refusing, other] = [createMixer({ classes: 2 }), createMixer({ classes: 2 })];
    const into = new Float32Array(1);
    for (const options of [
      { slots: { of: [0], count: 9 } },
      { signal: {} },
      { into },
      { output: { mean: [0] } },
    ])
      await expect(refusing.mix(batch, labels, options as never)).rejects.toThrow(/^Expected /);
    expect((await refusing.mix(batch, labels)).plan).toEqual((await other.mix(batch, labels)).plan);
  });
});
