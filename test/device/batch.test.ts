/** Device batches: the bytes of the same call on a batch in this process, on every backend that is available here. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  applyPlan,
  backends,
  createMixer,
  type DeviceBatch,
  type ImageBatch,
  mixMethodNames,
  type Mixer,
  oneOf,
  type OutputFormat,
  saliency,
  schemeNames,
  uploadBatch,
} from '../../src';
import { mixMethods } from '../../src/mix';
import { nativeMethods } from '../../src/saliency/methods';
import { awkwardShape, classNumbers, fitting, noise } from '../batches';
import { onnxModel } from '../onnx-model';

const ENTRY = resolve(__dirname, '..', '..', 'dist', 'index.js');
const there = backends().flatMap(({ name, available }) => (available ? [name] : []));
const outputs: OutputFormat[] = [
  {},
  { layout: 'NCHW' },
  { dtype: 'float16' },
  { layout: 'NCHW', dtype: 'float32', mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
];

const batch = noise(5, [6, 17, 13, 3]);
const labels = classNumbers(6, 3);
const refused = (message: string) => ({
  code: 'ARGUMENT',
  message: expect.stringMatching(message) as string,
});

/** As bytes: comparing many numbers one by one takes Jest seconds. */
const same = (a: NodeJS.TypedArray, b: NodeJS.TypedArray) =>
  Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

/** Mixes here and there, and holds all that comes of it against each other. */
async function compare(mixer: Mixer, images: ImageBatch, backend: string, output?: OutputFormat) {
  const numbers = classNumbers(images.shape[0], 3);
  const here = await mixer.mix(images, numbers, { epoch: 1, batch: 2, output });
  const device = await uploadBatch(images, { backend });
  const mixed = await mixer.mix(device, numbers, { epoch: 1, batch: 2, output });
  expect(await mixed.images.download()).toEqual(here.images);
  expect(mixed).toMatchObject({ backend, level: device.level, shape: here.shape });
  const { layout, dtype, shape, data } = here.images;
  const form = { layout, dtype, shape, backend, bytes: data.byteLength };
  expect(mixed.images).toMatchObject(form);
  expect(mixed.labels).toEqual(here.labels);
  expect(mixed.plan).toEqual(here.plan);
  expect(await mixer.plan(device, { epoch: 1, batch: 2 })).toEqual(here.plan);
  // The input stays as it is.
  expect((await device.download()).data).toEqual(images.data);
  const applied = await applyPlan(mixed.plan, device, { output });
  expect(await applied.download()).toEqual(here.images);
  for (const done of [device, mixed.images, applied]) done.free();
}

describe.each(there)('on %s', (backend) => {
  test('what was uploaded comes back, whatever its size', async () => {
    const shapes = Array.from({ length: 12 }, (_, seed) => awkwardShape(seed));
    for (const shape of [...shapes, [1, 1, 1, 1], [1, 1, 1, 3], [3, 480, 640, 3]] as typeof shapes) {
      const images = noise(shape[1], shape);
      const device = await uploadBatch(images, { backend });
      const form = { shape, layout: 'NHWC', dtype: 'uint8', backend, bytes: images.data.length };
      expect(device).toMatchObject(form);
      const { data, ...pixels } = await device.download();
      expect(pixels).toEqual({ shape, layout: 'NHWC', dtype: 'uint8' });
      expect(same(data, images.data)).toBe(true);
      device.free();
    }
  });

  test.each(nativeMethods)('saliency: %s', async (method) => {
    for (const shape of [batch.shape, [1, 1, 1, 3], [2, 1, 7, 1], [3, 33, 31, 1]] as const) {
      const images = noise(7, shape);
      const here = await saliency(images, { method, backend });
      const device = await uploadBatch(images, { backend });
      expect(await device.saliency({ method })).toEqual(here);
      const { maps, ...extremes } = here;
      const few = await device.saliency({ method, maps: false });
      expect(few).toEqual(extremes);
      expect(few).not.toHaveProperty('maps');
      const into = new Float32Array(maps.length);
      expect((await device.saliency({ method, into })).maps).toBe(into);
      expect(into).toEqual(maps);
    }
  });

  test.each(mixMethodNames)('mixing: %s', async (method) => {
    const whole = noise(1, fitting(batch.shape, mixMethods[method]));
    for (const [seed, output] of outputs.entries()) {
      const options = { method, classes: 3, seed, backend } as const;
      await compare(createMixer({ ...options, ties: 'random' }), whole, backend, output);
      await compare(createMixer({ ...options, preset: 'released' }), whole, backend, output);
    }
    for (const shape of [
      [1, 1, 1, 3],
      [2, 1, 1, 1],
      [3, 1, 9, 3],
      [2, 33, 31, 1],
    ] as const)
      await compare(
        createMixer({ method, classes: 3, backend }),
        noise(3, fitting(shape, mixMethods[method])),
        backend,
      );
  });

  test.each(schemeNames)('mixing: %s', async (scheme) => {
    for (const method of nativeMethods) {
      const mixer = createMixer({ scheme, saliency: method, classes: 3, seed: 2, backend });
      await compare(mixer, batch, backend, { layout: 'NCHW', dtype: 'float32' });
    }
  });

  test('one of several sets of options', async () => {
    const entries = [
      [{ method: 'saliencymix' }, 1],
      [{ method: 'mixup' }, 1],
      [{ method: 'cutout', fill: 7 }, 1],
    ] as const;
    const mixer = oneOf(entries, { classes: 3, seed: 4, backend });
    await compare(mixer, noise(2, [16, 9, 11, 3]), backend, { dtype: 'float16' });
  });

  test('mixed images are a batch again: of bytes in the layout NHWC, to be mixed and searched', async () => {
    const device = await uploadBatch(batch, { backend });
    const mixer = createMixer({ classes: 3, seed: 1 });
    const once = await mixer.mix(device, labels, { batch: 0 });
    const twice = await mixer.mix(once.images, once.labels, { batch: 1 });
    const first = (await once.images.download()) as ImageBatch;
    const second = await mixer.mix(first, once.labels, { batch: 1 });
    expect(await twice.images.download()).toEqual(second.images);
    expect(await once.images.saliency()).toEqual(await saliency(first, { backend }));
    for (const output of [{ layout: 'NCHW' }, { dtype: 'float32' }] as const) {
      const { images } = await mixer.mix(device, labels, { output });
      const wrong = refused(
        'a device batch of uint8 NHWC for batch but received "(uint8 NCHW|float32 NHWC)"',
      );
      await expect(images.saliency()).rejects.toMatchObject(wrong);
      await expect(mixer.mix(images, labels)).rejects.toMatchObject(wrong);
    }
  });

  test('memory of an earlier result: its bytes are written over, and both are one', async () => {
    const device = await uploadBatch(batch, { backend });
    const mixer = createMixer({ classes: 3, seed: 1 });
    const output = { layout: 'NCHW', dtype: 'float32' } as const;
    const { images: into } = await mixer.mix(device, labels, { batch: 0, output });
    const { images } = await mixer.mix(device, labels, { batch: 1, output, into });
    const here = await mixer.mix(batch, labels, { batch: 1, output });
    expect(await images.download()).toEqual(here.images);
    expect(await into.download()).toEqual(here.images);
    const form = { ...output, layout: 'NHWC' } as const;
    const turned = await mixer.mix(device, labels, { batch: 1, output: form, into });
    expect(turned.images).toMatchObject({ layout: 'NHWC', shape: batch.shape });
    turned.images.free();
    await expect(into.download()).rejects.toMatchObject(refused('was freed'));
  });

  test.each<[string, (device: DeviceBatch) => unknown]>([
    ['the input', (device) => device],
    ['too small a batch', () => uploadBatch(noise(1, [5, 17, 13, 3]), { backend })],
    ['too large a batch', () => uploadBatch(noise(1, [7, 17, 13, 3]), { backend })],
    ['an array', () => new Uint8Array(batch.data.length)],
    ['null', () => null],
    [
      'another dtype',
      async (device) =>
        (await createMixer({ classes: 3 }).mix(device, labels, { output: { dtype: 'float16' } })).images,
    ],
  ])('into %s is refused', async (_, make) => {
    const device = await uploadBatch(batch, { backend });
    const into = (await make(device)) as DeviceBatch;
    const call = createMixer({ classes: 3 }).mix(device, labels, { into });
    await expect(call).rejects.toMatchObject(
      refused(
        `^Expected another device batch on ${backend}, of ${batch.data.length} bytes of uint8 for into`,
      ),
    );
    expect((await device.download()).data).toEqual(batch.data);
  });

  test('downloads into memory that is given', async () => {
    const device = await uploadBatch(batch, { backend });
    const into = new Uint8Array(batch.data.length + 5).fill(9);
    const { data } = await device.download({ into });
    expect([data.buffer, data.length]).toEqual([into.buffer, batch.data.length]);
    expect(data).toEqual(batch.data);
    expect([...into.subarray(-5)]).toEqual(Array(5).fill(9));
    for (const wrong of [new Uint8Array(3), new Float32Array(batch.data.length)])
      await expect(device.download({ into: wrong as Uint8Array })).rejects.toMatchObject(
        refused(`Uint8Array of ${batch.data.length} values`),
      );
  });

  test('use after free, whatever the use, is an error; freeing twice is none', async () => {
    const device = await uploadBatch(batch, { backend });
    const other = await uploadBatch(batch, { backend });
    const mixer = createMixer({ classes: 3 });
    const { plan } = await mixer.mix(device, labels);
    device.free();
    device.free();
    const uses: [string, () => Promise<unknown>][] = [
      ['batch', () => device.download()],
      ['batch', () => device.saliency()],
      ['batch', () => mixer.mix(device, labels)],
      ['batch', () => mixer.plan(device)],
      ['batch', () => applyPlan(plan, device)],
      ['into', () => mixer.mix(other, labels, { into: device })],
    ];
    for (const [argument, use] of uses)
      await expect(use()).rejects.toMatchObject({
        ...refused(`^The device batch given as ${argument} was freed; upload its pixels again`),
        argument,
      });
    expect(device).toMatchObject({ bytes: batch.data.length, backend });
  });

  test('calls under way keep the memory', async () => {
    const images = noise(1, [24, 120, 120, 3]);
    const numbers = classNumbers(24, 3);
    const entries = [
      [{ method: 'saliencymix' }, 1],
      [{ method: 'mixup' }, 1],
    ] as const;
    // Three trips to native code: the memory must last until the last of them.
    const mixer = oneOf(entries, { classes: 3, seed: 3, backend });
    const expected = await mixer.mix(images, numbers, { batch: 0 });
    const maps = await saliency(images, { backend });
    const device = await uploadBatch(images, { backend });
    const into = await uploadBatch(images, { backend });
    const calls = [
      mixer.mix(device, numbers, { batch: 0 }),
      mixer.plan(device, { batch: 0 }),
      device.saliency(),
      device.download(),
      mixer.mix(device, numbers, { batch: 0, into }),
    ] as const;
    device.free();
    into.free();
    const [mixed, plan, found, pixels, over] = await Promise.all(calls);
    expect(same((await mixed.images.download()).data, expected.images.data)).toBe(true);
    expect(plan).toEqual(expected.plan);
    expect(found.peaks).toEqual(maps.peaks);
    expect(same(pixels.data, images.data)).toBe(true);
    await expect(over.images.download()).rejects.toMatchObject(refused('was freed'));
  });

  test('an AbortSignal stops every call, and the batch stays', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const device = await uploadBatch(batch, { backend });
    const mixer = createMixer({ classes: 3 });
    const calls = [
      () => uploadBatch(batch, { backend, signal }),
      () => device.download({ signal }),
      () => device.saliency({ signal }),
      () => mixer.mix(device, labels, { signal }),
      () => mixer.plan(device, { signal }),
    ];
    for (const call of calls) await expect(call()).rejects.toBe(reason);

    const large = await uploadBatch(noise(1, [48, 480, 480, 3]), { backend });
    const controller = new AbortController();
    const running = large.saliency({ threads: 1, maps: false, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 1);
    await expect(running).rejects.toBe(reason);
    expect((await device.download()).data).toEqual(batch.data);
  });

  test('a learned model finds what it finds in this process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saliencymix-device-'));
    const saliencyModel = join(folder, 'mean.onnx');
    writeFileSync(saliencyModel, onnxModel());
    const learned = { method: 'learned', saliencyModel } as const;
    const device = await uploadBatch(batch, { backend });
    const here = await saliency(batch, { ...learned, backend });
    expect(await device.saliency(learned)).toEqual(here);
    const { maps: _, ...extremes } = here;
    expect(await device.saliency({ ...learned, maps: false })).toEqual(extremes);
    const mixer = createMixer({ saliency: 'learned', saliencyModel, classes: 3, seed: 1, backend });
    await compare(mixer, batch, backend, { layout: 'NCHW', dtype: 'float32' });
    rmSync(folder, { recursive: true });
  });

  test('batches come and go: freed or dropped, their memory is there for the next', () => {
    const script = `
      const { uploadBatch, createMixer } = require(${JSON.stringify(ENTRY)});
      const batch = { data: new Uint8Array(8 << 20), shape: [32, 512, 512, 1] };
      const labels = new Int32Array(32);
      const mixer = createMixer({ method: 'mixup', classes: 2, seed: 1 });
      const grown = async (use) => {
        for (let i = 0; i < 5; i++) await use();
        const before = process.memoryUsage().rss;
        for (let i = 0; i < 150; i++) await use();
        return Math.round((process.memoryUsage().rss - before) / 2 ** 20);
      };
      (async () => {
        const freed = await grown(async () => {
          const device = await uploadBatch(batch, { backend: ${JSON.stringify(backend)} });
          const { images } = await mixer.mix(device, labels);
          device.free();
          images.free();
        });
        // Dropped: the garbage collector has been told what hangs on each.
        const dropped = await grown(() => uploadBatch(batch, { backend: ${JSON.stringify(backend)} }));
        console.log(JSON.stringify({ freed, dropped }));
      })();`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const { freed, dropped } = JSON.parse(stdout) as { freed: number; dropped: number };
    // Of 2400 and 1200 MiB that were allocated.
    expect(freed).toBeLessThan(100);
    expect(dropped).toBeLessThan(300);
  });
});

test('the first backend that is available, unless told otherwise', async () => {
  const small = noise(1, [1, 1, 1, 1]);
  for (const backend of [undefined, 'auto'])
    expect(await uploadBatch(small, { backend })).toMatchObject({ backend: there[0] });
});

test('wrong arguments', async () => {
  const wrong: [Promise<unknown>, string][] = [
    [uploadBatch(undefined as never), 'an image batch'],
    [uploadBatch({ data: new Uint8Array(3), shape: [1, 1, 1, 4] }), '1 or 3 channels'],
    [uploadBatch(batch, { into: 1 } as never), 'Unknown option "into" in upload options'],
    [uploadBatch(batch, { threads: 0 }), 'from 1 to 1024 for threads'],
    [uploadBatch(batch, { signal: 1 } as never), 'an AbortSignal for signal'],
  ];
  const device = await uploadBatch(batch, { backend: 'cpu' });
  wrong.push(
    [device.saliency({ backend: 'cpu' } as never), 'Unknown option "backend" in saliency options'],
    [device.saliency({ maps: 0 } as never), 'true or false for maps'],
    [
      device.saliency({ maps: false, into: new Float32Array(9999) }),
      'nothing where no maps are wanted for into',
    ],
    [saliency(batch, { maps: false } as never), 'Unknown option "maps" in saliency options'],
    [device.download({ intoo: 1 } as never), 'did you mean "into"'],
    [createMixer({ classes: 3 }).mix(device, classNumbers(5, 3)), '6 class numbers'],
    [createMixer({ classes: 3 }).mix(device, labels, { output: { mean: [1] } }), 'output.dtype'],
  );
  for (const [call, message] of wrong) await expect(call).rejects.toMatchObject(refused(message));
  for (const backend of ['gpu', 'CPU'])
    await expect(uploadBatch(batch, { backend })).rejects.toMatchObject({ code: 'BACKEND' });
  expect(() => createMixer({ backend: 'gpu' })).toThrow('Unusable backend "gpu": this build has');
  const plan = await createMixer().plan(device);
  await expect(applyPlan(plan, device, { backend: 'gpu' })).rejects.toMatchObject({ code: 'BACKEND' });
  const other = await uploadBatch(noise(1, [2, 17, 13, 3]), { backend: 'cpu' });
  await expect(applyPlan(plan, other)).rejects.toMatchObject(refused('6 images of 17 × 13 as in the plan'));
});

test('`using` frees, where the runtime has that symbol', () => {
  const script = `
    const { uploadBatch } = require(${JSON.stringify(ENTRY)});
    uploadBatch({ data: new Uint8Array(3), shape: [1, 1, 1, 3] }, { backend: 'cpu' }).then(async (device) => {
      if (Symbol.dispose) device[Symbol.dispose]();
      else device.free();
      await device.download().catch(({ code }) => console.log(code));
    });`;
  expect(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout).toBe('ARGUMENT\n');
});
